"""Verifying and loading a checkpoint. Nothing is believed that its manifest does not vouch for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from dltrainer_jupyter.checkpoints import encoding
from dltrainer_jupyter.checkpoints.arrays import read_arrays
from dltrainer_jupyter.checkpoints.disk import open_regular
from dltrainer_jupyter.checkpoints.manifest import MANIFEST, OPTIMIZER, PARTS, STATE, WEIGHTS, Manifest, parse
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import FullState, NamedArrays

_LARGEST_MANIFEST = 64 << 20


def read_manifest(path: Path) -> Manifest:
    """Read what a checkpoint says about itself, without looking at its parts.

    Raises
    ------
    CheckpointError
        If the manifest is missing or damaged.
    """
    size = _size(path, MANIFEST)
    if size > _LARGEST_MANIFEST:
        msg = f"it has {size} bytes, expected at most {_LARGEST_MANIFEST}"
        raise _damaged(path, MANIFEST, msg)
    try:
        return parse(_read(path, MANIFEST, size))
    except CheckpointError as error:
        msg = f"Checkpoint {path}: {error}"
        raise CheckpointError(msg) from error


def verify(path: Path) -> Manifest:
    """Check every file of a checkpoint against its manifest, in little memory.

    Parameters
    ----------
    path : pathlib.Path
        The checkpoint's folder.

    Raises
    ------
    CheckpointError
        If a file is missing, or its size or content is not what was written; the message names it.
    """
    manifest = read_manifest(path)
    _check_sizes(path, manifest, PARTS)
    for name in PARTS:
        try:
            with open_regular(path / name) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise _unreadable(path, name, error) from error
        _check_hash(path, manifest, name, found)
    return manifest


def load(path: Path) -> tuple[FullState, Manifest]:
    """Verify a checkpoint and load all of it.

    Returns
    -------
    FullState
        Each array's ``data`` is a view of memory of its own, whose alignment is not promised: clone it before
        computing with it, since alignment can change the bits of a result.
    Manifest
        What the checkpoint says about itself.

    Raises
    ------
    CheckpointError
        If a file is missing or damaged; the message names it.
    """
    manifest = read_manifest(path)
    _check_sizes(path, manifest, PARTS)
    weights = _load_arrays(path, manifest, WEIGHTS)
    optimizer = _load_arrays(path, manifest, OPTIMIZER)
    meta = encoding.loads(_verified(path, manifest, STATE), f"Checkpoint {path}: {STATE}")
    if not isinstance(meta, dict):
        raise _damaged(path, STATE, f"expected a dictionary, got a {type(meta).__name__}")
    return FullState(weights, optimizer, meta), manifest


def load_weights(path: Path) -> tuple[NamedArrays, Manifest]:
    """Verify and load the weights alone, for inference; the other files may be missing.

    Returns
    -------
    dict of str to RawArray
        As in :func:`load`.
    Manifest
        Holds the signature, which says what the model takes and gives.

    Raises
    ------
    CheckpointError
        If the manifest or the weights are missing or damaged.
    """
    manifest = read_manifest(path)
    _check_sizes(path, manifest, (WEIGHTS,))
    return _load_arrays(path, manifest, WEIGHTS), manifest


def newest_valid(paths: Iterable[Path], on_damaged: Callable[[Path, CheckpointError], None]) -> Path | None:
    """Find the first checkpoint that verifies.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Newest first.
    on_damaged : callable
        Told of each one passed over, and why, so that falling back is never silent.

    Returns
    -------
    pathlib.Path or None
        None if there is none.
    """
    for path in paths:
        try:
            verify(path)
        except CheckpointError as error:
            on_damaged(path, error)
        else:
            return path
    return None


def _check_sizes(path: Path, manifest: Manifest, names: tuple[str, ...]) -> None:
    """Compare sizes before anything is read, so that no claim can make us take memory for it."""
    for name in names:
        found, expected = _size(path, name), manifest.parts[name].size
        if found != expected:
            raise _damaged(path, name, f"it has {found} bytes, its manifest says {expected}")


def _check_hash(path: Path, manifest: Manifest, name: str, found: str) -> None:
    expected = manifest.parts[name].sha256
    if found != expected:
        raise _damaged(path, name, f"its SHA-256 is {found[:12]}…, its manifest says {expected[:12]}…")


def _load_arrays(path: Path, manifest: Manifest, name: str) -> NamedArrays:
    try:
        return read_arrays(_verified(path, manifest, name))
    except CheckpointError as error:
        raise _damaged(path, name, str(error)) from error


def _verified(path: Path, manifest: Manifest, name: str) -> bytes:
    """Read a file once and give exactly the bytes that were verified."""
    data = _read(path, name, manifest.parts[name].size)
    _check_hash(path, manifest, name, hashlib.sha256(data).hexdigest())
    return data


def _read(path: Path, name: str, size: int) -> bytes:
    try:
        with open_regular(path / name) as file:
            data = file.read(size)
    except OSError as error:
        raise _unreadable(path, name, error) from error
    if len(data) != size:
        raise _damaged(path, name, f"it ended after {len(data)} of {size} bytes")
    return data


def _size(path: Path, name: str) -> int:
    try:
        return (path / name).lstat().st_size
    except OSError as error:
        raise _unreadable(path, name, error) from error


def _unreadable(path: Path, name: str, error: OSError) -> CheckpointError:
    if isinstance(error, FileNotFoundError):
        what = f"{name} is missing" if path.is_dir() else "there is no such folder"
        return CheckpointError(f"Checkpoint {path}: {what}. Take an older checkpoint.")
    return CheckpointError(f"Checkpoint {path}: {name} can't be read ({error.strerror}). Take an older checkpoint.")


def _damaged(path: Path, name: str, why: str) -> CheckpointError:
    return CheckpointError(f"Checkpoint {path}: {name} is damaged: {why}. Take an older checkpoint.")
