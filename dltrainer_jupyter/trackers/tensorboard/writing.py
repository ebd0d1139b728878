"""One run's history on its way into its event files."""

from __future__ import annotations

import hashlib
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from dltrainer_jupyter.core.records import ErrorRecord, ValidationRecord
from dltrainer_jupyter.core.tracking import Artifact, Ending, Mark, TrackedRun, Update
from dltrainer_jupyter.trackers import series
from dltrainer_jupyter.trackers.pictures import confusion_png
from dltrainer_jupyter.trackers.tensorboard import summaries
from dltrainer_jupyter.trackers.tensorboard.graph import of_graph
from dltrainer_jupyter.trackers.tensorboard.hparams import START, of_end, of_start, table
from dltrainer_jupyter.trackers.tensorboard.log import Log
from dltrainer_jupyter.trackers.tensorboard.summaries import At

CONFUSION = "confusion_matrix"
_MOST_MATRICES = 100
"""Pictures of confusion matrices in a run; files only grow."""
_TEXTS = {".md", ".txt", ".yaml", ".yml", ".json"}
_LONGEST_TEXT = 200_000
"""Bytes; the page turns Markdown into HTML each time it is looked at."""
_LARGEST = float(np.finfo(np.float32).max)


class Writing:
    """Turns what a tracker is told into events.

    Parameters
    ----------
    folder : pathlib.Path
        Where the run's event files are.
    run : TrackedRun
        What is followed.
    sent : Mark
        How far it has been sent.

    Raises
    ------
    OSError
        From here as from any method, if a file can't be read or written.
    """

    def __init__(self, folder: Path, run: TrackedRun, sent: Mark) -> None:
        self._run = run
        self._step = sent.step
        self._epochs = int(run.spec.get("epochs", 1))
        self._log = Log(folder, run.created_at, sent)
        self._undrawn: ValidationRecord | None = None
        self._said: set[str] = set()

    def introduce(self) -> None:
        """Write what is known of the run as a whole, and isn't there yet."""
        run, held, now = self._run, self._log.held, time.time()
        if START not in held.tags:
            self._log.add([of_start(run)])
        if run.graph and not held.graph:
            self._log.add([of_graph(run.graph, now)])
        known: dict[str, Any] = {"id": run.id, "name": run.name, "framework": run.framework, "host": run.host}
        known |= {"environment": run.environment, "dataset": run.dataset}
        for tag, settings in {"configuration": run.spec, "run": known}.items():
            text = table(settings)
            if held.texts.get(tag) != text:
                self._log.add([summaries.of_text(At(tag, summaries.ABOUT, self._step, now), text)])
        self._log.sync()

    def send(self, update: Update) -> list[str]:
        """Write what has come, and wait until it is on the disk."""
        notes = [*self._numbers(update)]
        times = {epoch.epoch: epoch.time for epoch in update.epochs}
        for found in update.histograms:
            self._log.add([summaries.of_histogram(found, times.get(found.epoch, time.time()))])
        for validation in update.validations:
            self._show(validation, times.get(validation.epoch, time.time()))
        for event in update.events:
            mark, step = summaries.of_event(event.id), self._step if event.step is None else event.step
            at = At(f"events/{event.kind}", mark, step, event.at.timestamp())
            self._log.add([summaries.of_text(at, event.message)])
        self._log.sync()
        self._log.go_on()
        return notes

    def attach(self, artifact: Artifact) -> list[str]:
        """Write a picture or a short text; say of other files that they aren't kept."""
        is_text = artifact.path.suffix in _TEXTS and artifact.bytes <= _LONGEST_TEXT
        if artifact.kind != "image" and not is_text:
            note = f"TensorBoard keeps pictures and short texts only: '{artifact.name}' stays with the run."
            return self._once(artifact.kind, note)
        content = artifact.path.read_bytes()
        mark = summaries.of_file(hashlib.sha256(content).hexdigest())
        at = At(f"{'images' if artifact.kind == 'image' else 'files'}/{artifact.name}", mark, self._step, time.time())
        if (at.tag, mark) in self._log.held.files:
            return []
        try:
            event = (
                summaries.of_image(at, content)
                if artifact.kind == "image"
                else summaries.of_text(at, _quoted(content, artifact.path.suffix))
            )
        except summaries.NoPictureError:
            return [f"TensorBoard shows PNG, JPEG, GIF and BMP: '{artifact.name}' is none, and stays with the run."]
        self._log.add([event])
        self._log.sync()
        self._log.held.files.add((at.tag, mark))
        return []

    def end(self, ending: Ending) -> None:
        """Write how the run ended, which holds until it goes on."""
        at = ending.at.timestamp()
        if self._undrawn is not None:
            self._draw(self._undrawn, at)
            self._log.sync()
        events = [event for event in [of_end(ending)] if event is not None]
        if ending.error is not None:
            step = self._step if ending.error.step is None else ending.error.step
            events.append(summaries.of_text(At("error", summaries.ABOUT, step, at), _written(ending.error)))
        self._log.finish(events)

    def close(self) -> None:
        """Let go of the files."""
        self._log.close()

    def _numbers(self, update: Update) -> list[str]:
        notes = []
        for name, points in update.curves.items():
            tag = series.shown(name)
            self._log.add(summaries.of_curve(tag, points))
            self._step = max([self._step, *points.steps[-1:].tolist()])
            notes += self._too_large(tag, points.values)
        for epoch in update.epochs:
            mark = summaries.of_epoch(epoch.epoch)
            self._step = max(self._step, epoch.step)
            for name, value in series.values(epoch).items():
                self._log.add([summaries.of_scalar(At(name, mark, epoch.step, epoch.time), value)])
                notes += self._too_large(name, np.asarray([value], np.float64))
        return notes

    def _show(self, validation: ValidationRecord, at: float) -> None:
        """Draw as many confusion matrices as bear being kept; the last one is drawn when the run ends."""
        if validation.confusion is None:
            return
        every = math.ceil(self._epochs / _MOST_MATRICES)
        if validation.epoch % every == 0 or validation.epoch == self._epochs:
            self._draw(validation, at)
        else:
            self._undrawn = validation

    def _draw(self, validation: ValidationRecord, at: float) -> None:
        title = f"{self._run.name}, epoch {validation.epoch:,}"
        drawn = confusion_png(validation.confusion or [], validation.labels, title)
        mark = summaries.of_epoch(validation.epoch)
        self._log.add([summaries.of_image(At(CONFUSION, mark, validation.step, at), drawn)])
        self._undrawn = None

    def _too_large(self, tag: str, values: Any) -> list[str]:
        if not (np.isfinite(values) & (np.abs(values) > _LARGEST)).any():
            return []
        return self._once(tag, f"TensorBoard keeps 32-bit floats: values of '{tag}' beyond 3.4e38 are infinite in it.")

    def _once(self, topic: str, note: str) -> list[str]:
        if topic in self._said:
            return []
        self._said.add(topic)
        return [note]


def _quoted(content: bytes, suffix: str) -> str:
    text = content.decode(errors="replace")
    return text if suffix == ".md" else f"```\n{text}\n```"


def _written(error: ErrorRecord) -> str:
    trace = error.traceback.strip()
    return f"**{error.type}**: {error.message}" + (f"\n\n```\n{trace}\n```" if trace else "")
