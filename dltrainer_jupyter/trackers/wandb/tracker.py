"""Weights & Biases as a tracker."""

from __future__ import annotations

import io
import math
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.finding import fault, good, note
from dltrainer_jupyter.core.records import ValidationRecord
from dltrainer_jupyter.core.shortening import shortened
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Artifact, Ending, Histogram, Mark, Opened, TrackedRun, Update
from dltrainer_jupyter.trackers.packages import not_importable
from dltrainer_jupyter.trackers.reaching import why_silent
from dltrainer_jupyter.trackers.tokens import shown
from dltrainer_jupyter.trackers.wandb import client
from dltrainer_jupyter.trackers.wandb.artifacts import artifact_of
from dltrainer_jupyter.trackers.wandb.config import WandBSettings
from dltrainer_jupyter.trackers.wandb.rows import rows
from dltrainer_jupyter.trackers.wandb.transaction_log import STEP, Copy, Tail, logs, missing, records

if TYPE_CHECKING:
    import wandb

    from dltrainer_jupyter.core.finding import Finding

_GLANCE = 0.02
"""Seconds between two looks at the file."""
_SLOWEST = 500_000
"""Bytes a second that a connection must manage to count as one."""
_MOST_BINS = 512
"""More bins W&B's histograms don't take."""
_LONGEST = 160
"""Characters of what the client says."""
_REFUSED = re.compile(r"\b40[13]\b|api key|unauthorized|permission", re.IGNORECASE)
"""How the server says no."""
_WELL = (State.COMPLETED, State.STOPPED)
_RESTS = (State.SUSPENDED,)


class WandB:
    """A run's copy at Weights & Biases.

    Everything of a step is one row of history, whose column ``step`` is the axis of all charts: W&B's own count of rows
    only ever rises, so no row is refused for coming late. What was sent has arrived when it is in W&B's file on this
    disk; online it goes to the server from there, and what the server lacks is sent again when the run is opened.

    Parameters
    ----------
    config : WandBSettings
        Where the copy is kept.
    """

    Config = WandBSettings

    def __init__(self, config: WandBSettings) -> None:
        self.config = config
        self._tracked: TrackedRun
        self._key: str
        self._folder: Path
        self._run: wandb.Run | None = None
        self._there = Copy()
        self._tail: Tail
        self._next = 0
        self._told: State | None = None

    def reached(self) -> Iterator[Finding]:
        """Ask the server, where copies are kept there."""
        server = shown(self.config.server())
        if self.config.kept() == "offline" and find_spec("wandb") is None:
            return  # nobody asked for it
        if self.config.kept() == "offline":
            yield note("wandb: copies are kept in files, offline; `wandb sync` sends them later.")
        elif not self.config.key():
            yield fault(f"wandb: {server} needs an API key, and there is none.", "wandb login")
        elif why := why_silent(self.config.server()):
            yield fault(f"wandb: {server} doesn't answer: {why}.", "export WANDB_MODE=offline")
        else:
            yield good(f"wandb: {server} answers.")

    def open(self, run: TrackedRun, key: str | None, sent: Mark) -> Opened:
        """Begin, or go on with, the run's copy; see :class:`~dltrainer_jupyter.core.protocols.Tracker`."""
        self._tracked = run
        self._folder = (self.config.folder or run.folder).expanduser().absolute()
        _check_folder(self._folder)
        online = self.config.kept() == "online"
        if online and not self.config.key():
            msg = (
                f"W&B at {shown(self.config.server())} needs an API key and there is none; "
                "run `wandb login`, set WANDB_API_KEY, or say `mode: offline`."
            )
            raise TrackerError(msg)
        self._key = key or client.free_key(run.id)
        self._begin(sent)
        url = (self._run.url if self._run else None) if online else None
        return Opened(self._key, url or str(self._folder), () if online or key else (self._notice(),))

    def send(self, update: Update) -> Sequence[str]:
        """Add what has come; see :class:`~dltrainer_jupyter.core.protocols.Tracker`."""
        run, notes = self._opened(), []

        def measure(histogram: Histogram) -> Any:
            import wandb

            if len(histogram.counts) > _MOST_BINS:
                notes.append(
                    f"W&B takes histograms of up to {_MOST_BINS} bins; '{histogram.name}' of epoch {histogram.epoch} "
                    f"has {len(histogram.counts)} and was left out."
                )
                return None
            return wandb.Histogram(np_histogram=(histogram.counts, histogram.edges))

        for row in rows(update, self._there, _drawn, measure):
            run.log(row, step=self._next, commit=True)
            self._next += 1
        self._await(lambda: self._tail.copy.rows >= self._next, "rows")
        return notes

    def attach(self, artifact: Artifact) -> Sequence[str]:
        """Add a file or a folder; see :class:`~dltrainer_jupyter.core.protocols.Tracker`."""
        run = self._opened()
        with client.surroundings(self._folder):
            made, aliases = artifact_of(artifact, self._tracked)
            known = "\n".join([made.name, made.manifest.digest(), *sorted(aliases)])
            if known in self._there.artifacts:
                return ()
            logged = run.log_artifact(made, aliases=aliases)
        if self.config.kept() == "online":
            logged.wait(timeout=int(self.config.patience + artifact.bytes / _SLOWEST))
        else:
            self._await(lambda: known in self._tail.copy.artifacts, f"'{artifact.name}'")
        self._there.artifacts.add(known)
        return ()

    def end(self, ending: Ending) -> Sequence[str]:
        """Say how the run ended; see :class:`~dltrainer_jupyter.core.protocols.Tracker`."""
        if self._told == ending.state:
            return ()
        run = self._opened()
        run.summary.update({**_finite_or_text(ending.metrics), "state": ending.state.value})
        if ending.error is not None:
            run.summary["error"] = ending.error.message
        self._finish(ending.state)
        self._told = ending.state
        return ()

    def close(self) -> None:
        """Let go of the copy; see :class:`~dltrainer_jupyter.core.protocols.Tracker`."""
        if self._run is not None:
            self._finish(State.SUSPENDED)

    def _begin(self, sent: Mark) -> None:
        """Look at what is there, and open the run behind it."""
        files = logs(self._folder, self._key)
        client.wait_for_writers(files, self.config.patience)
        self._there = Copy()
        for file in files:
            for record, _ in records(file):
                self._there.take(record, sent.step)
        self._run = run = self._connect()
        self._tail = Tail(Path(run.settings.sync_file))
        self._next = self._there.rows
        if self.config.kept() == "online":
            for number, row in missing(files, run.starting_step):
                run.log(row, step=number, commit=True)
            self._next = max(self._next, run.starting_step)
        self._tail.copy.rows = self._next
        self._told = None

    def _connect(self) -> wandb.Run:
        run, config = self._tracked, self.config
        online = config.kept() == "online"
        settings: dict[str, Any] = {
            "init_timeout": config.patience,
            "finish_timeout": config.patience,
            # What hasn't reached the server by then is sent when the run is opened the next time.
            "finish_timeout_raises": True,
        }
        if online:
            settings |= {"base_url": config.server(), "api_key": config.key()}
        try:
            opened = client.begin(
                settings,
                self._folder,
                id=self._key,
                name=run.name,
                project=config.project,
                entity=config.entity,
                mode="online" if online else "offline",
                resume="allow",
                tags=[*config.tags, run.framework],
                notes=config.notes,
                config=_configuration(run),
            )
        except Exception as error:
            raise self._refused(error) from error
        settled: Any = opened.config
        settled.update(_configuration(run), allow_val_change=True)
        opened.define_metric(STEP, hidden=True)
        opened.define_metric("*", step_metric=STEP)
        return opened

    def _refused(self, error: Exception) -> TrackerError:
        """Say in a line why the client gave up."""
        if isinstance(error, ImportError):
            return TrackerError(not_importable(error, "W&B", "wandb"))
        said = shortened(str(error), _LONGEST).rstrip(".") or type(error).__name__
        if self.config.kept() == "offline":
            return TrackerError(
                f"W&B can't keep its files in {self._folder}: {said}. Free space there, or set `folder`."
            )
        server = shown(self.config.server())
        if _REFUSED.search(str(error)):
            return TrackerError(
                f"W&B at {server} refuses the API key or the project: {said}. Run `wandb login --relogin`, "
                "or check WANDB_API_KEY, `project` and `entity`."
            )
        return TrackerError(f"W&B at {server} can't be reached: {said}. Check the network, or say `mode: offline`.")

    def _opened(self) -> wandb.Run:
        """Give the run, opened anew if it has ended."""
        if self._run is None:
            self._begin(Mark(step=2**62))
        assert self._run is not None  # noqa: S101 - `_begin` sets it or raises
        return self._run

    def _finish(self, state: State) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        try:
            # With a code other than 0 W&B calls such a run preempted: it has neither failed nor finished.
            client.finish(run, 0 if state in _WELL else 1, rests=state in _RESTS)
        except Exception as error:
            raise self._refused(error) from error

    def _await(self, arrived: Callable[[], bool], what: str) -> None:
        """Wait until something is in the file."""
        pause, until = threading.Event(), time.monotonic() + self.config.patience
        while not arrived():
            if self._tail.read():
                until = time.monotonic() + self.config.patience
            elif time.monotonic() > until:
                msg = f"W&B didn't write {what} to {self._tail.path}; free space on that disk, or set `folder`."
                raise TrackerError(msg)
            else:
                pause.wait(_GLANCE)

    def _notice(self) -> str:
        found = "" if self.config.mode == "offline" else " as no API key was found; `wandb login` saves one"
        return f"W&B keeps this run in files{found}. `wandb sync {self._folder / 'wandb'}` sends it to the server."


def _check_folder(folder: Path) -> None:
    """Make sure that files can be written, as W&B would go elsewhere without a word."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"W&B")
            file.flush()
    except OSError as error:
        msg = (
            f"W&B needs a folder it can write to, but {folder} isn't one: {error.strerror}. "
            "Set `folder`, or free space there."
        )
        raise TrackerError(msg) from error


def _configuration(run: TrackedRun) -> dict[str, Any]:
    about = {
        "id": run.id,
        "framework": run.framework,
        "host": run.host,
        "attempt": run.attempt,
        "created_at": run.created_at.isoformat(),
        "environment": run.environment,
        "dataset": run.dataset,
    }
    return {**run.spec, "dltrainer": about}


def _finite_or_text(metrics: Any) -> dict[str, Any]:
    return {name: value if math.isfinite(value) else str(value) for name, value in metrics.items()}


def _drawn(validation: ValidationRecord) -> Any:
    """Draw a confusion matrix as W&B's image."""
    import wandb
    from PIL import Image

    from dltrainer_jupyter.trackers.pictures import confusion_png

    title = f"Epoch {validation.epoch}"
    picture = confusion_png(validation.confusion or [], validation.labels, title)
    return wandb.Image(Image.open(io.BytesIO(picture)), caption=title)
