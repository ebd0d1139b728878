"""What a model does inside: a graph of its own, traced while its layers say what they give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from dltrainer_jupyter.adapters.shared.attributes import unchanged_attributes
from dltrainer_jupyter.adapters.shared.distributions import inspected, largest
from dltrainer_jupyter.adapters.shared.layers import MOST_VALUES, Calls, Facts, Weights, graph_of, rows_of, tree_of
from dltrainer_jupyter.adapters.tensorflow.arrays import on_host
from dltrainer_jupyter.adapters.tensorflow.naming import named_layers
from dltrainer_jupyter.adapters.tensorflow.operations import flops
from dltrainer_jupyter.adapters.tensorflow.state import Variables
from dltrainer_jupyter.adapters.tensorflow.steps import Step
from dltrainer_jupyter.adapters.tensorflow.timing import calls_of, time_calls
from dltrainer_jupyter.core.protocols import Batch, Inspected
from dltrainer_jupyter.core.tracking import GraphNode

Compute = Callable[[Batch, dict[str, Any]], Any]


def inspect_weights(weights: Variables, bins: int, most: int) -> Inspected:
    """See how weights lie, trainable ones and others."""
    real = {name: variable for name, variable in weights.items() if variable.dtype.is_floating}
    chosen = largest(real, most, lambda variable: int(np.prod(variable.shape)))
    return inspected(((name, on_host(variable)) for name, variable in chosen.items()), bins)


class Inspection:
    """Looks at the layers of a training's nets, by one graph for as long as the run lasts.

    Parameters
    ----------
    nets : mapping of str to keras.Model
        Built.
    compute : callable
        Computes with a batch, and what a recipe keeps besides, not training.
    apart : callable
        Gives a context in which Python code of the model runs.
    eager : bool
        Whether the model asks not to be compiled.
    """

    def __init__(
        self,
        nets: Mapping[str, Any],
        compute: Compute,
        apart: Callable[[], AbstractContextManager[Any]],
        *,
        eager: bool,
    ) -> None:
        self._nets = nets
        self._compute = compute
        self._eager = eager
        self._apart = apart
        self._step = Step(self._looked_at, apart, eager=eager)
        self._graph: tuple[GraphNode, ...] = ()

    def layers(self, batch: Batch, extra: dict[str, Any], bins: int, most: int) -> Inspected:
        """See how what layers give for a batch lies."""
        (given,) = self._run(batch, extra)
        chosen = largest(given, most, lambda tensor: int(np.prod(tensor.shape)))
        return inspected(((name, on_host(tensor)) for name, tensor in chosen.items()), bins)

    def graph(self, batch: Batch, extra: dict[str, Any]) -> tuple[GraphNode, ...]:
        """Say which layers are called on whose outputs; only which layers there are, if nobody can call the model."""
        try:
            self._run(batch, extra)
        except Exception:  # noqa: BLE001 - a model's own code may raise anything
            layers = [(name, layer) for name, layer in self._layers() if not layer._layers]  # noqa: SLF001 - nothing public lists them
            return tree_of((name, type(layer).__name__, _whole(layer)) for name, layer in layers)
        return self._graph

    def times(self, batch: Batch, extra: dict[str, Any], seconds: float) -> dict[str, float]:
        """Time the layers that are nodes of the graph and have none inside them, in milliseconds by name."""
        names = [node.name for node in self._graph or self.graph(batch, extra)]
        lone = {name for name in names if not any(other.startswith(f"{name}/") for other in names)}
        layers = [(path, it) for name, it in self._layers() if (path := name.replace(".", "/")) in lone]
        with self._unchanged(), self._apart():
            return time_calls(calls_of(layers, lambda: self._compute(batch, extra), _heard), seconds)

    def _run(self, batch: Batch, extra: dict[str, Any]) -> Any:
        with self._unchanged():
            return self._step(batch, extra)

    def _layers(self) -> Iterator[tuple[str, Any]]:
        for name, net in self._nets.items():
            yield name, net
            for path, layer in named_layers(net).items():
                yield f"{name}.{path}", layer

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Put back what layers write into, other than what evaluation puts back already."""
        noted = [weight.value for net in self._nets.values() for weight in net.non_trainable_weights]
        before = [(variable, tf.identity(variable)) for variable in noted]
        layers = [layer for _, layer in self._layers()] if self._eager else []
        try:
            with unchanged_attributes(layers, ()):
                yield
        finally:
            for variable, value in before:
                variable.assign(value)

    # --- while it is traced -----------------------------------------------------------------------------

    def _looked_at(self, batch: Batch, extra: dict[str, Any]) -> tuple[dict[str, Any]]:
        """Compute, and give what each layer gave first."""
        calls, given, links = Calls(), dict[str, Any](), _Links(_entries(batch.inputs))
        seen: set[int] = set()
        with ExitStack() as stack:
            for name, layer in self._layers():
                stack.enter_context(_heard(layer, self._note(name, calls, links, seen, given)))
            self._compute(batch, extra)
        entries = links.keys(batch.inputs)
        first = next(iter(_entries(batch.inputs)), None)
        shape = None if first is None else _sample(first.shape)
        self._graph = graph_of(calls.ended, entries, shape, links.upstream, complete=not self._eager)
        return (given,)

    def _note(
        self, name: str, calls: Calls, links: _Links, seen: set[int], given: dict[str, Any]
    ) -> Callable[[Any, Callable[..., Any], Any, Any], Any]:
        def noted(layer: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
            calls.begin()
            try:
                output = call(*args, **kwargs)
            except BaseException:
                calls.forget()
                raise
            found = _entries(output)
            if any(map(links.is_inside, found)):
                # Of a loop's body, say, out of which nothing can be given; the layer around it will give something.
                calls.forget()
                return output
            takes, gives = links.keys((args, kwargs)), links.keys(output)
            calls.end(name, type(layer).__name__, takes, gives, _facts(layer, _entries((args, kwargs)), found))
            real = next((tensor for tensor in found if tensor.dtype.is_floating), None)
            if real is not None and id(real) not in seen and name not in given:
                seen.add(id(real))
                given[name] = _first_of(real)
            return output

        return noted


class _Links:
    """Follows tensors back to those they were computed from; keeps those it was asked about."""

    def __init__(self, entries: Sequence[Any]) -> None:
        self._kept: dict[int, Any] = {}
        self._graph = next(
            (entry.graph for entry in entries if not isinstance(entry, tf.__internal__.EagerTensor)), None
        )

    def keys(self, structure: Any) -> list[int]:
        """Give what the tensors of a structure are known by."""
        found = _entries(structure)
        self._kept |= {id(tensor): tensor for tensor in found}
        return [id(tensor) for tensor in found]

    def is_inside(self, tensor: Any) -> bool:
        """Say whether a tensor belongs to a graph within this one, out of which it can't be given."""
        return not _is_value(tensor) and tensor.graph is not self._graph

    def upstream(self, key: int) -> list[int]:
        """Give what a tensor was computed from; nobody knows where nothing is traced."""
        tensor = self._kept[key]
        return [] if _is_value(tensor) else self.keys(list(tensor.op.inputs))


@contextmanager
def _heard(layer: Any, noted: Callable[[Any, Callable[..., Any], Any, Any], Any]) -> Iterator[None]:
    """Be told of a layer's calls; put in beside its class, where Keras' own bookkeeping doesn't look."""
    own = vars(layer)
    before, call = own.get("call"), layer.call

    def told(*args: Any, **kwargs: Any) -> Any:
        return noted(layer, call, args, kwargs)

    own["call"] = told
    try:
        yield
    finally:
        if before is None:
            del own["call"]
        else:
            own["call"] = before


def _is_value(tensor: Any) -> bool:
    """Tell a tensor that is there from one that a graph will compute."""
    return isinstance(tensor, tf.__internal__.EagerTensor)


def _entries(structure: Any) -> list[Any]:
    return [leaf for leaf in keras.tree.flatten(structure) if isinstance(leaf, tf.Tensor)]


def _sample(shape: tf.TensorShape) -> tuple[int, ...] | None:
    return None if shape.rank is None or None in shape[1:] else tuple(shape[1:])


def _first_of(output: Any) -> Any:
    """Give the first samples of an output."""
    if not output.shape.rank:
        return output
    rows = rows_of(output.shape)
    return tf.reshape(output, [-1])[:MOST_VALUES] if rows is None else output[:rows]


def _facts(layer: Any, takes: Sequence[Any], gives: Sequence[Any]) -> Facts:
    given, shape = (_sample(tensors[0].shape) if tensors else None for tensors in (takes, gives))
    return Facts(_own(layer), _whole(layer), shape, given, flops(layer, given, shape))


def _whole(layer: Any) -> Weights:
    """Count the weights of a layer; statistics, seeds and the like were never meant to learn."""
    learned = _size(layer.trainable_weights)
    meant = {id(it): it for part in layer._flatten_layers() for it in part._trainable_variables}  # noqa: SLF001 - as above
    return Weights(learned, _size(meant.values()) - learned)


def _own(layer: Any) -> Weights:
    """Count the weights of a layer, without what belongs to layers inside it."""
    own = layer._trainable_variables  # noqa: SLF001 - as above
    learned = _size(own) if layer.trainable else 0
    return Weights(learned, _size(own) - learned)


def _size(weights: Iterable[Any]) -> int:
    return sum(int(np.prod(weight.shape)) for weight in weights)
