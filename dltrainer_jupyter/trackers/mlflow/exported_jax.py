"""A JAX model as a program that needs nothing but JAX to be called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

_PLATFORMS = ("cpu", "cuda", "tpu")


def program(native: Any, inputs: npt.NDArray[Any]) -> bytes:
    """Give the model with its weights as JAX's exported form: for any number of samples, or else for one at a time.

    Parameters
    ----------
    native : flax.nnx.Module
        In evaluation mode.
    inputs : numpy.ndarray, shape (n, *input_shape)
        An example.
    """
    import jax
    import jax.numpy as jnp
    from flax import nnx
    from jax import export

    structure, state = nnx.split(native)
    state = jax.device_get(state)

    def compute(samples: Any) -> Any:
        return nnx.merge(structure, state, copy=True)(samples).astype(jnp.float32)

    struct: Any = jax.ShapeDtypeStruct
    kind = jnp.asarray(inputs[:1]).dtype
    sizes = "".join(f", {size}" for size in inputs.shape[1:])
    try:
        shape = export.symbolic_shape(f"samples{sizes}")
        found = export.export(jax.jit(compute), platforms=_PLATFORMS)(struct(shape, kind))
    except Exception:  # noqa: BLE001 - JAX and Flax raise many kinds where a model counts its samples
        one = struct((1, *inputs.shape[1:]), kind)
        found = export.export(jax.jit(compute), platforms=_PLATFORMS)(one)
    return bytes(found.serialize())
