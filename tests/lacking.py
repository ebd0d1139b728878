"""Processes in which packages aren't there, though they are installed: neither to import nor in the metadata."""

from __future__ import annotations

import os
from pathlib import Path

_HOOK = """
import os
import sys
from importlib.machinery import PathFinder

GONE = frozenset(os.environ["DLTRAINER_TEST_LACKING"].split())


class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in GONE else super().find_spec(name, path, target)

    @staticmethod
    def find_distributions(*context, **more):
        from importlib.metadata import MetadataPathFinder

        for found in MetadataPathFinder.find_distributions(*context, **more):
            if (found.metadata["Name"] or "").lower().replace("-", "_") not in GONE:
                yield found


sys.meta_path[:] = [Finder if it is PathFinder else it for it in sys.meta_path]
"""


def lacking(folder: Path, *packages: str) -> dict[str, str]:
    """Give the environment of such processes, which the processes they start inherit.

    Parameters
    ----------
    folder : Path
        An empty one, for the hook that Python runs when it starts.
    *packages : str
        By the names they are imported by.
    """
    (folder / "sitecustomize.py").write_text(_HOOK)
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path, "DLTRAINER_TEST_LACKING": " ".join(packages)}
