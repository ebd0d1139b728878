"""A plug-in's own checkpoint files as named arrays, which the run's checkpoints hold, and back."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import NamedArrays, RawArray

_PREFIX = "model."


def saved(plug_in: Any) -> NamedArrays:
    """Let a plug-in save itself into an empty folder, and take the files.

    Raises
    ------
    CheckpointError
        If it saves nothing.
    """
    with tempfile.TemporaryDirectory(prefix="dltrainer-") as folder:
        plug_in.save_checkpoint(Path(folder))
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(Path(folder).rglob("*"))
            if path.is_file() and not path.is_symlink()
        }
    if not files:
        msg = f"{type(plug_in).__name__}.save_checkpoint(folder) has written no file into the folder it was given."
        raise CheckpointError(msg)
    return {f"{_PREFIX}{name}": RawArray("U8", (len(data),), data) for name, data in files.items()}


def load(plug_in: Any, weights: Mapping[str, RawArray]) -> None:
    """Give a plug-in its files back, in a folder that is gone afterwards.

    Raises
    ------
    CheckpointError
        If they are none of such a plug-in, or would lie outside of their folder.
    """
    with tempfile.TemporaryDirectory(prefix="dltrainer-") as name:
        folder = Path(name).resolve()
        for key, array in weights.items():
            file = (folder / key.removeprefix(_PREFIX)).resolve()
            if not key.startswith(_PREFIX) or array.dtype != "U8" or not file.is_relative_to(folder):
                msg = f"The checkpoint holds '{key}', expected the files of a plug-in that owns its loop."
                raise CheckpointError(msg)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes(array.data))
        plug_in.load_checkpoint(folder)
