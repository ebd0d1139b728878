"""What TensorFlow brings to several losses and regularizations: its layers' results, and a choice made on the device.

All of this happens while a step is traced; where nothing is listened to, the graph is the one it was without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import tensorflow as tf

from dltrainer_jupyter.adapters.shared.layer_names import Point
from dltrainer_jupyter.adapters.shared.parts import part_by_name
from dltrainer_jupyter.adapters.tensorflow.modes import plain
from dltrainer_jupyter.adapters.tensorflow.naming import named_layers, named_weights
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import Part
from dltrainer_jupyter.core.terms import NamedTerm

Compare = Callable[[Any, Any], Any]


class TensorFlowTools:
    """Makes the terms of one run.

    Parameters
    ----------
    compare_by : callable
        Makes a loss of a part by name, or of what the task chooses, for one of several targets.
    compare_own : callable
        Makes the user's own loss, which gets targets first as Keras has it, a function of outputs and targets.
    """

    keeps = True

    def __init__(
        self, compare_by: Callable[[Part | None, str | int | None], Compare], compare_own: Callable[[Any], Compare]
    ) -> None:
        self._compare_by = compare_by
        self._compare_own = compare_own

    def named(self, term: NamedTerm) -> Any:
        """Make a regularization that is registered."""
        assert term.part is not None  # noqa: S101 - the task chooses losses only
        return part_by_name("regularizations", term.part, term.key, "tensorflow")

    def loss(self, term: NamedTerm) -> Compare:
        """Make a loss that is registered, or that the task chooses."""
        return self._compare_by(term.part, term.target)

    def own_loss(self, given: Any, name: str) -> Compare:  # noqa: ARG002 - nothing is kept of it
        """Make a loss of the user's a function of outputs and targets."""
        return self._compare_own(given)

    def own(self, given: Any, name: str) -> Any:  # noqa: ARG002 - as above
        """Take what is the user's."""
        return given

    def plain(self, net: Any) -> Any:
        """Give the model itself."""
        return plain(net)

    def layers(self, net: Any) -> dict[str, Any]:
        """Give the layers inside a net by name."""
        return named_layers(plain(net))

    def parameters(self, net: Any) -> dict[str, Any]:
        """Give what a net learns by name."""
        model = plain(net)
        learned = {id(weight) for weight in model.trainable_variables}
        return {name: weight.value for name, weight in named_weights(model).items() if id(weight) in learned}

    @contextmanager
    def listening(self, points: Iterable[Point]) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Note what is given at each point, meanwhile."""
        heard: dict[str, list[Any]] = {}
        with ExitStack() as stack:
            for point in points:
                stack.enter_context(_heard(point.owner, point.method or "call", heard.setdefault(point.name, [])))
            yield heard

    def unless(self, off: Any, value: tf.Tensor) -> tf.Tensor:
        """Give a value, or zero where it is off."""
        return tf.where(off, tf.zeros_like(value), value)

    def number(self, value: Any, where: str) -> tf.Tensor:
        """Give a term's value in 32 bits at least; raise if it is no single number."""
        if tf.is_tensor(value) and value.shape.rank in (0, None):
            # Numbers of two kinds aren't added up.
            return tf.cast(value, tf.float32) if value.dtype in {tf.float16, tf.bfloat16} else value
        got = f"shape {tuple(value.shape)}; take its mean" if tf.is_tensor(value) else type(value).__name__
        msg = f"{where}: expected one number for the batch, as a tensor, got {got}."
        raise ConfigurationError(msg)


@contextmanager
def _heard(owner: Any, method: str, found: list[Any]) -> Iterator[None]:
    """Be told of a call; put in beside the class, where Keras' own bookkeeping doesn't look."""
    own = vars(owner)
    before, call = own.get(method), getattr(owner, method)

    def told(*args: Any, **kwargs: Any) -> Any:
        output = call(*args, **kwargs)
        found.append(output)
        return output

    own[method] = told
    try:
        yield
    finally:
        if before is None:
            del own[method]
        else:
            own[method] = before
