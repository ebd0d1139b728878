"""Limits of containers, read from trees of files as the kernel shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dltrainer_jupyter.core.containers import memory_limit, processor_limit
from dltrainer_jupyter.machine import load

if TYPE_CHECKING:
    from pathlib import Path

HUGE = "9223372036854771712"


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


@pytest.fixture
def second(tmp_path) -> tuple[Path, Path]:
    """Version 2, where the group above is tighter than the process's own."""
    groups = tree(
        tmp_path / "groups",
        {
            "cpu.stat": "usage_usec 1",
            "box/memory.max": "4000000000",
            "box/memory.current": "1500000000",
            "box/memory.stat": "anon 1\ninactive_file 500000000",
            "box/cpu.max": "150000 100000",
            "box/cpu.stat": "usage_usec 2500000\nuser_usec 1",
            "box/inner/memory.max": "max",
            "box/inner/memory.current": "7",
            "box/inner/cpu.max": "max 100000",
        },
    )
    return groups, tree(tmp_path, {"membership": "0::/box/inner"}) / "membership"


def test_version_two_counts_the_tightest_group(second) -> None:
    memory, processors = memory_limit(*second), processor_limit(*second)
    assert memory is not None
    assert processors is not None
    assert (memory.total_bytes, memory.used_bytes()) == (4_000_000_000, 1_000_000_000)
    assert (processors.cores, processors.used_seconds()) == (1.5, 2.5)


def test_version_one_and_a_path_that_is_the_hosts(tmp_path) -> None:
    groups = tree(
        tmp_path / "groups",
        {
            "memory/memory.limit_in_bytes": "2000000000",
            "memory/memory.usage_in_bytes": "900000000",
            "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 400000000",
            "cpu,cpuacct/cpu.cfs_quota_us": "50000",
            "cpu,cpuacct/cpu.cfs_period_us": "100000",
            "cpu,cpuacct/cpuacct.usage": "3000000000",
        },
    )
    membership = tree(tmp_path, {"membership": "4:memory:/docker/4f1c\n3:cpu,cpuacct:/docker/4f1c\n0::/docker/4f1c"})
    memory, processors = (find(groups, membership / "membership") for find in (memory_limit, processor_limit))
    assert (memory.total_bytes, memory.used_bytes()) == (2_000_000_000, 500_000_000)
    assert (processors.cores, processors.used_seconds()) == (0.5, 3.0)


def test_the_tree_of_a_controller_may_be_a_link(tmp_path) -> None:
    quota = {"cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "100000", "cpuacct.usage": "3000000000"}
    tree(tmp_path / "groups/cpu,cpuacct/docker/4f1c", quota)
    (tmp_path / "groups/cpu").symlink_to("cpu,cpuacct")
    (tmp_path / "groups/cpuacct").symlink_to("cpu,cpuacct")
    membership = tree(tmp_path, {"membership": "3:cpu,cpuacct:/docker/4f1c"}) / "membership"
    found = processor_limit(tmp_path / "groups", membership)
    assert found is not None
    assert (found.cores, found.used_seconds()) == (0.5, 3.0)


@pytest.mark.parametrize("path", ["/../../host", "/elsewhere"])
def test_a_group_that_is_out_of_sight_has_the_limits_of_what_is_in_it(second, path) -> None:
    groups = tree(second[0], {"memory.max": "9000000000"})
    membership = tree(groups.parent, {"membership": f"0::{path}"}) / "membership"
    found = memory_limit(groups, membership)
    assert found is not None
    assert found.total_bytes == 9_000_000_000


@pytest.mark.parametrize("files", [{}, {"memory/memory.limit_in_bytes": HUGE, "cpu/cpu.cfs_quota_us": "-1"}])
def test_where_nothing_is_limited_there_is_no_limit(tmp_path, files) -> None:
    groups = tree(tmp_path / "groups", files)
    membership = tree(tmp_path, {"membership": "4:memory:/\n3:cpu:/\n0::/"}) / "membership"
    assert memory_limit(groups, membership) is None
    assert processor_limit(groups, membership) is None
    assert memory_limit(groups, tmp_path / "nothing") is None


def test_a_limit_counts_for_the_machine(second, monkeypatch) -> None:
    monkeypatch.setattr(load, "memory_limit", lambda: memory_limit(*second))
    monkeypatch.setattr(load, "processor_limit", lambda: processor_limit(*second))
    monkeypatch.setattr(load, "_processors", lambda: [0, 1, 2, 3])
    assert load.memory() == (1_000_000_000, 4_000_000_000)
    assert load.cores() == 1.5
    assert load.machine_seconds() == 2.5
