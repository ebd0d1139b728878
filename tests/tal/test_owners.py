"""What a person trains is nobody else's business on a machine that several use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.tal.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65_534
OTHERS = 0o077
IS_ROOT = hasattr(os, "getuid") and os.getuid() == 0

LOOKS = """
import os, sys
from pathlib import Path
if sys.argv[1] != "0":
    os.setgroups([])
    os.setgid(int(sys.argv[1]))
    os.setuid(int(sys.argv[1]))
seen = []
for path in map(Path, sys.argv[2:]):
    try:
        seen.append(os.listdir(path) if path.is_dir() else path.read_bytes())
    except PermissionError:
        pass
print(len(seen), os.getuid())
"""
"""Reads files and lists folders as some user, whichever that one may."""


@pytest.fixture(scope="module")
def everything() -> Iterator[list[Path]]:
    """Train in a process of its own, from a person's own objects and with a secret; give all that is kept.

    It lies in a folder that everybody may enter, as home folders do.
    """
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    # As most systems have it: without care, everybody could read.
    before = os.umask(0o022)
    try:
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("DLTRAINER_HOME", str(folder / "data" / "dltrainer"))
            net = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
            notify = {"webhook": "https://example.org/x", "on": "lost"}
            run = tal.train(net, "digits", epochs=1, executor="process", verbose=False, notify=notify).wait(90)
        kept = [*folder.rglob("*")]
        names = {path.name for path in kept}
        assert names >= {"dltrainer.db", "objects.pkl", "secrets.json", "trainer.log", "weights.safetensors", run.id}
        yield kept
    finally:
        os.umask(before)
        shutil.rmtree(folder)


def test_all_that_is_kept_is_its_owners(everything) -> None:
    assert [str(path) for path in everything if path.stat().st_mode & OTHERS] == []


@pytest.mark.skipif(not IS_ROOT, reason="only root can look as somebody else")
def test_another_user_sees_nothing(everything) -> None:
    def looked(user: int) -> list[str]:
        command = [sys.executable, "-I", "-S", "-c", LOOKS, str(user), *map(str, everything)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    assert looked(0) == [str(len(everything)), "0"]
    assert looked(NOBODY) == ["0", str(NOBODY)]


def test_each_user_has_a_home_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DLTRAINER_HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    places = set()
    for name in ("ada", "grace"):
        monkeypatch.setenv("HOME", str(tmp_path / name))
        places |= {settings.store, str(settings.artifacts)}
        assert settings.home.is_relative_to(tmp_path / name)
        assert tal.runs() == []
        tal.train("mlp", "digits", epochs=1, name=name, executor="inline", verbose=False)
        assert [run.name for run in tal.runs()] == [name]
    assert len(places) == 4
