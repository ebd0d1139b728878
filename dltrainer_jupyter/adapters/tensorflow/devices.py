"""Choose a device and a number of threads."""

from __future__ import annotations

import os
import re
from contextlib import suppress

import keras
import tensorflow as tf
from tensorflow.python.framework.config import is_op_determinism_enabled

from dltrainer_jupyter.adapters.shared.room import free_on_gpu
from dltrainer_jupyter.core.errors import ConfigurationError

_CUDA = re.compile(r"cuda(?::(\d+))?")


def check_backend() -> None:
    """Raise if Keras computes with something else than TensorFlow.

    Raises
    ------
    ConfigurationError
        Says how to choose TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        msg = (
            f"framework: Keras computes with {keras.backend.backend()} in this process and can't change it; set the "
            "environment variable KERAS_BACKEND=tensorflow before Keras is imported (restart the kernel)."
        )
        raise ConfigurationError(msg)


def choose_device(wanted: str) -> str:
    """Give the name of the device to train on, as TensorFlow has it (``CPU:0``, ``GPU:1``).

    Parameters
    ----------
    wanted : str
        ``auto`` (the first GPU, else CPU) or a device's name.

    Raises
    ------
    ConfigurationError
        If the name is not a device, or the device isn't there.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if wanted == "auto":
        index = 0 if gpus else None
    elif wanted == "cpu":
        index = None
    elif wanted == "mps":
        index = 0
    elif found := _CUDA.fullmatch(wanted):
        index = int(found[1] or 0)
    else:
        msg = f"device: expected auto, cpu, cuda, cuda:N or mps, got '{wanted}'."
        raise ConfigurationError(msg)
    if index is None:
        return "CPU:0"
    if index >= len(gpus):
        msg = f"device: '{wanted}' isn't there; TensorFlow sees {len(gpus)} GPUs on this machine."
        raise ConfigurationError(msg)
    _take_memory_as_needed(gpus)
    return f"GPU:{index}"


def _take_memory_as_needed(gpus: list[tf.config.PhysicalDevice]) -> None:
    """Keep TensorFlow from taking all of a GPU's memory at once, where it hasn't yet."""
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, enable=True)
        except RuntimeError:
            # It has started, and keeps the way it was started in.
            return


def free_memory(device: str) -> int | None:
    """Say how many bytes of a GPU are free, by all processes' use; None where nobody tells."""
    return free_on_gpu(int(device.partition(":")[2])) if device.startswith("GPU") else None


def choose_threads(wanted: int | None) -> int:
    """Give the number of threads an operation may use on the CPU, as wanted where that can still be chosen.

    TensorFlow settles on it when it starts. Other than OpenMP's its idle threads don't spin, so by default it may
    have a thread a core.
    """
    if wanted is not None:
        # Where it has started, what counts, and is recorded, is what it has.
        with suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(wanted)
    chosen = tf.config.threading.get_intra_op_parallelism_threads()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(chosen) or cores


def is_deterministic(device: str) -> bool:
    """Say whether operations on a device give the same bits each time."""
    return device.startswith("CPU") or bool(is_op_determinism_enabled())


def describe(device: str) -> str:
    """Name a device as people know it."""
    if device.startswith("CPU"):
        return "cpu"
    gpu = tf.config.list_physical_devices("GPU")[int(device.partition(":")[2])]
    return str(tf.config.experimental.get_device_details(gpu).get("device_name", device))
