"""The copy of a run at a place: what lies where, what vouches for it, and how it is read back.

::

    <run>/
        checkpoints/step-000001204-1f0c9a3e/   the four files of a checkpoint
        history/…                              pieces of the run's rows
        objects-77ab01cd.pkl                   the user's own objects
        plugins-5e0c11aa.zip                   the run's copy of its plug-ins
        steps-0b7f31d2.zip                     the user's own steps of processing
        index-000002-000000017.json            says which of these belong together; written last

Every name holds a part of its content's checksum, so nothing is written over and what is there need not be copied
again. The newest index that is whole counts: the one of the highest attempt, then of the highest number. So a copy
that was cut short at any moment is the one before.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dltrainer_jupyter.checkpoints.disk import make_folder, remove_folder, sync_folder
from dltrainer_jupyter.checkpoints.manifest import MANIFEST, PARTS
from dltrainer_jupyter.checkpoints.mirror_index import CHECKPOINTS, HISTORY, Blob, Index, Piece, newest_first, unsealed
from dltrainer_jupyter.checkpoints.place import NotThereError, Place
from dltrainer_jupyter.checkpoints.reader import verify
from dltrainer_jupyter.core.errors import CheckpointError

RUN_ID = re.compile(r"[0-9a-zA-Z_-]{1,64}")
_CHECKPOINT = re.compile(r"(?P<local>(?P<step>step-\d{9,})(?:-\d+)?)-[0-9a-f]{8}")
"""A checkpoint's folder: its name on the machine that wrote it, and a part of its manifest's checksum."""
_PLAIN = re.compile(r"[0-9a-z.-]{1,80}")
_KEPT = 2
"""Indexes that stay, with all they name: if the newest turns out damaged, there is one to fall back to."""
_LARGEST_INDEX = 64 << 20
_LARGEST_PIECE = 256 << 20


class RunMirror:
    """One run's folder at a place.

    Parameters
    ----------
    place : Place
        Where all runs are copied to.
    run_id : str
        The run.
    """

    def __init__(self, place: Place, run_id: str) -> None:
        self.place = place
        self.run_id = run_id

    # --- there ------------------------------------------------------------------------------------------

    def put_checkpoint(self, path: Path) -> str:
        """Copy a checkpoint, its manifest last.

        Returns
        -------
        str
            Its name at the place.

        Raises
        ------
        CheckpointError
            If it is damaged, or was given up meanwhile.
        PlaceError
            If the place can't be reached.
        """
        verify(path)
        name = f"{path.name}-{_short(hashlib.sha256((path / MANIFEST).read_bytes()).hexdigest())}"
        for part in (*PARTS, MANIFEST):
            self._put(path / part, f"{CHECKPOINTS}/{name}/{part}")
        return name

    def put_piece(self, label: str, data: bytes) -> Blob:
        """Write a piece of history."""
        sha256 = hashlib.sha256(data).hexdigest()
        blob = Blob(f"{label}-{_short(sha256)}.json.gz", sha256)
        self.place.write(f"{self.run_id}/{HISTORY}/{blob.name}", data)
        return blob

    def put_objects(self, path: Path) -> Blob:
        """Copy a file of what is the user's own."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        blob = Blob(f"{path.stem}-{_short(sha256)}{path.suffix}", sha256)
        self._put(path, blob.name)
        return blob

    def _put(self, source: Path, name: str) -> None:
        """Copy a file that isn't there yet; one that is shorter was cut off, on file systems that know no better."""
        target = f"{self.run_id}/{name}"
        try:
            if self.place.size(target) == source.stat().st_size:
                return
        except NotThereError:
            pass
        self.place.put(source, target)

    def put_index(self, index: Index) -> None:
        """Make a copy count, then remove what only indexes named that are too old to be fallen back to."""
        self.place.write(f"{self.run_id}/{index.name}", index.sealed())
        newest = newest_first(self.place.names(self.run_id))
        kept = self._named(newest[:_KEPT])
        if kept is None:
            # What a damaged one named isn't known, so nothing goes until it is old enough itself.
            return
        for name in newest[_KEPT:]:
            for path in (self._named([name]) or set()) - kept:
                self.place.remove(f"{self.run_id}/{path}")
            self.place.remove(f"{self.run_id}/{name}")

    def sweep(self) -> None:
        """Remove what a writer left behind that died before its index; call it while there is no other writer."""
        names = self.place.names(self.run_id)
        named = self._named(newest_first(names))
        if named is None:
            # As above; what is left of it then goes with the next sweep.
            return
        # Those with a dot are files that were being written.
        there = {name for name in names if name.startswith(("objects-", "plugins-", "steps-", "."))}
        for folder in (CHECKPOINTS, HISTORY):
            there |= {f"{folder}/{name}" for name in self.place.names(f"{self.run_id}/{folder}")}
        for path in there - named:
            self.place.remove(f"{self.run_id}/{path}")

    def _named(self, names: Iterable[str]) -> set[str] | None:
        """Give the paths that some indexes name; None if one of them is damaged."""
        indexes = [self._read(name) for name in names]
        return None if None in indexes else set().union(*(index.named for index in indexes if index))

    def remove(self, store: str) -> None:
        """Remove all of it, unless another store than this one goes on with it.

        Cut short at any moment, what is left is whole or doesn't count.
        """
        names = newest_first(self.place.names(self.run_id))
        index = self.index()
        if names and (index is None or index.store != store):
            return
        for name in reversed(names):
            self.place.remove(f"{self.run_id}/{name}")
        self.place.remove(self.run_id)

    # --- and back ---------------------------------------------------------------------------------------

    def index(self, on_damaged: Callable[[str], None] = lambda _: None) -> Index | None:
        """Read the newest index that is whole.

        Parameters
        ----------
        on_damaged : callable, optional
            Told of each one passed over, and why.

        Returns
        -------
        Index or None
            None if there is none.
        """
        for name in newest_first(self.place.names(self.run_id)):
            found = self._read(name, on_damaged)
            if found is not None:
                return found
        return None

    def _read(self, name: str, on_damaged: Callable[[str], None] = lambda _: None) -> Index | None:
        data = self.place.read(f"{self.run_id}/{name}", _LARGEST_INDEX)
        try:
            return unsealed(data)
        except CheckpointError as error:
            on_damaged(f"{name} is damaged and was passed over: {error}")
            return None

    def fetch_checkpoint(self, name: str, folder: Path) -> Path:
        """Bring a checkpoint into a folder of this machine; one that is there already and whole stays.

        Raises
        ------
        CheckpointError
            If it is damaged at the place.
        PlaceError
            If the place can't be reached.
        """
        found = _CHECKPOINT.fullmatch(name)
        if found is None:
            msg = f"{self.place}: '{name}' is no name of a checkpoint."
            raise CheckpointError(msg)
        make_folder(folder)
        target, is_there = _target(folder, found, name)
        if is_there:
            return target
        temporary = folder / f".writing-{found['step']}-{secrets.token_hex(4)}"
        temporary.mkdir(mode=0o700)
        try:
            with _whole():
                for part in (*PARTS, MANIFEST):
                    self.place.fetch(f"{self.run_id}/{CHECKPOINTS}/{name}/{part}", temporary / part)
            verify(temporary)
            sync_folder(temporary)
            try:
                temporary.rename(target)
            except OSError:
                # Somebody else may have brought it in the meantime.
                target, is_there = _target(folder, found, name)
                if not is_there:
                    raise
        finally:
            remove_folder(temporary)
        sync_folder(folder)
        return target

    def piece(self, piece: Piece) -> bytes:
        """Read a piece of history.

        Raises
        ------
        CheckpointError
            If it is damaged.
        """
        with _whole():
            data = self.place.read(f"{self.run_id}/{HISTORY}/{_plain(piece.blob.name)}", _LARGEST_PIECE)
        _check(piece.blob, hashlib.sha256(data).hexdigest())
        return data

    def fetch_objects(self, blob: Blob, target: Path) -> None:
        """Bring a file of what is the user's own, readable by their owner alone; whole or not at all.

        Raises
        ------
        CheckpointError
            If they are damaged.
        """
        make_folder(target.parent)
        temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
        try:
            with _whole():
                self.place.fetch(f"{self.run_id}/{_plain(blob.name)}", temporary)
            with temporary.open("rb") as file:
                _check(blob, hashlib.file_digest(file, "sha256").hexdigest())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _target(folder: Path, found: re.Match[str], name: str) -> tuple[Path, bool]:
    """Give the path of this machine for a checkpoint of the place, and whether it is there already."""
    for number in itertools.count(1):
        target = folder / (found["local"] if number == 1 else f"{found['step']}-{number}")
        if not target.exists():
            break
        if _is_copy(target, name):
            return target, True
    return target, False


def _is_copy(path: Path, name: str) -> bool:
    """Tell whether a folder is what a name at the place stands for, and whole."""
    try:
        verify(path)
        return name.endswith(f"-{_short(hashlib.sha256((path / MANIFEST).read_bytes()).hexdigest())}")
    except (CheckpointError, OSError):
        return False


def mirrored_runs(place: Place) -> list[str]:
    """List the ids of the runs that a place holds."""
    return [name for name in place.names() if RUN_ID.fullmatch(name) and newest_first(place.names(name))]


@contextmanager
def _whole() -> Iterator[None]:
    """Take a file that an index names and that isn't there for damaged."""
    try:
        yield
    except NotThereError as error:
        msg = f"it lacks a file: {error}"
        raise CheckpointError(msg) from error


def _short(sha256: str) -> str:
    return sha256[:8]


def _plain(name: str) -> str:
    """Refuse a name that leads elsewhere."""
    if not _PLAIN.fullmatch(name) or ".." in name:
        msg = f"The index names the file '{name}', expected letters, digits, dots and dashes."
        raise CheckpointError(msg)
    return name


def _check(blob: Blob, found: str) -> None:
    if found != blob.sha256:
        msg = f"{blob.name} is damaged: its SHA-256 is {found[:12]}…, the index says {blob.sha256[:12]}…."
        raise CheckpointError(msg)
