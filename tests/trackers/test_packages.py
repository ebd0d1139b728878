"""A client that can't be imported is told as that, with the command that mends it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.shortening import shortened
from dltrainer_jupyter.core.tracking import Mark
from dltrainer_jupyter.testing.tracker_samples import tracked_run
from dltrainer_jupyter.trackers.neptune import Neptune
from dltrainer_jupyter.trackers.packages import not_importable
from dltrainer_jupyter.trackers.wandb import WandB

if TYPE_CHECKING:
    from pathlib import Path

TRACKERS = {"wandb": WandB(WandB.Config(mode="offline")), "neptune": Neptune(Neptune.Config())}
CALLED = {"wandb": "W&B", "neptune": "Neptune"}


@pytest.mark.parametrize("client", TRACKERS)
def test_a_missing_client_is_told_as_a_missing_package(client: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, client, None)
    with pytest.raises(TrackerError) as refused:
        TRACKERS[client].open(tracked_run(tmp_path / "run"), None, Mark())
    expected = f"""{CALLED[client]} isn't installed here: pip install "dltrainer-jupyter[{client}]"."""
    assert str(refused.value) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            ModuleNotFoundError("No module named 'bravado.client'", name="bravado.client"),
            'Neptune needs the package bravado, which isn\'t installed here: pip install "dltrainer-jupyter[neptune]".',
        ),
        (
            ImportError("cannot import name 'x' from 'y'\n(unknown location)"),
            (
                "Neptune can't be imported (cannot import name 'x' from 'y' (unknown location)): "
                'pip install --upgrade "dltrainer-jupyter[neptune]".'
            ),
        ),
    ],
    ids=["another package", "a broken one"],
)
def test_what_else_keeps_a_client_from_being_imported(error: ImportError, expected: str) -> None:
    assert not_importable(error, "Neptune", "neptune") == expected


def test_what_wandb_says_is_cut_behind_a_word(tmp_path: Path, monkeypatch: Any) -> None:
    said = "the run directory " + " ".join(f"word{number}" for number in range(100))

    def begin(*_: Any, **__: Any) -> None:
        raise RuntimeError(said)

    monkeypatch.setattr("dltrainer_jupyter.trackers.wandb.client.begin", begin)
    with pytest.raises(TrackerError) as refused:
        TRACKERS["wandb"].open(tracked_run(tmp_path / "run"), None, Mark())
    told = str(refused.value).partition(": ")[2].partition(" …")[0]
    assert said.startswith(f"{told} ")
    assert str(refused.value).endswith(" …. Free space there, or set `folder`.")


@pytest.mark.parametrize("text", ["a" * 100, "a " * 100, "word " * 30, f"short {'x' * 500}", "two\nlines, " * 20])
def test_a_shortened_text_is_one_line_no_longer_than_asked_for(text: str) -> None:
    found = shortened(text, 60)
    assert len(found) <= 60
    assert found.endswith("…")
    assert "\n" not in found
    assert shortened(found, 60) == found
