"""What a part says of itself: for lists, for choosing one, and for seeing whether it suits a machine and data."""

from __future__ import annotations

import inspect
import sys
from dataclasses import asdict, dataclass
from typing import Any

from dltrainer_jupyter.core.registry.kinds import OF_A_FRAMEWORK, Kind
from dltrainer_jupyter.core.registry.lookup import entry_of, names


@dataclass(frozen=True)
class Metadata:
    """What a part says of itself; what it says nothing of is empty or None."""

    version: str | None = None
    """Its own, or that of the package that brings it."""
    author: str | None = None
    frameworks: tuple[str, ...] = ()
    """Those it can be used with; empty if with any."""
    tasks: tuple[str, ...] = ()
    """What it is made for; empty if for any."""
    description: str = ""
    """One line."""
    tags: tuple[str, ...] = ()
    min_gpu_memory_gb: float | None = None
    recommended_batch_size: int | None = None
    supported_image_sizes: tuple[int, ...] = ()
    """Heights and widths of images in pixels; empty if any."""
    package: str = ""
    """What brings it: a package, a file of the plug-in folder, the notebook."""

    def document(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    def suits(self, framework: str | None = None, task: str | None = None) -> bool:
        """Tell whether it is for a framework and a task."""
        return (framework is None or not self.frameworks or framework in self.frameworks) and (
            task is None or not self.tasks or task in self.tasks
        )


def metadata(kind: Kind, name: str, framework: str | None, part: Any) -> Metadata:
    """Read what a part says of itself.

    Parameters
    ----------
    kind, name : str
        Of the part.
    framework : str or None
        Whose it is, for kinds that belong to one.
    part : object
        What the registry found.
    """
    module = sys.modules.get(getattr(part, "__module__", ""))
    entry = entry_of(kind, name, framework)
    return Metadata(
        version=_own(part, "version") or getattr(module, "__version__", None) or entry.version,
        author=_own(part, "author") or getattr(module, "__author__", None),
        frameworks=_frameworks(kind, name, part),
        tasks=tuple(_own(part, "task") or ()),
        description=str(_own(part, "description") or (inspect.getdoc(part) or "").partition("\n")[0]),
        tags=tuple(_own(part, "tags") or ()),
        min_gpu_memory_gb=_own(part, "min_gpu_memory_gb"),
        recommended_batch_size=_own(part, "recommended_batch_size"),
        supported_image_sizes=tuple(_own(part, "supported_image_sizes") or ()),
        package=entry.package,
    )


def _own(part: Any, key: str) -> Any:
    value = getattr(part, key, None)
    # Where settings or instances have it, the class has a property or a descriptor of that name.
    return value if isinstance(value, str | int | float | tuple | list) else None


def _frameworks(kind: Kind, name: str, part: Any) -> tuple[str, ...]:
    if kind in OF_A_FRAMEWORK:
        return tuple(it for it in names("adapters") if name in names(kind, it))
    declared = getattr(part, "__dltrainer_framework__", None)
    if declared is not None:
        return (str(declared),)
    # A model supports a framework by a method of its name.
    return tuple(it for it in names("adapters") if callable(getattr(part, it, None))) if kind == "models" else ()
