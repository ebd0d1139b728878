from __future__ import annotations

import getpass
import json
import os
import subprocess
from pathlib import Path

import pytest

from dltrainer_jupyter.tal import environment as module
from dltrainer_jupyter.tal.environment import environment, user
from tests.tal.subject import quick


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    (folder / "net.py").write_text("layers = 3\n")
    identity = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    for arguments in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", *arguments], check=True)
    # What is slow on a busy machine is no news here.
    monkeypatch.setattr(module, "_PATIENCE", 20.0)
    return folder


def test_what_was_there_is_recorded_as_json() -> None:
    found = json.loads(json.dumps(environment(), allow_nan=False))
    assert found.keys() == {"git", "packages", "python", "platform", "host", "user", "argv"}
    assert {"dltrainer-jupyter", "torch", "numpy"} <= found["packages"].keys()


def test_the_commit_is_recorded_and_whether_files_differ_from_it(repository: Path) -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    assert environment()["git"] == {"commit": head, "changed": False}
    (repository / "new.txt").write_text("not under version control")
    assert environment()["git"]["changed"] is False
    (repository / "net.py").write_text("layers = 4\n")
    assert environment()["git"] == {"commit": head, "changed": True}


def test_looking_leaves_no_lock_in_somebodys_repository(repository: Path) -> None:
    (repository / "net.py").touch()
    index = repository / ".git" / "index"
    before = index.stat().st_mtime_ns
    environment()
    assert index.stat().st_mtime_ns == before


def test_outside_a_repository_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert environment()["git"] is None


def test_without_git_there_is_no_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment()["git"] is None


def test_a_slow_git_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert environment()["git"] is None


def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert user() == str(os.getuid())
    run = quick(epochs=1)
    run.resume(epochs=2)
    assert run.record.environment["user"] == run.store.controls(run.id)[0].requested_by == str(os.getuid())
