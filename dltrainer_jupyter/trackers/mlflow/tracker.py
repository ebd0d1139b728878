"""The tracker: a run's copy at MLflow, by MLflow's own client and without its global run."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.finding import fault, good, note
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Opened
from dltrainer_jupyter.trackers.mlflow import models, places
from dltrainer_jupyter.trackers.mlflow.artifacts import Artifacts
from dltrainer_jupyter.trackers.mlflow.copies import Copy, opened
from dltrainer_jupyter.trackers.mlflow.failures import mended
from dltrainer_jupyter.trackers.mlflow.metrics import BATCH, Row, not_yet_there, rows
from dltrainer_jupyter.trackers.mlflow.naming import Names
from dltrainer_jupyter.trackers.mlflow.settings import MLflowSettings
from dltrainer_jupyter.trackers.mlflow.surroundings import few_tries, surroundings
from dltrainer_jupyter.trackers.reaching import why_silent

if TYPE_CHECKING:
    from dltrainer_jupyter.core.finding import Finding
    from dltrainer_jupyter.core.tracking import Artifact, Ending, Mark, TrackedModel, TrackedRun, Update

_STATUSES: dict[State, str] = {
    State.COMPLETED: "FINISHED",
    # MLflow's KILLED is "killed by a user".
    State.STOPPED: "KILLED",
    State.FAILED: "FAILED",
    State.LOST: "FAILED",
    # Of those that MLflow has, the one that isn't over: its page shows a clock, "will run at a later time".
    State.SUSPENDED: "SCHEDULED",
}
_PATIENCE = 20
_FILES_PATIENCE = 120
"""Seconds for an answer; a server that has taken a large file passes it on before it answers."""


class MLflow:
    """Keep a run at MLflow: parameters, metrics, data, files, and its best model in its own flavour.

    Parameters
    ----------
    config : MLflow.Config
        Settings.

    Examples
    --------
    >>> tracker = MLflow(MLflow.Config(uri="http://localhost:5000", experiment="digits"))
    >>> tracker.config.steps
    10
    """

    description: ClassVar[str] = "Keep the run at an MLflow tracking server or in a database of MLflow's."

    class Config(MLflowSettings):
        """Settings."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._copy: Copy | None = None
        self._names = Names()
        self._infinities_told = False

    def reached(self) -> Iterator[Finding]:
        """Ask the server whether it is well, where there is one."""
        uri = self.config.uri or os.environ.get("MLFLOW_TRACKING_URI", "")
        if not uri and find_spec("mlflow") is None:
            return  # nobody asked for it
        if not uri:
            yield note("mlflow: no server is named; copies are kept where MLflow does by default.")
        elif wrong := places.misspelt(uri):
            yield fault(f"mlflow: {wrong}.", "export MLFLOW_TRACKING_URI=http://HOST:5000")
        elif not places.is_server(uri):
            yield good(f"mlflow: copies are kept at {places.shown(uri)}.")
        elif why := why_silent(f"{uri.rstrip('/')}/health"):
            where = places.shown(uri)
            yield fault(f"mlflow: {where} doesn't answer: {why}.", f"mlflow server --port {urlsplit(uri).port or 5000}")
        else:
            yield good(f"mlflow: {places.shown(uri)} answers.")

    def open(self, run: TrackedRun, key: str | None, sent: Mark) -> Opened:  # noqa: ARG002 - rows say what they are
        """Find MLflow's run, or make it; see :class:`~dltrainer_jupyter.core.protocols.trackers.Tracker`."""
        uri = self.config.uri or os.environ.get("MLFLOW_TRACKING_URI", "")
        with surroundings(self.config.token), mended(places.shown(uri) or "its default place"):
            if not uri:
                import mlflow

                uri = mlflow.get_tracking_uri()
            notices: list[str] = []
            with few_tries() if places.is_database(uri) else nullcontext():
                copy = opened(self.config, uri, run, key, names=self._names, notices=notices)
            self._artifacts = Artifacts(copy, run.folder)
            notices += self._artifacts.begin(run.spec)
        self._copy = copy
        return Opened(copy.run, places.page(uri, copy.experiment, copy.run), tuple(notices))

    def send(self, update: Update) -> Sequence[str]:
        """Log metrics with the times they have; what isn't a number becomes an artifact."""
        copy, notes = self._opened(), list[str]()
        with self._asking():
            found = rows(update, self._names, notes, system=self.config.system_metrics)
            if update.again and not places.is_database(copy.uri):
                # MLflow's databases ignore a row that is there already. Its files don't, and nobody can tell by a
                # server's address which of them it has.
                found = not_yet_there(copy, list(found))
            self._log(copy, found, notes)
            notes += self._artifacts.observe(update)
        return notes

    def attach(self, artifact: Artifact) -> Sequence[str]:
        """Upload a file or a folder; the same name again takes the other's place."""
        self._opened()
        with self._asking(_FILES_PATIENCE):
            return self._artifacts.attach(artifact)

    def end(self, ending: Ending) -> Sequence[str]:
        """Give MLflow's run the status it ended with; an error's message is a tag."""
        copy, status, notes = self._opened(), _STATUSES.get(ending.state), list[str]()
        with self._asking():
            copy.tag("dltrainer.state", str(ending.state))
            if ending.error is not None:
                notes += copy.tag("dltrainer.error", f"{ending.error.type}: {ending.error.message}")
            elif "dltrainer.error" in copy.client.get_run(copy.run).data.tags:
                copy.client.delete_tag(copy.run, "dltrainer.error")
            if status == "SCHEDULED":
                copy.client.update_run(copy.run, status=status)  # without a time at which it ended
            elif status is not None:
                copy.client.set_terminated(copy.run, status, int(ending.at.timestamp() * 1000))
        return notes

    def log_model(self, model: TrackedModel) -> Sequence[str]:
        """Log a model in its framework's flavour, as an output of MLflow's run."""
        copy = self._opened()
        with self._asking(_FILES_PATIENCE):
            return models.log(copy, model)

    def close(self) -> None:
        """Let go of the client, which holds nothing but connections."""
        self._copy = None

    @contextmanager
    def _asking(self, patience: int = _PATIENCE) -> Iterator[None]:
        with surroundings(self.config.token, patience), mended(places.shown(self._opened().uri)):
            yield

    def _opened(self) -> Copy:
        if self._copy is None:
            msg = "MLflow's run isn't open: call open() first."
            raise TrackerError(msg)
        return self._copy

    def _log(self, copy: Copy, found: Iterator[Row], notes: list[str]) -> None:
        from mlflow.entities import Metric

        infinite = False
        while batch := list(itertools.islice(found, BATCH)):
            metrics = [Metric(row.name, row.value, row.milliseconds, row.step) for row in batch]
            copy.client.log_batch(copy.run, metrics=metrics)
            infinite = infinite or any(row.is_infinite for row in batch)
        keeps = not places.is_server(copy.uri) and not places.is_database(copy.uri)
        if infinite and not keeps and not self._infinities_told:
            self._infinities_told = True
            notes.append("MLflow's databases keep no infinite value: it is the largest number there, ±1.797e308.")
