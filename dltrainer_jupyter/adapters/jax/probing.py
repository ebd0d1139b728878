"""What JAX sees of this machine, for a process that only looks."""

from __future__ import annotations

from typing import Any

import flax.nnx  # noqa: F401 - which the adapter can't do without
import jax
import optax  # noqa: F401


def found() -> dict[str, Any]:
    """Count the GPUs it can train on."""
    return {"gpus": sum(device.platform == "gpu" for device in jax.devices())}
