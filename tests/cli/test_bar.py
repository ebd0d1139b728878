"""The bar of a training, in terminals of several widths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dltrainer_jupyter.cli.progress import Bar

if TYPE_CHECKING:
    from dltrainer_jupyter.tal.run import Run


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (140, ("completed", "epoch", "loss", "best", "steps/s")),
        (84, ("completed", "epoch", "loss", "best")),
        (70, ("completed", "epoch", "best")),
        (42, ("completed", "epoch")),
    ],
)
def test_what_a_narrow_terminal_has_no_room_for_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], trained: Run, columns: int, told: tuple[str]
) -> None:
    """Cut words and a bar without width say nothing."""
    monkeypatch.setenv("COLUMNS", str(columns))
    bar = Bar()
    bar.begin(trained)
    bar.update(trained)
    bar.end()
    line = capsys.readouterr().out.splitlines()[-1]
    assert "…" not in line
    assert len(line) <= columns
    assert trained.name in line
    assert re.findall("completed|epoch|loss|best|steps/s", line) == list(told)
    assert len(re.findall("[━╸╺]", line)) == (24 if columns == 140 else 10)


def test_words_left_out_do_not_come_back(monkeypatch: pytest.MonkeyPatch, trained: Run) -> None:
    """A loss that is a digit shorter for a moment would make the line flicker."""
    monkeypatch.setenv("COLUMNS", "40")
    bar = Bar()
    bar.begin(trained)
    assert bar._fitted({"epoch": "epoch 10/20", "loss": "loss 0.0123456789", "left": "5 s left"}) == "epoch 10/20"
    assert bar._fitted({"epoch": "epoch 11/20", "loss": "loss 1", "left": "5 s left"}) == "epoch 11/20"
    bar.end()
