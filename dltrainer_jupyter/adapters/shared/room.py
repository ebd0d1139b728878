"""Whether there is room for a model that is only tried, beside those who train."""

from __future__ import annotations

import os

from dltrainer_jupyter.core.protocols import NamedArrays

TIMES = 2
"""Activations, and what kernels work in, take about as much as the weights."""
MARGIN = 256 << 20
"""Bytes that stay free for those who train, beside them: a context takes that much."""


def too_little(weights: NamedArrays, free: int | None, device: str) -> str | None:
    """Say that a device has too little free memory for a model, or None if it has enough, or nobody knows.

    Parameters
    ----------
    weights : dict of str to RawArray
        The model's.
    free : int, optional
        Bytes that are free on the device.
    device : str
        Its name.

    Examples
    --------
    >>> too_little({}, 1 << 20, "cuda:0")
    'predicted on the processor: cuda:0 has 1 MB of memory free, and the model wants 256 MB'
    """
    needed = TIMES * sum(len(array.data) for array in weights.values()) + MARGIN
    if free is None or free >= needed:
        return None
    return (
        f"predicted on the processor: {device} has {free >> 20:,} MB of memory free, and the model wants "
        f"{needed >> 20:,} MB"
    )


def free_here() -> int:
    """Say how many bytes of the machine's memory are free for one more user."""
    import psutil

    return int(psutil.virtual_memory().available)


def free_on_gpu(index: int) -> int | None:
    """Ask NVIDIA's driver how many bytes are free on a GPU, by all processes' use; None where it doesn't tell.

    Parameters
    ----------
    index : int
        As this process counts them, by ``CUDA_VISIBLE_DEVICES``.
    """
    import pynvml  # type: ignore[import-untyped]

    visible = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    if visible and index >= len(visible):
        return None
    name = visible[index] if visible else str(index)
    try:
        pynvml.nvmlInit()
        try:
            by_number = name.isdecimal()
            handle = (
                pynvml.nvmlDeviceGetHandleByIndex(int(name)) if by_number else pynvml.nvmlDeviceGetHandleByUUID(name)
            )
            return int(pynvml.nvmlDeviceGetMemoryInfo(handle).free)
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return None
