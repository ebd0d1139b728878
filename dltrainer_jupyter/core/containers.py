"""What a container lets its processes have, by Linux' control groups of either version.

Elsewhere, and outside of containers, nothing is limited.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class MemoryLimit:
    """Most memory that a group of processes may take, and how to see what it takes."""

    total_bytes: int
    folder: Path

    def used_bytes(self) -> int:
        """Tell what the group takes; files that are only cached, and would make room, don't count."""
        used = _number(self.folder / "memory.current") or _number(self.folder / "memory.usage_in_bytes") or 0
        details = _fields(self.folder / "memory.stat")
        return int(max(used - details.get("total_inactive_file", details.get("inactive_file", 0)), 0))


@dataclass(frozen=True)
class ProcessorLimit:
    """Most processor time a second that a group of processes may take, and how to see what it takes."""

    cores: float
    folder: Path

    def used_seconds(self) -> float:
        """Tell how much processor time the group has taken since it began."""
        if (spent := _number(self.folder / "cpuacct.usage")) is not None:
            return spent / 1e9
        return _fields(self.folder / "cpu.stat").get("usage_usec", 0) / 1e6


def memory_limit(groups: Path = _GROUPS, membership: Path = _MEMBERSHIP) -> MemoryLimit | None:
    """Find the tightest limit of memory; None if there is none.

    Parameters
    ----------
    groups, membership : pathlib.Path
        Where the kernel shows groups, and which of them this process is in.
    """
    limits = []
    for folder in _folders(groups, membership, "memory"):
        found = _number(folder / "memory.max") or _number(folder / "memory.limit_in_bytes")
        if found is not None:
            limits.append(MemoryLimit(int(found), folder))
    return min(limits, key=lambda limit: limit.total_bytes, default=None)


def processor_limit(groups: Path = _GROUPS, membership: Path = _MEMBERSHIP) -> ProcessorLimit | None:
    """Find the tightest limit of processor time; None if there is none."""
    limits = []
    for folder in _folders(groups, membership, "cpu"):
        quota, period = (*_words(folder / "cpu.max"), "", "")[:2]
        spent = folder
        if not quota:
            quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
            # Version 1 may count in one tree and limit in another.
            spent = next(_folders(groups, membership, "cpuacct"), folder)
        # "max", or -1, is no limit.
        if quota.isdecimal() and period.isdecimal() and int(period):
            limits.append(ProcessorLimit(int(quota) / int(period), spent))
    return min(limits, key=lambda limit: limit.cores, default=None)


def _folders(groups: Path, membership: Path, controller: str) -> Iterator[Path]:
    """Name the folders of the groups that this process is in, from its own up to the one of all."""
    for line in _text(membership).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = _root(groups, controller, controllers)
        inner = (root / path.lstrip("/")).resolve()
        # Inside a container the path may be the host's, of which only the root is there.
        group = inner if inner.is_relative_to(root) else root
        yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(root) and folder.is_dir())


def _root(groups: Path, controller: str, controllers: str) -> Path:
    """Name the tree of a controller: of its own, together with others, or one for all."""
    trees = (groups / controller, groups / controllers) if controllers else (groups,)
    # "cpu" is often a link to "cpu,cpuacct".
    return next((tree for tree in trees if tree.is_dir()), trees[0]).resolve()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _words(path: Path) -> list[str]:
    return _text(path).split()


def _number(path: Path) -> float | None:
    text = _text(path)
    # Version 1 writes a huge number for no limit, version 2 a word.
    return float(text) if text.isdecimal() and float(text) < math.ldexp(1, 62) else None


def _fields(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in _text(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}  # noqa: PLR2004 - a pair
