"""What TensorFlow sees of this machine, for a process that only looks."""

from __future__ import annotations

from typing import Any

import keras  # noqa: F401 - which the adapter can't do without
import tensorflow as tf


def found() -> dict[str, Any]:
    """Count the GPUs it can train on."""
    return {"gpus": len(tf.config.list_physical_devices("GPU"))}
