from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from dltrainer_jupyter.core import failpoints


def reached(target: str | None, times: int) -> int:
    """Reach a place several times in a process of its own; give the process's exit code."""
    script = (
        f"from dltrainer_jupyter.core.failpoints import reach\nfor _ in range({times}): reach('checkpoint.renamed')"
    )
    environment = os.environ | ({} if target is None else {"DLTRAINER_FAILPOINT": target})
    return subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode


@pytest.mark.parametrize(
    ("target", "times", "dies"),
    [
        (None, 3, False),
        ("", 3, False),
        ("checkpoint.renamed", 1, True),
        ("checkpoint.renamed:3", 2, False),
        ("checkpoint.renamed:3", 3, True),
        ("checkpoint.started", 3, False),
    ],
)
def test_a_process_dies_where_and_when_it_was_asked_to(target: str | None, times: int, dies: bool) -> None:
    assert reached(target, times) == (-signal.SIGKILL if dies else 0)


def test_names_are_told_once_each() -> None:
    assert len(set(failpoints.NAMES)) == len(failpoints.NAMES)
