"""A net apart: its structure, which stays, and its arrays, which steps exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from dltrainer_jupyter.adapters.jax.arrays import owned
from dltrainer_jupyter.core.errors import ConfigurationError


def is_trainable(_: Any, value: Any) -> bool:
    """Tell whether a variable of a net is learned."""
    return isinstance(value, nnx.Param) and bool(jnp.issubdtype(value.get_value().dtype, jnp.inexact))


class Net:
    """A Flax NNX module taken apart into its structure and arrays of the run's own.

    Parameters
    ----------
    module : flax.nnx.Module
        Its arrays are copied.
    device : jax.Device
        Where the copies lie.
    freezes : callable, optional
        Tells by the name of a parameter whether it stays as it is.
    still : frozenset of tuple
        Paths of layers that compute as in evaluation even while it is trained.

    Attributes
    ----------
    values : list of jax.Array
        The arrays, in the order of ``names``.
    names : tuple of str
        What each is called: the path to it, with dots (``conv1.kernel``).
    random : frozenset of int
        Which of them are random keys and counts: they belong to a training, not to the weights.
    """

    def __init__(
        self,
        module: nnx.Module,
        device: jax.Device,
        freezes: Callable[[str], bool] = lambda _: False,
        still: frozenset[Any] = frozenset(),
    ) -> None:
        self._structure, state = nnx.split(module)
        self._tree: Any = jax.tree.structure(state)
        self.kind = type(module).__name__
        self.device = device
        self.freezes = freezes
        self._still = still
        names: list[str] = []
        random: set[int] = set()
        for path, variable in jax.tree_util.tree_leaves_with_path(
            state, is_leaf=lambda leaf: isinstance(leaf, nnx.Variable)
        ):
            content = variable.get_value() if isinstance(variable, nnx.Variable) else variable
            for inner, _ in jax.tree_util.tree_leaves_with_path(content):
                if isinstance(variable, nnx.RngState):
                    random.add(len(names))
                names.append(jax.tree_util.keystr((*path, *inner), simple=True, separator="."))
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            msg = f"model: two of its arrays are called '{twice}'; rename one of the attributes."
            raise ConfigurationError(msg)
        self.names = tuple(names)
        self.random = frozenset(random)
        self.values: list[jax.Array] = owned(jax.tree.leaves(state), device)

    def module(self, values: Sequence[Any] | None = None) -> Any:
        """Put a module together, of copies of the arrays, or of those that a traced step works on."""
        state = jax.tree.unflatten(self._tree, owned(self.values, self.device) if values is None else values)
        return nnx.merge(self._structure, state, copy=True)

    def set_mode(self, module: Any, *, training: bool) -> None:
        """Let a module that :meth:`module` gave compute as in training, where it isn't to stay still, or out of it."""
        if not training:
            module.eval()
            return
        module.train()
        inner: Iterable[tuple[Any, Any]] = nnx.iter_modules(module) if self._still else ()
        for path, layer in inner:
            if path in self._still:
                layer.eval()

    def values_of(self, module: nnx.Module) -> list[Any]:
        """Take the arrays out of a module that :meth:`module` gave and a step changed.

        Raises
        ------
        ConfigurationError
            If it has other arrays now.
        """
        state = nnx.state(module)
        values = jax.tree.leaves(state)
        if jax.tree.structure(state) != self._tree:
            msg = (
                f"model: {self.kind} makes or drops variables while it computes, which a compiled step can't keep; "
                "make them all in __init__, or call the model once on some inputs before it is handed over."
            )
            raise ConfigurationError(msg)
        return values

    def write_to(self, module: nnx.Module) -> None:
        """Bring the arrays into the module they came from, as copies; not those that a failed step wrote into."""
        if any(value.is_deleted() for value in self.values):
            return
        nnx.update(module, jax.tree.unflatten(self._tree, owned(self.values, self.device)))


def forget_intermediates(module: nnx.Module) -> None:
    """Drop what a module noted for looking at (``sow``): it belongs to one pass."""
    nnx.pop(module, nnx.Intermediate)
