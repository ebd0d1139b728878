"""Whether a model that a specification names suits the data and the machine, by what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.machine.gpus import Gpu, read_gpus

_IMAGE = 3
"""Dimensions of an image: channels, height, width."""
_GB = 1e9


def refuse_other_sizes(spec: RunSpec, signature: Signature) -> None:
    """See that images are as large as the model takes them.

    Raises
    ------
    ConfigurationError
        If they aren't; says which step mends it.
    """
    sizes = tuple(_said(spec, "supported_image_sizes") or ())
    if not sizes or len(signature.input_shape) != _IMAGE:
        return
    _, height, width = signature.input_shape
    if height in sizes and width in sizes:
        return
    nearest = min(sizes, key=lambda size: (abs(size - max(height, width)), size))
    msg = (
        f"model: '{spec.model}' takes images of {' or '.join(map(str, sizes))} pixels, got {height}×{width}; resize "
        f"them: preprocessing: [{{type: resize, size: {nearest}}}]."
    )
    raise ConfigurationError(msg)


def memory_note(spec: RunSpec, device: Any, gpus: Callable[[], list[Gpu]] = read_gpus) -> str | None:
    """Say that a model asks for more memory of a GPU than there is; None if there is enough, or nobody knows.

    Parameters
    ----------
    spec : RunSpec
        What is trained.
    device : object
        What the adapter says it computes on.
    gpus : callable, optional
        Looks at the GPUs there are.
    """
    wanted = _said(spec, "min_gpu_memory_gb")
    if wanted is None:
        return None
    asks = f"The model '{spec.model}' asks for a GPU with {wanted:g} GB at least"
    if "cpu" in str(device).lower():
        return f"{asks}, and this run trains on the CPU: it may take long."
    found, number = gpus(), int((re.findall(r"\d+$", str(device)) or ["0"])[0])
    if number >= len(found) or found[number].memory_total_bytes >= wanted * _GB:
        return None
    return (
        f"{asks}, and {found[number].name} has {found[number].memory_total_bytes / _GB:.1f}: if it runs out of memory, "
        "take a smaller batch_size, precision: bf16-mixed, or another device."
    )


def _said(spec: RunSpec, key: str) -> Any:
    return None if spec.model.is_user_object else getattr(registry.find("models", spec.model.type), key, None)
