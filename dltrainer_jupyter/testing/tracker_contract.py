"""What every tracker must do, whatever program lies behind it.

Examples
--------
>>> class TestMyTracker(TrackerContract):  # doctest: +SKIP
...     @pytest.fixture
...     def make(self, tmp_path):
...         return lambda: MyTracker(MyTracker.Config(url=f"file://{tmp_path}"))
...
...     @pytest.fixture
...     def held(self):
...         return lambda opened: Held(series=..., parameters=..., artifacts=...)
"""

# ruff: noqa: S101, S603, PLR2004 - assert is how a test speaks, expected values are written where they are expected

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from dltrainer_jupyter.core.protocols import Tracker
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Epoch, Mark, Opened, Points, Update
from dltrainer_jupyter.testing.tracker_samples import (
    BEGAN,
    checkpoint_artifact,
    ending,
    expected,
    file_artifact,
    observations,
    same,
    tracked_run,
    update,
)

LONG = 100_000
"""Steps of the long run."""
NOTHING = Mark()


@dataclass(frozen=True)
class Held:
    """What a tracker's own reader gives back of one run."""

    series: Mapping[str, list[tuple[int, float]]]
    """Points by name, as (step, value), in the order of steps; a point that is there twice stands here twice."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The run's configuration, flat, with dots in its keys: ``model.type``. Values may be text."""
    artifacts: frozenset[str] = frozenset()
    """Names of files; those of a folder with the folder's name and a slash before them."""


class TrackerContract:
    """Subclass it and override ``make`` and ``held``, and say what the tracker can't keep."""

    client: ClassVar[str] = ""
    """The package that must not be imported before a run is opened; empty if the tracker needs none."""
    keeps_nan: ClassVar[bool] = True
    keeps_infinities: ClassVar[bool] = True
    """Where it doesn't, ``send`` says so."""
    keeps_artifacts: ClassVar[bool] = True
    tolerance: ClassVar[float] = 0.0
    """How far a value that is read back may be from what was sent, relatively: 1e-7 for 32-bit floats."""

    @pytest.fixture
    def make(self) -> Callable[[], Tracker]:
        """Give a function that makes a tracker, each time for the same place."""
        raise NotImplementedError

    @pytest.fixture
    def held(self) -> Callable[[Opened], Held]:
        """Give a function that reads back what is there, after the tracker was closed."""
        raise NotImplementedError

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Give the folder in which the run's files lie."""
        return tmp_path / "run"

    def _sent(self, make: Callable[[], Tracker], folder: Path, *updates: Update, **changes: Any) -> Opened:
        """Open a run, send updates, and close it."""
        tracker = make()
        opened = tracker.open(tracked_run(folder, **changes), None, NOTHING)
        for one in updates:
            assert list(tracker.send(one)) == []
        tracker.close()
        return opened

    def _agree(self, held: Held, *updates: Update) -> None:
        wanted = expected(*updates)
        assert {name: len(found) for name, found in held.series.items() if name in wanted} == {
            name: len(found) for name, found in wanted.items()
        }
        for name, found in wanted.items():
            steps, values = zip(*found, strict=True)
            there, kept = zip(*held.series[name], strict=True)
            assert there == steps, name
            np.testing.assert_allclose(kept, values, rtol=self.tolerance, atol=0, err_msg=name)

    # --- what it is sent --------------------------------------------------------------------------------

    def test_making_one_imports_no_client(self, make: Callable[[], Tracker]) -> None:
        """A run's settings are checked where the client must not be imported."""
        kind = type(make())
        code = (
            f"import sys; from {kind.__module__} import {kind.__qualname__} as Kind; Kind(Kind.Config()); "
            f"sys.exit({self.client!r} in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

    def test_it_gives_back_what_it_was_sent(
        self, make: Callable[[], Tracker], held: Callable[[Opened], Held], folder: Path
    ) -> None:
        """Series and epochs, of several updates, each point once."""
        sent = [update(1, 250), update(251, 1000)]
        self._agree(held(self._sent(make, folder, *sent)), *sent)

    def test_it_knows_how_the_run_is_configured(
        self, make: Callable[[], Tracker], held: Callable[[Opened], Held], folder: Path
    ) -> None:
        """With nested settings, and no secret."""
        there = held(self._sent(make, folder, update(1, 100))).parameters
        assert str(there["epochs"]) == "10"
        assert str(there["model.type"]) == "mlp"
        assert float(there["learning_rate"]) == 0.001
        assert str(there["validation.interval"]) == "1"

    def test_what_isnt_a_number_arrives_too(
        self, make: Callable[[], Tracker], held: Callable[[Opened], Held], folder: Path
    ) -> None:
        """Confusion matrices, histograms and events are taken, with as many numbers as without them."""
        sent = replace(update(1, 100), **observations(1))
        self._agree(held(self._sent(make, folder, sent)), sent)

    def test_values_that_arent_finite_are_kept_or_named(
        self, make: Callable[[], Tracker], held: Callable[[Opened], Held], folder: Path
    ) -> None:
        """Nothing is dropped silently, and the finite ones beside them are all there."""
        values = np.asarray([1.0, math.nan, math.inf, -math.inf, 2.0])
        steps = np.arange(1, 6, dtype=np.int64)
        epoch = Epoch(1, 5, {"val_loss": math.nan, "val_accuracy": 0.5}, BEGAN + 5)
        sent = Update({"train_loss": Points(steps, values, BEGAN + steps / 1000)}, [epoch])
        tracker = make()
        opened = tracker.open(tracked_run(folder), None, NOTHING)
        notes = " ".join(tracker.send(sent))
        tracker.close()
        there = held(opened).series
        found = dict(there["step/train_loss"])
        assert (found[1], found[5]) == (1.0, 2.0)
        if self.keeps_nan:
            assert math.isnan(found[2])
            assert math.isnan(dict(there["val_loss"])[5])
        if self.keeps_infinities:
            assert (found[3], found[4]) == (math.inf, -math.inf)
        assert bool(notes) == (not (self.keeps_nan and self.keeps_infinities)), notes
        assert dict(there["val_accuracy"]) == pytest.approx({5: 0.5})

    @pytest.mark.parametrize("name", ["träin löss (50%) #1", "a:b|c*d?e\"f'", "x" * 300], ids=["odd", "marks", "long"])
    def test_any_name_of_a_series_is_taken(
        self, make: Callable[[], Tracker], held: Callable[[Opened], Held], folder: Path, name: str
    ) -> None:
        """Under a name of its own if need be, and then a note says under which."""
        tracker = make()
        opened = tracker.open(tracked_run(folder), None, NOTHING)
        sent = update(1, 20, name, "train_loss")
        notes = list(tracker.send(sent))
        tracker.close()
        there = held(opened).series
        wanted = expected(sent)[f"step/{name}"]
        same_values = [found for found in there if same(_near(there[found], wanted), wanted)]
        assert len(same_values) == 1, sorted(there)
        assert bool(notes) == (same_values != [f"step/{name}"]), notes

    @pytest.mark.parametrize("name", ["run", "träining № 1 (β)", "x" * 120, "..", "a:b*c?"])
    def test_any_name_of_a_run_is_taken(
        self, make: Callable[[], Tracker], held: Callable[[Opened], Held], folder: Path, name: str
    ) -> None:
        """What a specification allows as a name finds its place."""
        sent = update(1, 100)
        self._agree(held(self._sent(make, folder, sent, name=name)), sent)

    def test_long_settings_are_kept_or_named(
        self, make: Callable[[], Tracker], held: Callable[[Opened], Held], folder: Path
    ) -> None:
        """A setting longer than the tracker takes is split, or shortened with a note."""
        text = "".join(f"{number:06d}" for number in range(5_000))
        spec = {**tracked_run(folder).spec, "model": {"type": "mlp", "comment": text}}
        tracker = make()
        opened = tracker.open(tracked_run(folder, spec=spec), None, NOTHING)
        tracker.close()
        there = held(opened).parameters
        kept = "".join(str(value) for key, value in sorted(there.items()) if key.startswith("model.comment"))
        assert kept.startswith("000000000001000002")
        assert kept == text or any("comment" in notice for notice in opened.notices), opened.notices

    def test_files_and_folders_are_attached(
        self, make: Callable[[], Tracker], held: Callable[[Opened], Held], folder: Path, tmp_path: Path
    ) -> None:
        """The same name again is a newer version."""
        tracker = make()
        opened = tracker.open(tracked_run(folder), None, NOTHING)
        notes: list[str] = []
        for artifact in (
            file_artifact(tmp_path / "1", "report.md", "first"),
            file_artifact(tmp_path / "2", "report.md", "second"),
            checkpoint_artifact(tmp_path / "3", 100),
        ):
            notes += tracker.attach(artifact)
        tracker.close()
        if not self.keeps_artifacts:
            assert notes
            return
        there = held(opened).artifacts
        assert {"report.md", "checkpoints/step-100/weights.safetensors", "checkpoints/step-100/manifest.json"} <= there
        assert notes == []

    # --- going on ---------------------------------------------------------------------------------------

    def test_a_resumed_run_goes_on_in_the_same_copy(
        self, make: Callable[[], Tracker], held: Callable[[Opened], Held], folder: Path
    ) -> None:
        """It is found again by its key, after an end too."""
        first, second = update(1, 250), update(251, 500)
        tracker = make()
        opened = tracker.open(tracked_run(folder), None, NOTHING)
        tracker.send(first)
        tracker.end(ending(State.SUSPENDED))
        tracker.close()
        tracker = make()
        again = tracker.open(tracked_run(folder, attempt=2), opened.key, Mark(250, 2, 0))
        assert again.key == opened.key
        assert list(tracker.send(second)) == []
        tracker.end(ending())
        tracker.close()
        self._agree(held(again), first, second)

    @pytest.mark.parametrize("arrived", [0, 1, 130, 250], ids=["nothing", "one", "half", "all"])
    def test_what_is_sent_again_is_there_once(
        self, make: Callable[[], Tracker], held: Callable[[Opened], Held], folder: Path, arrived: int
    ) -> None:
        """However much of it arrived before the one who sent it died."""
        first, second = update(1, 250), update(251, 500)
        tracker = make()
        opened = tracker.open(tracked_run(folder), None, NOTHING)
        tracker.send(first)
        if arrived:
            tracker.send(update(251, 250 + arrived))
        tracker.close()
        tracker = make()
        again = tracker.open(tracked_run(folder, attempt=2), opened.key, Mark(250, 2, 0))
        tracker.send(replace(second, again=True))
        tracker.send(update(501, 600))
        tracker.close()
        self._agree(held(again), first, second, update(501, 600))

    @pytest.mark.parametrize("state", [State.COMPLETED, State.STOPPED, State.SUSPENDED, State.FAILED, State.LOST])
    def test_every_end_is_told(self, make: Callable[[], Tracker], folder: Path, state: State) -> None:
        """And nothing breaks if it is told twice, or the tracker is closed twice."""
        tracker = make()
        tracker.open(tracked_run(folder), None, NOTHING)
        tracker.send(update(1, 100))
        assert list(tracker.end(ending(state))) == []
        tracker.end(ending(state))
        tracker.close()
        tracker.close()

    @pytest.mark.slow
    def test_a_long_run_arrives_whole(
        self, make: Callable[[], Tracker], held: Callable[[Opened], Held], folder: Path
    ) -> None:
        """A hundred thousand steps, sent in pieces, with every epoch."""
        sent = [update(first, first + 9_999, "train_loss") for first in range(1, LONG + 1, 10_000)]
        self._agree(held(self._sent(make, folder, *sent)), *sent)


def _near(found: list[tuple[int, float]], wanted: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Take wanted values for found ones that differ from them by rounding to 32 bits only."""
    known = dict(wanted)

    def rounded(step: int, value: float) -> float:
        return known[step] if math.isclose(known.get(step, math.nan), value, rel_tol=1e-6) else value

    return [(step, rounded(step, value)) for step, value in found]
