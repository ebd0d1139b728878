"""Reports of real runs, written by every face and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.cli import main
from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from tests.tal.subject import quick

FORM = pytest.mark.parametrize("form", ["html", "ipynb", "md"])


@FORM
def test_a_report_has_what_the_run_has(tmp_path: Path, form: str) -> None:
    run = quick(name="told", metrics=["accuracy"], learning_rate=0.05)
    path = run.report(tmp_path / f"told.{form}")
    expected = {"history": run.metrics(), "confusion": run.confusion(), "checkpoints": run.checkpoints}
    curve, analysis, evaluation = run.curve("train_loss", points=500), run.analysis(), run.evaluation()
    run.delete()
    found = tal.load_report(str(path))
    assert (found.id, found.name, found.state, found.epoch, found.step) == (run.id, "told", "completed", 2, found.step)
    pd.testing.assert_frame_equal(found.metrics(), expected["history"])
    pd.testing.assert_frame_equal(found.confusion(), expected["confusion"])
    assert [(it.step, it.kinds, it.digest) for it in found.checkpoints] == [
        (it.step, it.kinds, it.digest) for it in expected["checkpoints"]
    ]
    np.testing.assert_array_equal(found.curve("train_loss")[0], curve[0])
    np.testing.assert_allclose(found.curve("train_loss")[1], curve[1], rtol=1e-5)
    assert found.config["learning_rate"] == 0.05
    assert found.analysis() == analysis
    assert found.evaluation()["summary"]["overall"] == evaluation["summary"]["overall"]  # type: ignore[index]
    assert analysis is not None
    assert analysis["total"]["milliseconds"] > 0
    assert "python" in str(found.environment).lower()
    assert "told" in repr(found)
    with pytest.raises(UnknownNameError, match="Did you mean 'train_loss'"):
        found.curve("train_los")


@pytest.mark.parametrize("name", ["report.pdf", "report", "report.htm.txt"])
def test_an_ending_nobody_writes_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"ends in \.html, \.ipynb, \.md"):
        quick().report(tmp_path / name)
    assert [it.name for it in tmp_path.iterdir()] == ["home"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no folder .*nowhere; make it first"):
        quick().report(tmp_path / "nowhere" / "report.md")


def test_an_older_report_is_replaced_whole(tmp_path: Path) -> None:
    run = quick(name="again")
    path = tmp_path / "report.md"
    path.write_text("old\n" * 1_000_000)
    run.report(path)
    assert tal.load_report(path).name == "again"
    assert sorted(it.name for it in tmp_path.iterdir()) == ["home", "report.md"]


def test_the_command_line_writes_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = quick(name="by-command")
    assert main(["report", "by-command", str(tmp_path / "a.md")]) == 0
    assert capsys.readouterr().out == f"Wrote {tmp_path / 'a.md'}.\n"
    assert tal.load_report(tmp_path / "a.md").id == run.id
    assert main(["report", "by-command", str(tmp_path / "a.doc")]) == 2
    assert main(["report", "nobody", str(tmp_path / "a.md")]) == 2
    assert main(["compare", "by-command@best", "by-command@last", "--json"]) == 0
