"""The command in this process and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dltrainer_jupyter.tal.run import Run

COMMAND = [sys.executable, "-m", "dltrainer_jupyter.cli"]
PATIENCE = 100

DIGITS = """\
name: digits-mlp
model: mlp
data: digits
epochs: 2
metrics: [accuracy]
"""


class Done(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def dltrain(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run a command in this process."""

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def started(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a command in a process of its own."""
    processes = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"NO_COLOR": "1"},
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def in_process(started: Callable[..., subprocess.Popen[str]]) -> Callable[..., Done]:
    """Run a command in a process of its own, to its end."""

    def run(*arguments: str) -> Done:
        process = started(*arguments)
        out, err = process.communicate(timeout=PATIENCE)
        return Done(process.returncode, out, err)

    return run


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Write a file that trains in a second."""
    path = tmp_path / "digits.yaml"
    path.write_text(DIGITS)
    return path


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """Train a run once, in a home of its own."""
    home = tmp_path_factory.mktemp("trained") / "home"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DLTRAINER_HOME", str(home))
        run = tal.train(model="mlp", data="digits", epochs=2, metrics=["accuracy"], name="digits-mlp", verbose=False)
        return home, run.wait(90)


@pytest.fixture
def trained(trained_home: tuple[Path, Run], home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Let the test see the home of a run that has ended; it must leave it as it is."""
    monkeypatch.setenv("DLTRAINER_HOME", str(trained_home[0]))
    return trained_home[1]
