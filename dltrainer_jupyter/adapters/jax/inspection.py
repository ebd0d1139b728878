"""What a model does inside: a function of its own, traced while its layers say what they give."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from dltrainer_jupyter.adapters.jax.compiled import Steps
from dltrainer_jupyter.adapters.jax.gradients import numbers
from dltrainer_jupyter.adapters.jax.nets import is_trainable
from dltrainer_jupyter.adapters.jax.operations import flops
from dltrainer_jupyter.adapters.jax.timing import Call, taken_apart, time_calls
from dltrainer_jupyter.adapters.shared.distributions import inspected, largest
from dltrainer_jupyter.adapters.shared.layers import Calls, Facts, Weights, graph_of, rows_of, tree_of
from dltrainer_jupyter.core.protocols import Batch, Inspected, TrainState
from dltrainer_jupyter.core.tracking import GraphNode

_PATH = "dltrainer_path"
"""Where a module that is looked at knows its name from."""


def inspect_weights(weights: Mapping[str, Any], bins: int, most: int) -> Inspected:
    """See how weights and statistics lie."""
    real = {name: array for name, array in weights.items() if jnp.issubdtype(array.dtype, jnp.floating)}
    chosen = largest(real, most, lambda array: int(array.size))
    return inspected(((name, numbers(array)) for name, array in jax.device_get(chosen).items()), bins)


class Inspection:
    """Looks at the layers of a run's nets.

    Parameters
    ----------
    steps : Steps
        Which measure a batch.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._names: tuple[str, ...] = ()
        self._looking = jax.jit(self._looked_at, static_argnames="size")

    def layers(self, state: TrainState, batch: Batch, bins: int, most: int) -> Inspected:
        """See how what layers give for a batch lies."""
        computed = self._looking(*self._steps.shown_to(state), _given(batch), size=batch.size)
        given = dict(zip(self._names, computed, strict=True))
        chosen = largest(given, most, lambda array: int(array.size))
        return inspected(((name, numbers(array)) for name, array in jax.device_get(chosen).items()), bins)

    def graph(self, state: TrainState, batch: Batch) -> tuple[GraphNode, ...]:
        """Say which layers are called on whose outputs; only which layers there are, if nobody can call the model."""
        try:
            return self._called(state, batch)
        except Exception:  # noqa: BLE001 - a model's own code may raise anything
            layers = ((name, m) for net, held in state.nets.items() for name, m in _modules(net, held.module()))
            return tree_of((name, type(m).__name__, Weights(_learned(m))) for name, m in layers if callable(m))

    def times(self, state: TrainState, batch: Batch, seconds: float) -> dict[str, float]:
        """Time the layers that are nodes of the graph and have none inside them, in milliseconds by name."""
        names = [node.name for node in self.graph(state, batch)]
        lone = {name for name in names if not any(other.startswith(f"{name}/") for other in names)}
        calls: dict[str, Call] = {}

        def captured(nets: Any, extra: Any, given: Any) -> dict[str, Any]:
            watch = _Watch(called={})
            self._compute(watch, nets, extra, given, batch.size)
            arrays = {}
            for path, called in (watch.called or {}).items():
                if (name := path.replace(".", "/")) in lone:
                    calls[name], arrays[name] = called
            return arrays

        given = jax.jit(captured)(*self._steps.shown_to(state), _given(batch))
        return time_calls(calls, given, seconds)

    def _called(self, state: TrainState, batch: Batch) -> tuple[GraphNode, ...]:
        watch = _Watch()

        def traced(nets: Any, extra: Any, given: Any) -> Any:
            self._compute(watch, nets, extra, given, batch.size)
            return watch.takes, watch.gives

        arguments = (*self._steps.shown_to(state), _given(batch))
        made: Any = jax.make_jaxpr(traced)(*arguments)
        jaxpr = made.jaxpr
        # In the order in which tree_flatten gives them: the same as what was noted has.
        takes, gives = _like((watch.takes, watch.gives), jaxpr.outvars)
        of_batch = len(jax.tree.leaves(batch.inputs))
        before = len(jax.tree.leaves(arguments[:2]))
        entries = [id(variable) for variable in jaxpr.invars[before : before + of_batch]]
        made_of = {id(out): [id(v) for v in eqn.invars] for eqn in jaxpr.eqns for out in eqn.outvars}
        for call, taken, given in zip(watch.calls.ended, takes, gives, strict=True):
            call.takes, call.gives = [id(v) for v in taken], [id(v) for v in given]
        first = next(iter(jax.tree.leaves(batch.inputs)), None)
        shape = None if first is None else tuple(first.shape[1:])
        return graph_of(watch.calls.ended, entries, shape, lambda key: made_of.get(key, []), complete=True)

    def _looked_at(self, nets: Any, extra: Any, given: Any, *, size: int) -> list[Any]:
        """Compute, and give what each layer gave first."""
        watch = _Watch()
        self._compute(watch, nets, extra, given, size)
        # A dictionary would come back sorted.
        self._names = tuple(watch.first)
        return [*watch.first.values()]

    def _compute(self, watch: _Watch, nets: Any, extra: Any, given: Any, size: int) -> None:
        watch.trace = next((leaf._trace for leaf in jax.tree.leaves(given) if isinstance(leaf, jax.core.Tracer)), None)  # noqa: SLF001 - nothing public tells whose a tracer is
        with watch.watching():
            self._steps.measured(nets, extra, given, size, _be_watched)


@dataclass
class _Watch:
    """What is noted while a function is traced."""

    calls: Calls = field(default_factory=Calls)
    takes: list[list[Any]] = field(default_factory=list)
    gives: list[list[Any]] = field(default_factory=list)
    first: dict[str, Any] = field(default_factory=dict)
    """What each layer gave at its first call, of the first samples."""
    trace: Any = None
    called: dict[str, tuple[Call, Any]] | None = None
    """With what each layer was called first, if anybody wants to know."""
    _seen: set[int] = field(default_factory=set)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Be told of calls, on this thread."""
        token = _watch.set(self)
        try:
            yield
        finally:
            _watch.reset(token)

    def note(self, module: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Let a layer compute, and note what it gave."""
        self.calls.begin()
        try:
            output = call(*args, **kwargs)
        except BaseException:
            self.calls.forget()
            raise
        given = _arrays(output)
        if not all(map(self._is_outside, given)):
            # Of a loop's body, say, out of which nothing can be given; the layer around it will give something.
            self.calls.forget()
            return output
        name, kind = getattr(module, _PATH), type(module).__mro__[1].__name__
        taken = [array for array in _arrays((args, kwargs)) if self._is_outside(array)]
        self.calls.end(name, kind, (), (), _facts(module, taken, given))
        self.takes.append(taken)
        if self.called is not None:
            self.called.setdefault(name, taken_apart(module, args, kwargs))
        self.gives.append(given)
        real = next((array for array in given if jnp.issubdtype(array.dtype, jnp.floating)), None)
        if real is not None and id(real) not in self._seen and name not in self.first:
            self._seen.add(id(real))
            self.first[name] = real[: rows_of(real.shape)] if real.ndim else real
        return output

    def _is_outside(self, array: Any) -> bool:
        return not isinstance(array, jax.core.Tracer) or array._trace is self.trace  # noqa: SLF001 - as above


_watch: ContextVar[_Watch | None] = ContextVar("who looks at layers", default=None)


def _be_watched(net: str, module: nnx.Module) -> None:
    """Let the modules of a net, made for one trace alone, tell of their calls."""
    for name, part in [*_modules(net, module)]:
        if callable(part):
            kind: Any = type(part)
            setattr(part, _PATH, name)
            object.__setattr__(part, "__class__", _watched(kind))


@functools.cache
def _watched(kind: Any) -> type[Any]:
    """Make a class like another one, whose calls are told of."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        computed = functools.partial(kind.__call__, self)
        watch = _watch.get()
        return computed(*args, **kwargs) if watch is None else watch.note(self, computed, args, kwargs)

    made: type[Any] = types.new_class(kind.__name__, (kind,), {}, lambda body: body.update(__call__=call))
    made.__module__ = kind.__module__
    return made


def _modules(net: str, module: nnx.Module) -> Iterator[tuple[str, Any]]:
    for path, part in nnx.iter_modules(module):
        yield ".".join(map(str, (net, *path))), part


def _facts(module: Any, taken: list[Any], given: list[Any]) -> Facts:
    takes, gives = (tuple(arrays[0].shape[1:]) if arrays else None for arrays in (taken, given))
    whole = _learned(module)
    own = whole - sum(_learned(inner) for _, inner in nnx.iter_children(module))
    return Facts(Weights(own), Weights(whole), gives, takes, flops(module, takes, gives))


def _learned(module: Any) -> int:
    if not isinstance(module, nnx.Module):
        return 0
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(nnx.state(module, is_trainable)))


def _like(tree: Any, leaves: Any) -> Any:
    return jax.tree.unflatten(jax.tree.structure(tree), leaves)


def _given(batch: Batch) -> tuple[Any, Any, Any]:
    return batch.inputs, batch.targets, batch.whole


def _arrays(structure: Any) -> list[Any]:
    return [leaf for leaf in jax.tree.leaves(structure) if isinstance(leaf, jax.Array)]
