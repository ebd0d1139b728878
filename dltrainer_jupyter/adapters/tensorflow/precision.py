"""Mixed precision: computing in 16 bits while weights stay in 32, as Keras' dtype policies say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from dltrainer_jupyter.core.errors import ConfigurationError

_POLICIES = {"32-true": "float32", "bf16-mixed": "mixed_bfloat16", "16-mixed": "mixed_float16"}


@contextmanager
def policy(precision: str) -> Iterator[None]:
    """Let layers that are made meanwhile, on this thread, compute as precisely as asked for."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(_POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def check_policy(net: Any, precision: str) -> None:
    """Raise if a model that was made already computes in another way than asked for.

    Raises
    ------
    ConfigurationError
        Names the model's way, and how to mend it.
    """
    wanted = keras.DTypePolicy(_POLICIES[precision]).compute_dtype
    found = {layer.compute_dtype for layer in net._flatten_layers() if layer.weights}  # noqa: SLF001 - also inner ones
    if precision != "32-true" and wanted not in found | {net.compute_dtype}:
        msg = (
            f"precision: {precision} was asked for, but the model was made to compute in {net.compute_dtype}; make it "
            f"after keras.config.set_dtype_policy('{_POLICIES[precision]}'), or pass a function that makes it."
        )
        raise ConfigurationError(msg)


def needs_scale(net: Any) -> bool:
    """Say whether a model computes gradients in 16 bits that underflow without a scale."""
    return any(layer.compute_dtype == "float16" for layer in net._flatten_layers())  # noqa: SLF001 - as above
