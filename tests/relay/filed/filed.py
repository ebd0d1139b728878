"""A tracker that keeps everything in a file, a line each, and refuses while somebody says so."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.tracking import Artifact, Ending, Mark, Opened, TrackedModel, TrackedRun, Update
from dltrainer_jupyter.trackers.settings import TrackerSettings


class Filed:
    """Keep a run in a file.

    Identical lines count as one, as identical points do at some trackers. A file beside it makes the next call do
    something else: ``down`` refuses, ``dies-N`` kills the process at the N-th send, ``hangs`` doesn't return while it
    is there, ``leaves`` ends the process as clients do, ``note`` holds what to give back.
    """

    class Config(TrackerSettings):
        """What the tracker can be told."""

        place: str = Field(default="", description="Folder of the files.")
        token: SecretStr | None = Field(default=None, description="What it asks for.")
        model: bool = Field(default=False, description="Log the model.")

    def __init__(self, config: Config) -> None:
        self.config = config
        self._place = Path(config.place or os.environ["FILED_PLACE"])
        self._file: Any = None
        self._sends = 0

    def open(self, run: TrackedRun, key: str | None, sent: Mark) -> Opened:
        self._refuse()
        if "refuse" in run.spec["name"]:
            msg = "It takes no run of this name; give it another."
            raise TrackerError(msg)
        self._place.mkdir(exist_ok=True)
        self._file = (self._place / f"{key or run.id}.jsonl").open("a")
        token = None if self.config.token is None else self.config.token.get_secret_value()
        self._write("open", [key, list(sent), run.attempt, run.folder.is_dir(), token and len(token)])
        self._write("run", run.spec)
        self._write("graph", [node.name for node in run.graph])
        return Opened(key or run.id, f"file://{self._place}/{run.id}.jsonl", ("Opened in a file.",))

    def send(self, update: Update) -> list[str]:
        self._refuse()
        while (self._place / "hangs").exists():
            threading.Event().wait(0.02)
        if (self._place / "leaves").exists():
            sys.exit("no quota")
        self._sends += 1
        for name, points in update.curves.items():
            for step, value, time in zip(points.steps, points.values, points.times, strict=True):
                self._write(f"curve {name}", [int(step), float(value), float(time)])
                if step % 500 == 0:
                    self._die()
        for epoch in update.epochs:
            self._write("epoch", [epoch.epoch, epoch.step, dict(epoch.values), epoch.time])
        for validation in update.validations:
            self._write("validation", [validation.epoch, validation.confusion])
        for histogram in update.histograms:
            self._write("histogram", [histogram.name, histogram.epoch])
        for event in update.events:
            self._write("event", [event.id, event.kind])
        self._write("sent", [update.again])
        self._file.flush()
        note = self._place / "note"
        return [note.read_text()] if note.exists() else []

    def attach(self, artifact: Artifact) -> list[str]:
        self._refuse()
        if (self._place / "refuses-files").exists() and artifact.kind == "checkpoint":
            msg = "too odd"
            raise OSError(msg)
        files = artifact.path.rglob("*") if artifact.path.is_dir() else [artifact.path]
        contents = {str(path.name): path.stat().st_size for path in files if path.is_file()}
        self._file.flush()
        self._write("artifact", [artifact.name, artifact.kind, contents, dict(artifact.data)])
        return []

    def log_model(self, model: TrackedModel) -> list[str]:
        self._refuse()
        self._write("model", [model.step, list(model.inputs.shape), list(model.predictor.outputs(model.inputs).shape)])
        return []

    def end(self, ending: Ending) -> list[str]:
        self._refuse()
        self._write("end", [str(ending.state), dict(ending.metrics), ending.error and ending.error.message])
        return []

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, kind: str, what: Any) -> None:
        self._file.write(json.dumps([kind, what]) + "\n")

    def _refuse(self) -> None:
        if (self._place / "down").exists():
            token = self.config.token and self.config.token.get_secret_value()
            msg = f"no answer from http://me:{token}@localhost at 0x7f00"
            raise ConnectionError(msg)

    def _die(self) -> None:
        for order in self._place.glob("dies-*"):
            if int(order.name.partition("-")[2]) <= self._sends:
                order.unlink()
                self._file.flush()
                os.kill(os.getpid(), signal.SIGKILL)
