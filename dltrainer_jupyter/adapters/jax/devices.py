"""Choose a device, and know the number of threads."""

from __future__ import annotations

import os

import jax
from jax._src.xla_bridge import backends_are_initialized  # nothing public tells without starting them

from dltrainer_jupyter.adapters.shared.room import free_on_gpu
from dltrainer_jupyter.core.errors import ConfigurationError

_KINDS = ("cpu", "cuda")
_THREADS = ("PJRT_NPROC", "NPROC")
"""Where XLA looks for the number of its threads, in this order, when its first device is made."""


def choose_device(wanted: str) -> jax.Device:
    """Give the device to train on.

    Parameters
    ----------
    wanted : str
        ``auto`` (what JAX takes by default: a GPU where there is one) or a device's name.

    Raises
    ------
    ConfigurationError
        If the name is not a device, or the device isn't there.
    """
    if wanted == "auto":
        return jax.devices()[0]
    kind, _, index = wanted.partition(":")
    if kind not in _KINDS or not (index.isdecimal() or index == "") or wanted.endswith(":"):
        msg = f"device: expected auto, cpu, cuda or cuda:N on JAX, got '{wanted}'."
        raise ConfigurationError(msg)
    try:
        found = jax.devices(kind)
    except RuntimeError:
        found = []
    if int(index or 0) >= len(found):
        msg = f"device: '{wanted}' isn't there; JAX sees {len(found)} {kind.upper()} devices."
        raise ConfigurationError(msg)
    return found[int(index or 0)]


def free_memory(device: jax.Device) -> int | None:
    """Say how many bytes of a GPU are free, by all processes' use; None where nobody tells."""
    return free_on_gpu(device.local_hardware_id or 0) if device.platform in ("gpu", "cuda") else None


def choose_threads(wanted: int | None, *, owns_process: bool) -> int:
    """Give the number of CPU threads that JAX computes on, which is fixed once its first device is made.

    Another number can be had in a process of the run's own only, and only if nothing there has made an array yet (a
    model of the user's own has): then the environment variable ``NPROC`` decides, set before Python starts.

    Parameters
    ----------
    wanted : int, optional
        What the specification asks for.
    owns_process : bool
        Whether this process is the run's own, so that it may ask for them in its environment.
    """
    if wanted is not None and owns_process and not backends_are_initialized():
        os.environ[_THREADS[0]] = str(wanted)
    for name in _THREADS:
        if os.environ.get(name, "").isdecimal():
            return int(os.environ[name])
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def adds_in_order(device: jax.Device) -> bool:
    """Tell whether a device computes the same bits each time."""
    if device.platform == "cpu":
        return True
    flags = os.environ.get("XLA_FLAGS", "").split()
    return any(
        flag in (f"--xla_gpu_{name}", f"--xla_gpu_{name}=true", f"--xla_gpu_{name}=1")
        for flag in flags
        for name in ("deterministic_ops", "exclude_nondeterministic_ops")
    )
