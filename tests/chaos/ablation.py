"""What each saved field is good for: without it, a run must end otherwise, or refuse to go on.

A run is suspended in the middle of an epoch, after its best epoch, after its rate was changed by hand and by its
schedule, with half the patience of its early stopping used up and a gradient half accumulated. Its checkpoint is then
written again without one field, and the run goes on from it.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dltrainer_jupyter.checkpoints.format import Request, write
from dltrainer_jupyter.checkpoints.reader import load
from dltrainer_jupyter.core.protocols import FullState
from dltrainer_jupyter.executors import worker
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.tal import Run
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.submit import submit
from tests.chaos import subjects
from tests.chaos.fields import Field, fields
from tests.chaos.killing import Result
from tests.chaos.outcome import outcome

_SET_ANEW = "the loop sets the rate before the next step"
_NOBODY_DRAWS = "nothing in this training draws from it"
_TOLD_BY_EPOCH = "where an epoch is a pass, its number and the batches consumed tell the place"
_OF_A_LOADER = {
    "feed.counted": "the loader tells how many batches it has",
    "feed.stream.now": _TOLD_BY_EPOCH,
    "feed.stream.start": _TOLD_BY_EPOCH,
}
_LOGGED_AGAIN = "told again by the next log"
_QUANTITIES = (
    "training.training_step.train_loss",
    *(f"validation.validation_step.val_{m}" for m in ("loss", "accuracy")),
)
_LOGGED = {
    "flags": _LOGGED_AGAIN,
    "sums.has_reset": _LOGGED_AGAIN,
    "sums._forward_cache": _LOGGED_AGAIN,
    "sums._computed": "a cache, which the next batch empties",
    "sums._update_count": "for a warning of torchmetrics' alone",
}
WITHOUT_EFFECT = {
    "weights: model@ema/num_batches_tracked": "a count, which the average takes from the net at each update",
    "adapter.optimizers.optimizer.groups.0.lr": _SET_ANEW,
    "adapter.optimizers.optimizer.groups.0.initial_lr": "only PyTorch's own schedules read it",
    "adapter.optimizers.optimizer.groups.0.capturable": "for CUDA graphs alone",
    "adapter.optimizers.optimizer.groups.0.differentiable": "a fused step can't be differentiated, and doesn't look",
    "rate": "set anew at the next step; it is for the panel",
    "train_seconds": "a time, no result",
    "values": "the last epoch's, repeated in the manifests of checkpoints until the next epoch closes",
    "epochs": "another number says that the run was extended, which gives early stopping its patience back",
}
"""Fields that change nothing in the end, and why that is right."""
WITHOUT_EFFECT_IN: dict[str, dict[str, str]] = {
    "pytorch": {"adapter.global_generators.cpu": _NOBODY_DRAWS},
    "pytorch-workers0": {
        "adapter.global_generators.cpu": _NOBODY_DRAWS,
        "process": _NOBODY_DRAWS,
        **_OF_A_LOADER,
    },
    "lightning": {
        **_OF_A_LOADER,
        "adapter.global_generators.cpu": _NOBODY_DRAWS,
        "process": _NOBODY_DRAWS,
        "recorder": "the module logs its own training loss under that name",
        "recipe.logged.readable": "what the module may read of the last values; this one reads none",
        "recipe.logged.fx": "sums begin anew only where recipe.logged.first says so as well",
        "recipe.logged.first": "sums begin anew only where recipe.logged.fx says so as well",
        "recipe.epoch_stepped": "for schedulers that step once an epoch; this one does with each batch",
        "recipe.schedulers.0.base_lrs": "the cosine goes on from the optimizer's rate",
        "recipe.schedulers.0._step_count": "for a warning of PyTorch's alone",
        "recipe.schedulers.0._get_lr_called_within_step": "for a warning of PyTorch's alone",
        "recipe.schedulers.0._last_lr": "what get_last_lr tells until the next step",
        **{f"recipe.logged.{quantity}.{field}": why for quantity in _QUANTITIES for field, why in _LOGGED.items()},
    },
    "keras": {
        "adapter.global_generator": _NOBODY_DRAWS,
        "adapter.rate": "the optimizer follows a schedule of its own",
        "process": _NOBODY_DRAWS,
        "recorder": "the model measures its training loss itself",
    },
    "jax": {"process": _NOBODY_DRAWS, "optimizer: optimizer/learning_rate": _SET_ANEW},
}
"""The same for one subject; another one covers the field."""

_LOOKS = 228
"""Looks at the bell until the fifth epoch, of 45 steps and 6 batches of validation each."""
_LOOKS_WITH_A_LOADER = 414
"""The same with 88 steps and 7 batches."""
_SCHEDULED = ("lightning", "keras")
"""Subjects whose models bring schedules of their own."""
_BATCHED = ("lightning", "pytorch-workers0")
"""Subjects whose loaders bring batches of their own."""
_CHANGES: dict[str, Any] = {
    "batch_size": 32,
    "epochs": 9,
    "scheduler": {"type": "plateau", "factor": 0.5, "patience": 1},
    # The first epoch's loss is the highest, so every later one counts as no improvement.
    "monitor_mode": "max",
    "early_stopping": {"patience": 6},
    "checkpoint": {"every_seconds": 0.2, "keep": 10_000},
    # The loop looks at the bell once a call.
    "fast": {"several_steps": False},
}


class SuspendingBell(Doorbell):
    """Asks for a suspension once the loop has looked at it so many times."""

    def __init__(self, looks: int) -> None:
        self._looks = looks
        super().__init__()

    @property
    def rung(self) -> bool:
        """Looked at after every step, batch of validation, and epoch."""
        self._looks -= 1
        self.suspend = self.suspend or self._looks == 0
        return self._rung or self.suspend

    @rung.setter
    def rung(self, value: bool) -> None:
        self._rung = value


class Place:
    """A trainer in this process, as alone in it as in one of its own."""

    name = "process"
    needs_pickling = True

    def __init__(self, bell: Doorbell | None = None, rate: float | None = None) -> None:
        self._bell = bell or Doorbell()
        self._rate = rate

    def start(self, store_url: str, run_id: str) -> None:
        """Train, at a rate set by hand if one is given, and return when the run has ended."""
        if self._rate is not None:
            Run(run_id, Store.open(store_url)).set(learning_rate=self._rate)
        worker.main(store_url, run_id, executor="process", bell=self._bell, owns_process=True)


class Ablation:
    """Takes fields out of a checkpoint of a suspended run.

    Parameters
    ----------
    subject : str
        One of :data:`tests.chaos.subjects.NAMES`.
    folder : pathlib.Path
        For copies.
    """

    def __init__(self, subject: str, folder: Path) -> None:
        self._folder = folder
        self._subject = subject
        self._run = suspended(subject)
        newest = self._run.checkpoints[-1]
        self._saved, self._manifest = load(Path(newest.path))
        self._fresh, _ = load(Path(self._run.checkpoints[0].path))
        found, _ = self._goes_on(self._saved)
        if found["state"] != "completed":
            msg = f"expected the run to go on to its end, it is {found['state']}"
            raise AssertionError(msg)
        self._expected = found

    def fields(self) -> Iterator[Field]:
        """Give the checkpoint without each of its fields; first of all without none."""
        yield Field("(nothing)", "reset", self._saved)
        yield from fields(self._saved, self._fresh)

    def without(self, field: Field) -> Result:
        """Go on without a field, and see what that changes."""
        began = time.perf_counter()
        found, error = self._goes_on(field.without)
        effect = error or _told(found, self._expected)
        reasons = WITHOUT_EFFECT | WITHOUT_EFFECT_IN.get(self._subject, {})
        explained = next((why for name, why in reasons.items() if _is_below(field.name, name)), None)
        if field.name == "(nothing)":
            right, effect = not effect, effect or "nothing, as it must be"
        else:
            right = bool(effect) or explained is not None
            effect = effect or (f"nothing: {explained}" if explained else "NOTHING")
        return Result(f"{field.how}: {effect}", field.name, 0, right, time.perf_counter() - began, [effect])

    def _goes_on(self, state: FullState) -> tuple[dict[str, Any], str | None]:
        """Resume a copy of the run from a state; return how it ended, and the error if it did by one."""
        run, path = self._copy()
        request = Request(
            state,
            self._manifest.step,
            self._manifest.epoch,
            frozenset({"last"}),
            self._manifest.metrics,
            self._manifest.signature,
            self._manifest.versions,
        )
        shutil.rmtree(path)
        assert write(path.parent, request).path == path
        run.store.request_start(run.id)
        run.start(Place())
        error = None
        if run.state == "failed" and run.error is not None:
            verb = "refused" if run.error.type == "CheckpointError" else f"fails with {run.error.type}"
            error = f"{verb}: {run.error.message}"
        return outcome(run), error

    def _copy(self) -> tuple[Run, Path]:
        """Copy the suspended run, with a store of its own; give also the newest checkpoint's path."""
        home = self._folder / "copy"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self._run.folder, home / "run")
        number = len(list(self._folder.glob("store*.db")))
        database = self._folder / f"store{number}.db"
        source = self._run.store.url.removeprefix("sqlite:///")
        with sqlite3.connect(source) as original, sqlite3.connect(database) as copied:
            original.backup(copied)
            old, new = str(self._run.folder), str(home / "run")
            copied.execute("UPDATE training_jobs SET folder = ? WHERE id = ?", (new, self._run.id))
            copied.execute("UPDATE training_checkpoints SET path = replace(path, ?, ?)", (old, new))
        run = Run(self._run.id, Store.open(f"sqlite:///{database}"))
        return run, Path(run.checkpoints[-1].path)


def suspended(subject: str) -> Run:
    """Train until the middle of the fifth epoch, with a gradient half accumulated, and suspend."""
    brought = {"scheduler": _SCHEDULED, "batch_size": _BATCHED}
    changes = {key: value for key, value in _CHANGES.items() if subject not in brought.get(key, ())}
    spec, own = describe(subjects.settings(subject, name="ablated", executor="process", **changes))
    looks = _LOOKS_WITH_A_LOADER if "data" in spec.user_objects and spec.recipe.type != "keras" else _LOOKS
    run = submit(spec, own, place=Place(SuspendingBell(looks), rate=7e-4))
    while _is_even(run):
        run.store.request_start(run.id)
        run.start(Place(SuspendingBell(looks=2)))
    return run


def _is_even(run: Run) -> bool:
    """Tell whether the run stands where an epoch begins, or where gradients were just applied."""
    if run.state != "suspended":
        msg = f"expected a suspended run, it is {run.state}: {run.error}"
        raise AssertionError(msg)
    meta, every = load(Path(run.checkpoints[-1].path))[0].meta, run.spec.gradient_accumulation
    return meta["consumed"] == 0 or (every > 1 and meta["step"] % every == 0)


def _is_below(name: str, field: str) -> bool:
    return name == field or name.startswith(f"{field}.")


def _told(found: dict[str, Any], expected: dict[str, Any]) -> str:
    """Name the results that differ; what the last checkpoint holds besides weights is none."""
    keys = ("digest", "best_digest", "best", "history", "curves", "validations")
    return ", ".join(key for key in keys if found[key] != expected[key])
