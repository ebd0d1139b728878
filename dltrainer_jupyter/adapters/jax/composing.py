"""What JAX brings to several losses and regularizations: its layers' results, and a choice made on the device.

All of this happens while a step is traced; where nothing is listened to, the program is the one it was without.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from dltrainer_jupyter.adapters.jax.groups import path_name
from dltrainer_jupyter.adapters.jax.nets import is_trainable
from dltrainer_jupyter.adapters.jax.precision import HALVES
from dltrainer_jupyter.adapters.shared.layer_names import Point
from dltrainer_jupyter.adapters.shared.parts import part_by_name
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import Part
from dltrainer_jupyter.core.terms import NamedTerm

Compare = Callable[[Any, Any], Any]


class JaxTools:
    """Makes the terms of one run.

    Parameters
    ----------
    compare_by : callable
        Makes a loss of a part by name, or of what the task chooses, for one of several targets.
    compare_own : callable
        Makes the user's own loss a function of outputs and targets that may come in columns.
    freezes : callable, optional
        Tells by the name of a parameter whether it stays as it is.
    """

    keeps = False

    def __init__(
        self,
        compare_by: Callable[[Part | None, str | int | None], Compare],
        compare_own: Callable[[Any], Compare],
        freezes: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._freezes = freezes
        self._compare_by = compare_by
        self._compare_own = compare_own

    def named(self, term: NamedTerm) -> Any:
        """Make a regularization that is registered."""
        assert term.part is not None  # noqa: S101 - the task chooses losses only
        return part_by_name("regularizations", term.part, term.key, "jax")

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
        """Give the module itself."""
        return getattr(net, "module", net)

    def layers(self, net: Any) -> dict[str, Any]:
        """Give the layers inside a net by name."""
        named = ((".".join(map(str, path)), part) for path, part in nnx.iter_modules(self.plain(net)))
        return {name: part for name, part in named if name and callable(part)}

    def parameters(self, net: Any) -> dict[str, Any]:
        """Give what a net learns by name."""
        learned = nnx.to_flat_state(nnx.state(self.plain(net), is_trainable))
        named = {path_name(path): variable.get_value() for path, variable in learned}
        return {name: value for name, value in named.items() if not self._freezes(name)}

    @contextmanager
    def listening(self, points: Iterable[Point]) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Note what is given at each point, meanwhile: the modules were made for this trace alone."""
        heard: dict[str, list[Any]] = {}
        undo: list[tuple[Any, Any]] = []
        try:
            for point in points:
                kind = type(point.owner)
                undo.append((point.owner, kind))
                told = _told(kind, point.method or "__call__", heard.setdefault(point.name, []))
                object.__setattr__(point.owner, "__class__", told)
            yield heard
        finally:
            for owner, kind in reversed(undo):
                object.__setattr__(owner, "__class__", kind)

    def unless(self, off: Any, value: jax.Array) -> jax.Array:
        """Give a value, or zero where it is off."""
        return jnp.where(off, jnp.zeros_like(value), value)

    def number(self, value: Any, where: str) -> jax.Array:
        """Give a term's value in 32 bits at least; raise if it is no single number."""
        if isinstance(value, jax.Array) and value.ndim == 0:
            return value.astype(jnp.float32) if value.dtype in HALVES else value
        got = f"shape {value.shape}; take its mean" if isinstance(value, jax.Array) else type(value).__name__
        msg = f"{where}: expected one number for the batch, as an array, got {got}."
        raise ConfigurationError(msg)


def _told(kind: Any, method: str, found: list[Any]) -> type[Any]:
    """Make a class like another one, of whose calls is told."""
    computed = getattr(kind, method)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        output = computed(self, *args, **kwargs)
        found.append(output)
        return output

    made: type[Any] = types.new_class(kind.__name__, (kind,), {}, lambda body: body.update({method: call}))
    made.__module__ = kind.__module__
    return made
