"""A run's files at MLflow, and what isn't a number: confusion matrices, histograms and events."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core import private
from dltrainer_jupyter.trackers.mlflow import failures
from dltrainer_jupyter.trackers.pictures import confusion_png

if TYPE_CHECKING:
    from dltrainer_jupyter.core.records import EventRecord, ValidationRecord
    from dltrainer_jupyter.core.tracking import Artifact, Histogram, Update
    from dltrainer_jupyter.trackers.mlflow.copies import Copy

SPECIFICATION = "specification.json"
EVENTS = "events.jsonl"


class Artifacts:
    """The place for files of MLflow's run.

    It may be another than that of its numbers, with credentials and packages of its own; where it can't be used, the
    numbers arrive all the same.

    Parameters
    ----------
    copy : Copy
        MLflow's run.
    folder : pathlib.Path
        Where files may be kept that grow.
    """

    def __init__(self, copy: Copy, folder: Path) -> None:
        self._copy = copy
        self._folder = folder
        self._shut: str | None = None

    def begin(self, spec: Mapping[str, Any]) -> list[str]:
        """Leave the whole specification there, and say if that can't be."""
        try:
            self._copy.client.log_dict(self._copy.run, dict(spec), SPECIFICATION)
        except Exception as error:  # any store's client may be behind it
            if failures.is_unreachable(error) or failures.is_full(error):
                raise
            self._shut = (
                f"MLflow's place for files can't be written from here, so no file is sent: {failures.shortened(error)}"
            )
            return [self._shut]
        return []

    def attach(self, artifact: Artifact) -> Sequence[str]:
        """Upload a file or a folder under its name, in place of what was there."""
        if self._shut:
            return [f"'{artifact.name}' isn't at MLflow. {self._shut}"]
        if artifact.path.is_dir():
            self._copy.client.log_artifacts(self._copy.run, str(artifact.path), artifact.name)
            return self._sweep(artifact)
        self._upload(artifact.path, artifact.name)
        return []

    def observe(self, update: Update) -> list[str]:
        """Upload what an update has besides numbers; its names say the step, so that it is there once."""
        if self._shut:
            return []
        # A folder at once: of a file by itself MLflow's client asks where it goes, each time.
        with TemporaryDirectory() as folder:
            for name, content in _observed(update):
                path = Path(folder) / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
            for kind in sorted(Path(folder).iterdir()):
                self._copy.client.log_artifacts(self._copy.run, str(kind), kind.name)
        if update.events:
            self._remember(update.events)
        return []

    def _remember(self, events: Sequence[EventRecord]) -> None:
        # MLflow has no lines that are added: the file grows here, and is uploaded whole.
        path = self._folder / EVENTS
        lines = path.read_bytes().splitlines() if path.exists() else []
        known = {json.loads(line)["id"]: line.decode() for line in lines}
        for event in events:
            content = {"id": event.id, "at": event.at.isoformat(), "step": event.step, "kind": event.kind}
            known[event.id] = json.dumps(content | {"message": event.message}, ensure_ascii=False)
        private.write(path, "".join(f"{known[number]}\n" for number in sorted(known)).encode())
        self._upload(path, EVENTS)

    def _upload(self, path: Path, name: str) -> None:
        place = PurePosixPath(name)
        folder = None if place.parent == PurePosixPath() else str(place.parent)
        if path.name == place.name:
            self._copy.client.log_artifact(self._copy.run, str(path), folder)
            return
        with TemporaryDirectory() as renamed:  # MLflow calls a file what it is called here
            self._copy.client.log_artifact(self._copy.run, shutil.copy(path, Path(renamed) / place.name), folder)

    def _sweep(self, artifact: Artifact) -> list[str]:
        """Remove what an older version of a folder had and this one hasn't."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        wanted = {f"{artifact.name}/{part.relative_to(artifact.path).as_posix()}" for part in artifact.path.rglob("*")}
        stale = [name for name in self._files(artifact.name) if name not in wanted]
        if not stale:
            return []
        try:
            place = self._copy.client.get_run(self._copy.run).info.artifact_uri
            repository: Any = get_artifact_repository(place, tracking_uri=self._copy.uri)
            for name in stale:
                repository.delete_artifacts(name)
        except Exception as error:  # noqa: BLE001 - not every store deletes; the new files are there
            return [f"Older files of '{artifact.name}' stay at MLflow: {failures.shortened(error)}"]
        return []

    def _files(self, folder: str) -> list[str]:
        found: list[str] = []
        for entry in self._copy.client.list_artifacts(self._copy.run, folder):
            found += self._files(entry.path) if entry.is_dir else [entry.path]
        return found


def _observed(update: Update) -> Iterator[tuple[str, bytes]]:
    """Give what an update has besides numbers and events as files, each in a folder."""
    newest: ValidationRecord | None = None
    for validation in update.validations:
        if validation.confusion is not None:
            known = {"epoch": validation.epoch, "step": validation.step, "labels": validation.labels}
            yield f"confusion/step-{validation.step:09d}.json", _json(known | {"matrix": validation.confusion})
            newest = validation
    if newest is not None:
        title = f"Epoch {newest.epoch}, step {newest.step:,}"
        yield "confusion/newest.png", confusion_png(newest.confusion or [], newest.labels, title)
    for epoch in sorted({histogram.epoch for histogram in update.histograms}):
        of_epoch = [_plain(histogram) for histogram in update.histograms if histogram.epoch == epoch]
        yield f"histograms/epoch-{epoch:06d}.json", _json({"epoch": epoch, "histograms": of_epoch})


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _plain(histogram: Histogram) -> dict[str, Any]:
    return {
        "kind": histogram.kind,
        "name": histogram.name,
        "step": histogram.step,
        "edges": histogram.edges.tolist(),
        "counts": histogram.counts.tolist(),
    }
