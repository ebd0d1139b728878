"""A shell with the extension loaded, and a run that has ended."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import IllegalControlError, TrainingFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dltrainer_jupyter.tal.run import Run

EXTENSION = "dltrainer_jupyter"


class Shown(NamedTuple):
    """What became of a cell."""

    output: str
    error: BaseException | None
    value: Any

    @property
    def lines(self) -> list[str]:
        return [line for line in self.output.splitlines() if line.strip()]


class Notebook:
    """Runs cells as a person does and gives what appears."""

    def __init__(self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        self.shell = shell
        self._capsys = capsys

    @property
    def names(self) -> dict[str, Any]:
        return self.shell.user_ns

    def run(self, cell: str) -> Shown:
        self._capsys.readouterr()
        result = self.shell.run_cell(cell)
        seen = self._capsys.readouterr()
        output = re.sub(r"\x1b\[[0-9;]*m", "", seen.out + seen.err)
        return Shown(output, result.error_in_exec or result.error_before_exec, result.result)

    def offered(self, line: str, below: str = "") -> list[str]:
        """Complete at the end of a line."""
        with provisionalcompleter():
            return [it.text for it in self.shell.Completer.completions(line + below, len(line))]


@pytest.fixture(scope="session")
def one_shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InteractiveShell]:
    """Make the process's shell; IPython wants there to be one only."""
    config = Config()
    config.HistoryManager.enabled = False
    config.BaseIPythonApplication.ipython_dir = str(tmp_path_factory.mktemp("ipython"))
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance(config=config)
    InteractiveShell.clear_instance()


@pytest.fixture
def notebook(one_shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Iterator[Notebook]:
    """Give a fresh notebook in which the extension is loaded."""
    before = dict(one_shell.user_ns)
    one_shell.run_line_magic("reload_ext", EXTENSION)
    yield Notebook(one_shell, capsys)
    for run in tal.runs(states=["pending", "running", "paused"]):
        # It may have ended by itself in between, well or not.
        with contextlib.suppress(IllegalControlError, TrainingFailed):
            run.stop()
            run.wait(60)
    one_shell.run_line_magic("unload_ext", EXTENSION)
    one_shell.user_ns.clear()
    one_shell.user_ns.update(before)


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
