"""Neptune as a tracker."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import shutil
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.records import EventRecord
from dltrainer_jupyter.core.shortening import shortened
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Artifact, Ending, Histogram, Mark, Opened, Points, TrackedRun, Update
from dltrainer_jupyter.trackers.environment import environment
from dltrainer_jupyter.trackers.neptune.config import NeptuneSettings
from dltrainer_jupyter.trackers.neptune.operations import gather, points
from dltrainer_jupyter.trackers.neptune.parameters import LONGEST, fields, too_long
from dltrainer_jupyter.trackers.neptune.series import finite, lacking, series
from dltrainer_jupyter.trackers.packages import not_importable
from dltrainer_jupyter.trackers.pictures import confusion_png

if TYPE_CHECKING:
    from neptune import Run

_PLACE = "NEPTUNE_DATA_DIRECTORY"
_EVENTS = "events"
_LONGEST_EVENT = 1000
"""Characters of a text in a series; Neptune cuts off what is longer."""
_LONGEST = 160
"""Characters of what the client says."""
_FAILED = (State.FAILED, State.LOST)


class Neptune:
    """A run's copy in the files of Neptune's client, which send nothing anywhere by themselves.

    Parameters
    ----------
    config : NeptuneSettings
        What the copy is called, and where it lies.
    """

    Config = NeptuneSettings

    def __init__(self, config: NeptuneSettings) -> None:
        self.config = config
        self._folder: Path
        self._run: Run | None = None
        self._there: set[tuple[str, int]] = set()

    def open(self, run: TrackedRun, key: str | None, sent: Mark) -> Opened:
        """Begin, or go on with, the run's copy; see :class:`~dltrainer_jupyter.core.protocols.Tracker`."""
        # A folder of a person's own may hold several runs.
        self._folder = (self.config.folder.expanduser().absolute() / run.id) if self.config.folder else run.folder
        with self._writing():
            self._folder.mkdir(parents=True, exist_ok=True)
            gather(self._folder)
            self._there = points(self._folder, sent.step)
            self._run = opened = self._begin(key or run.id, run)
            about = {"id": run.id, "framework": run.framework, "host": run.host, "attempt": run.attempt}
            known = {**about, "environment": run.environment, "dataset": run.dataset}
            for path, value in [*fields(run.spec, "parameters"), *fields(known, "dltrainer")]:
                opened[path] = value
            self._flush(opened)
        notices = [] if key else [self._notice()]
        notices += [
            f"Neptune keeps texts of up to {LONGEST} characters; setting '{name}' was split into several."
            for name in too_long(run.spec)
        ]
        return Opened(key or run.id, str(self._folder), tuple(notices))

    def send(self, update: Update) -> Sequence[str]:
        """Add what has come; see :class:`~dltrainer_jupyter.core.protocols.Tracker`."""
        run = self._opened()
        notes: list[str] = []
        with self._writing():
            for name, points_of_it in series(update):
                notes += self._extend(run, name, points_of_it)
            for validation in update.validations:
                if validation.confusion:
                    picture = confusion_png(validation.confusion, validation.labels, f"Epoch {validation.epoch}")
                    self._upload(run, f"confusion/{_of(validation.epoch)}", picture, "png")
            for histogram in update.histograms:
                path = f"histograms/{histogram.kind}/{histogram.name}/{_of(histogram.epoch)}"
                self._upload(run, path, _written(histogram), "json")
            for event in update.events:
                notes += self._note(run, event)
            self._flush(run)
        return notes

    def attach(self, artifact: Artifact) -> Sequence[str]:
        """Add a file or a folder; see :class:`~dltrainer_jupyter.core.protocols.Tracker`."""
        run = self._opened()
        inside = [file for file in sorted(artifact.path.rglob("*")) if file.is_file()]
        files = {f"{artifact.name}/{file.relative_to(artifact.path).as_posix()}": file for file in inside}
        with self._writing():
            for name, file in (files or {artifact.name: artifact.path}).items():
                # The client only notes where a file lies, and it may be gone before somebody sends it.
                copy = self._folder / "files" / _inside(name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy.with_name(f".{copy.name}"))
                copy.with_name(f".{copy.name}").replace(copy)
                run[f"artifacts/{name}"].upload(str(copy))
            for path, value in fields(artifact.data, f"about/{artifact.name}"):
                run[path] = value
            self._flush(run)
        return ()

    def end(self, ending: Ending) -> Sequence[str]:
        """Say how the run ended; see :class:`~dltrainer_jupyter.core.protocols.Tracker`."""
        run = self._opened()
        with self._writing():
            run["sys/failed"] = ending.state in _FAILED
            run["dltrainer/state"] = ending.state.value
            run["dltrainer/ended_at"] = ending.at.isoformat()
            if ending.error is not None:
                for path, value in fields({"error": ending.error.message}, "dltrainer"):
                    run[path] = value
            self._flush(run)
        return ()

    def close(self) -> None:
        """Let go of the copy; see :class:`~dltrainer_jupyter.core.protocols.Tracker`."""
        run, self._run = self._run, None
        if run is not None:
            with self._writing():
                run.stop()
                gather(self._folder)

    def _begin(self, key: str, run: TrackedRun) -> Run:
        """Open the client's run, with this process's hooks and surroundings left as they are."""
        hook = sys.excepthook
        try:
            with warnings.catch_warnings():
                # What the client's own dependencies have to say to each other.
                warnings.simplefilter("ignore")
                import neptune
            # It says how it works at length, on standard output.
            logging.getLogger("neptune").setLevel(logging.ERROR)
            with environment({_PLACE: str(self._folder / ".neptune")}):
                return neptune.init_run(
                    mode="offline",
                    project=self.config.project,
                    custom_run_id=key,
                    name=run.name,
                    description=self.config.description,
                    tags=[*self.config.tags, run.framework],
                    capture_stdout=False,
                    capture_stderr=False,
                    capture_traceback=False,
                    capture_hardware_metrics=False,
                    git_ref=False,
                    source_files=[],
                )
        finally:
            # It takes the hook over for the rest of the process; nothing that happens here is the run's fault.
            sys.excepthook = hook

    def _extend(self, run: Run, name: str, given: Points) -> Iterator[str]:
        path = "/".join(part for part in f"metrics/{name}".split("/") if part)
        if path != f"metrics/{name}":
            yield f"Neptune takes no empty parts between slashes; series '{name}' is kept as '{path}'."
        kept, left_out = finite(lacking(given, path, self._there))
        if left_out:
            yield f"Neptune takes finite numbers only, so series '{name}' lacks {left_out}."
        if len(kept.steps):
            run[path].extend(kept.values.tolist(), steps=kept.steps.tolist(), timestamps=kept.times.tolist())

    def _upload(self, run: Run, path: str, content: bytes, extension: str) -> None:
        from neptune.types import File

        run[path].upload(File.from_content(content, extension=extension))

    def _note(self, run: Run, event: EventRecord) -> Iterator[str]:
        if (_EVENTS, event.id) in self._there:
            return
        text = f"{event.kind}: {event.message}" + (f" (step {event.step})" if event.step is not None else "")
        if len(text) > _LONGEST_EVENT:
            yield f"Neptune keeps {_LONGEST_EVENT} characters of an event; event {event.id} was shortened."
        run[_EVENTS].append(text[:_LONGEST_EVENT], step=event.id, timestamp=event.at.timestamp())

    def _flush(self, run: Run) -> None:
        run.wait(disk_only=True)

    def _opened(self) -> Run:
        if self._run is None:
            msg = "The copy for Neptune is closed; open it before something is sent."
            raise TrackerError(msg)
        return self._run

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Say in one line what keeps the client from writing."""
        try:
            yield
        except OSError as error:
            msg = (
                f"Neptune's client needs a folder it can write to, but {self._folder} isn't one: "
                f"{error.strerror or shortened(str(error), _LONGEST)}. Set `folder`, or free space there."
            )
            raise TrackerError(msg) from error
        except ImportError as error:
            raise TrackerError(not_importable(error, "Neptune", "neptune")) from error

    def _notice(self) -> str:
        # What its command imports has left newer versions of setuptools.
        lacks = importlib.util.find_spec("pkg_resources") is None
        needs = ' The command needs pip install "setuptools<81".' if lacks else ""
        return (
            "Neptune's hosted service closed on 2026-03-05, so this run is kept in files and nothing is sent. "
            f"`neptune sync --path {self._folder} --project {self.config.project} --offline-only` sends it to a server "
            f"of your own, which NEPTUNE_API_TOKEN names.{needs}"
        )


def _inside(name: str) -> Path:
    """Give the place of a copy, which is below the folder whatever the name is."""
    return Path(*(part for part in PurePosixPath(name).parts if part not in {"..", "/"}))


def _of(epoch: int) -> str:
    return f"epoch-{epoch:06d}"


def _written(histogram: Histogram) -> bytes:
    """Write a histogram, for which Neptune has no type of its own."""
    known = {"step": histogram.step, "edges": histogram.edges.tolist(), "counts": histogram.counts.tolist()}
    return json.dumps(known).encode()
