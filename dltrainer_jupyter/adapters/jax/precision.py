"""Mixed precision: weights in 32 bits, computation in 16."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

_DTYPES: dict[str, Any] = {"bf16-mixed": jnp.bfloat16, "16-mixed": jnp.float16}
HALVES = frozenset(map(jnp.dtype, _DTYPES.values()))


class Computing:
    """A net as a recipe calls it: with weights and inputs in half precision, and outputs in single, if so wanted.

    The policy is that of DeepMind's ``jmp``: parameters and floating-point inputs are cast, statistics
    are not, and a layer that names a dtype of its own computes in that.

    Parameters
    ----------
    module : flax.nnx.Module
        With weights in single precision.
    half : dtype or None
        What to compute in; None leaves everything as it is.

    Attributes
    ----------
    module : flax.nnx.Module
        The net itself.
    """

    def __init__(self, module: Any, half: Any) -> None:
        self.module = module
        self._half = half

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute."""
        return self._called("__call__", args, kwargs)

    def __getattr__(self, name: str) -> Any:
        """Give an attribute of the net; a method computes as the net does."""
        found = getattr(self.module, name)
        if getattr(found, "__self__", None) is not self.module:
            return found
        return lambda *args, **kwargs: self._called(name, args, kwargs)

    def _called(self, name: str, args: Any, kwargs: Any) -> Any:
        if self._half is None:
            return getattr(self.module, name)(*args, **kwargs)
        structure, learned, *rest = nnx.split(self.module, nnx.Param, ...)
        narrow = nnx.merge(structure, _cast(learned, jnp.float32, self._half), *rest, copy=True)
        outputs = getattr(narrow, name)(*_cast(args, jnp.float32, self._half), **_cast(kwargs, jnp.float32, self._half))
        nnx.update(self.module, nnx.state(narrow, nnx.Not(nnx.Param)))
        return _cast(outputs, self._half, jnp.float32)


def computing(module: nnx.Module, precision: str) -> Computing:
    """Give a net as a recipe calls it."""
    return Computing(module, _DTYPES.get(precision))


def _cast(tree: Any, before: Any, after: Any) -> Any:
    def cast(leaf: Any) -> Any:
        return leaf.astype(after) if isinstance(leaf, jax.Array) and leaf.dtype == before else leaf

    return jax.tree.map(cast, tree)
