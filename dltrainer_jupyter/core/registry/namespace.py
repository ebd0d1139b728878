"""A package of its own for the modules of plug-ins, so that a file named ``json.py`` among them hides nothing.

It has no folder: its modules are made of what was read of a plug-in, by the plug-in's checksum. So a changed file is
another module, and whoever works with the one before keeps it.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import re
import sys
import types
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path

_NAMESPACE = "_dltrainer_plugins"
_SHORT = 16
"""Digits of a checksum in a module's name."""

_Source = tuple[bytes, Path, bool]
"""What a module is made of: its text, where that lies, and whether it is a package."""


def is_plug_ins(module: str) -> bool:
    """Tell whether a module is a plug-in's."""
    return module.startswith(f"{_NAMESPACE}.")


def modules_of(plug_in: str, sha256: str, files: Mapping[str, bytes], folder: Path) -> dict[str, str]:
    """Make the modules of a plug-in known, without importing one.

    Parameters
    ----------
    plug_in : str
        The name of its file or folder.
    sha256 : str
        Its checksum.
    files : mapping
        What was read, by path in the plug-in folder.
    folder : pathlib.Path
        The plug-in folder.

    Returns
    -------
    dict
        The full name of each module by the path of its file.
    """
    stem = re.sub(r"\W", "_", Path(plug_in).stem)
    root = f"{_NAMESPACE}.{stem}_{sha256[:_SHORT]}"
    found = {}
    for path, text in files.items():
        if not path.endswith(".py"):
            continue
        inner = Path(path).with_suffix("").parts[1:]
        is_package = inner[-1:] == ("__init__",)
        name = ".".join([root, *(inner[:-1] if is_package else inner)])
        _FINDER.known.setdefault(name, (text, folder / path, is_package))
        found[path] = name
    return found


def load(module: str) -> types.ModuleType:
    """Import a module of a plug-in; what it raises is raised."""
    return importlib.import_module(module)


class _Loader(importlib.abc.InspectLoader):
    """Makes a module of a text that was read before; writes no byte code beside it."""

    def __init__(self, source: _Source) -> None:
        self._text, self._path, self._is_package = source

    def is_package(self, fullname: str) -> bool:  # noqa: ARG002 - importlib's signature
        """Tell whether it has modules below it."""
        return self._is_package

    def get_source(self, fullname: str) -> str:  # noqa: ARG002 - importlib's signature
        """Give the text, for tracebacks."""
        return importlib.util.decode_source(self._text)

    def get_code(self, fullname: str) -> types.CodeType:  # noqa: ARG002 - importlib's signature
        """Compile the text; tracebacks name the file."""
        return self.source_to_code(self._text, str(self._path))


class _Finder(importlib.abc.MetaPathFinder):
    """Knows the modules of plug-ins and no others."""

    def __init__(self) -> None:
        self.known: dict[str, _Source] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - importlib's signature
        target: types.ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Find a module."""
        source = self.known.get(fullname)
        if source is None:
            return None
        spec = ModuleSpec(fullname, _Loader(source), origin=str(source[1]), is_package=source[2])
        spec.has_location = True
        return spec


_FINDER = _Finder()
sys.meta_path.append(_FINDER)
NAMESPACE = types.ModuleType(_NAMESPACE, "Where modules of plug-ins are.")
"""The package; pickles hold what is in it by value, as no other process finds it."""
NAMESPACE.__path__ = []
sys.modules[_NAMESPACE] = NAMESPACE
