"""Neptune's own files read back: what of a run is there already.

Each time a run was opened the client made a folder with a queue of operations: files with one JSON object a line. What
a program that died wrote last may be cut off, and ends the reading of its queue.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_QUEUES = ".neptune/offline"
_SERIES = ("LogFloats", "LogStrings")


def queues(folder: Path) -> list[Path]:
    """Find the folders of a run, in the order in which they were made."""
    found = [path.parent for path in folder.glob(f"{_QUEUES}/run__*/metadata.json")]
    return sorted(found, key=_made)


def _made(queue: Path) -> str:
    try:
        return str(json.loads((queue / "metadata.json").read_text())["createdAt"])
    except (OSError, ValueError, KeyError):
        return ""


def operations(queue: Path) -> Iterator[dict[str, Any]]:
    """Read the operations of a queue in their order."""
    for file in sorted(queue.glob("data-*.log"), key=lambda path: int(path.stem.partition("-")[2])):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    yield json.loads(line)["obj"]
                except (ValueError, KeyError, TypeError):
                    return


def points(folder: Path, after: int) -> set[tuple[str, int]]:
    """Give paths and steps of what stands in series past a step; events count by their numbers, and all are given."""
    found: set[tuple[str, int]] = set()
    for queue in queues(folder):
        for operation in operations(queue):
            if operation.get("type") in _SERIES:
                path, text = "/".join(operation["path"]), operation["type"] == "LogStrings"
                steps = (int(value["step"]) for value in operation["values"])
                found.update((path, step) for step in steps if text or step > after)
    return found


def gather(folder: Path) -> None:
    """Have the client take all queues of a run for one run's: their folders carry the same id then."""
    found = queues(folder)
    for queue in found[1:]:
        if _id(queue) != _id(found[0]):
            kind, _, *rest = queue.name.split("__")
            queue.rename(queue.with_name("__".join([kind, _id(found[0]), *rest])))


def _id(queue: Path) -> str:
    return queue.name.split("__")[1]
