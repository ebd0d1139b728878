"""The tracker that writes event files for TensorBoard."""

from __future__ import annotations

import contextlib
import errno
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.tracking import Artifact, Ending, Mark, Opened, TrackedRun, Update
from dltrainer_jupyter.trackers.settings import TrackerSettings

if TYPE_CHECKING:
    from dltrainer_jupyter.trackers.tensorboard.writing import Writing

_LONGEST_NAME = 100
"""Bytes of a run's name in its folder's; file systems take 255 of both."""
_ANOTHER = "set another folder as logdir"
_CURES = {
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room on that disk",
    errno.EACCES: f"let it be written to, or {_ANOTHER}",
    errno.EPERM: f"let it be written to, or {_ANOTHER}",
    errno.EROFS: f"let it be written to, or {_ANOTHER}",
    errno.EEXIST: f"a file stands where a folder should: move it, or {_ANOTHER}",
    errno.ENOTDIR: f"a file stands where a folder should: move it, or {_ANOTHER}",
}


class TensorBoard:
    """Write a run's history as event files: series, histograms, graph, pictures, settings and how it ended.

    Parameters
    ----------
    config : TensorBoard.Config
        Where to, and what of it.

    Notes
    -----
    TensorBoard keeps numbers as 32-bit floats, and no files but pictures and short texts.
    """

    class Config(TrackerSettings):
        """Settings of the tracker."""

        logdir: str | None = Field(
            default=None,
            description="The folder TensorBoard is started with; each run has one of its own in it. By default it lies "
            "with the run's files.",
        )
        steps: Annotated[int, Field(ge=1)] | Literal["all", "none"] = Field(
            default="all", description="Values of per-step series that are written: every so many steps, all, or none."
        )
        checkpoints: Literal["all", "best", "none"] = Field(
            default="none", description="TensorBoard keeps no checkpoints; anything but none only makes it say so."
        )
        model: bool = Field(default=False, description="TensorBoard keeps no models, so this changes nothing.")
        histograms: bool = Field(
            default=True, description="Have weights and activations measured after each epoch, and show how they lie."
        )

        @field_validator("logdir")
        @classmethod
        def _is_here(cls, value: str | None) -> str | None:
            if value is not None and not value.strip():
                msg = "expected a folder, got nothing; leave logdir out to have the event files with the run's own"
                raise ValueError(msg)
            if value is not None and re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", value):
                msg = (
                    f"expected a folder of this machine, got '{value}': event files grow while a run goes on, which "
                    "remote stores don't allow; leave logdir out, and copy the folder when the run has ended"
                )
                raise ValueError(msg)
            return value

    def __init__(self, config: Config) -> None:
        self.config = config
        self._folder = Path()
        self._writing: Writing | None = None

    def open(self, run: TrackedRun, key: str | None, sent: Mark) -> Opened:
        """Begin, or go on with, the run's folder."""
        self.close()
        folder = self._folder = Path(key) if key is not None else self._place(run)
        try:
            from dltrainer_jupyter.trackers.tensorboard.writing import Writing
        except ImportError as error:
            msg = f"TensorBoard can't be imported ({error}); install it: pip install 'dltrainer-jupyter[tensorboard]'."
            raise TrackerError(msg) from error
        notices = []
        if key is None:
            notices.append(f"See it with: tensorboard --logdir {shlex.quote(str(folder.parent))}")
        with self._told():
            if key is not None and not folder.is_dir():
                notices.append(f"The folder {folder} was gone; what it held isn't written again.")
            folder.mkdir(parents=True, exist_ok=True)
            self._writing = Writing(folder, run, sent)
            self._writing.introduce()
        return Opened(str(folder), str(folder), tuple(notices))

    def send(self, update: Update) -> Sequence[str]:
        """Write what has come; it is on the disk when this returns."""
        with self._told() as writing:
            return writing.send(update)

    def attach(self, artifact: Artifact) -> Sequence[str]:
        """Show a picture or a short text; TensorBoard keeps no other files."""
        with self._told() as writing:
            return writing.attach(artifact)

    def end(self, ending: Ending) -> Sequence[str]:
        """Write how the run ended, until it goes on."""
        with self._told() as writing:
            writing.end(ending)
        return ()

    def close(self) -> None:
        """Let go of the files."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.close()

    def _place(self, run: TrackedRun) -> Path:
        above = run.folder if self.config.logdir is None else Path(self.config.logdir).expanduser()
        plain = re.sub(r"[^\w.-]+", "-", run.name).strip("-.").encode()[:_LONGEST_NAME].decode(errors="ignore")
        return above.absolute() / f"{plain or 'run'}-{run.id[:8]}"

    @contextlib.contextmanager
    def _told(self) -> Iterator[Writing]:
        """Say in one line what is wrong with the folder; it has to be opened again then."""
        try:
            yield self._writing  # type: ignore[misc]  # None only while it is opened, which doesn't look
        except OSError as error:
            with contextlib.suppress(OSError):
                self.close()
            why = error.strerror or str(error)
            cure = _CURES.get(error.errno or 0, f"see what is wrong with it, or {_ANOTHER}")
            msg = f"TensorBoard's files can't be written to '{self._folder}' ({why}): {cure}."
            raise TrackerError(msg) from error
