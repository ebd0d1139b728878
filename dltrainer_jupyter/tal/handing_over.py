"""What a trainer finds: the user's objects, pickled, copied or handed over, and the files of a run's folder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.data.foreign.recognition import is_foreign
from dltrainer_jupyter.executors import held, objects, plug_ins, secret_file
from dltrainer_jupyter.loop.beginning import START


def packed(own: Mapping[str, Any]) -> tuple[bytes | None, str | None]:
    """Pickle the user's objects, or say why they can't be."""
    if not own:
        return None, None
    try:
        return objects.pack(own), None
    except objects.NotRebuildableError as error:
        return None, str(error)


def packed_parts(brought: plug_ins.Brought) -> tuple[bytes | None, str | None]:
    """Put together the run's own copy of parts that no package brings, or say why it can't be."""
    if not brought:
        return None, None
    try:
        return plug_ins.packed(brought), None
    except objects.NotRebuildableError as error:
        return None, str(error)


def handover(
    own: Mapping[str, Any], pickled: bytes | None, problem: str | None, *, in_place: bool
) -> tuple[held.Handover, list[str]]:
    """Prepare what a trainer of this process gets, and what the person has to know about it."""
    notices = [] if problem is None else [f"This run can't outlive this process: {problem}."]
    if in_place:
        return held.Handover(packed=pickled, objects=own), notices
    if pickled is not None:
        return held.Handover(packed=pickled, objects=None), notices
    try:
        return held.Handover(packed=None, objects=_copied(own)), notices
    except objects.NotRebuildableError as error:
        # Better to train the object itself, and say so, than not at all.
        notices.append(f"The run trains your own objects, not a copy: the model {error}.")
        return held.Handover(packed=None, objects=own), notices


def _copied(own: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the user's objects, all but a loader that can't be: it is only read."""
    try:
        return dict(objects.copied(dict(own)))
    except objects.NotRebuildableError:
        if not is_foreign(own.get("data")):
            raise
    return dict(objects.copied({key: own[key] for key in own if key != "data"}), data=own["data"])


def lay_out(
    folder: Path, start: Path | None, pickled: bytes | None, parts: bytes | None, secret: Mapping[str, str]
) -> None:
    """Write what a trainer finds in the run's folder, all of it or nothing.

    Raises
    ------
    StoreError
        If it can't be written, or the checkpoint to begin with is gone.
    """
    try:
        private.make_folder(folder)
        if secret:
            secret_file.save(folder, secret)
        if start is not None:
            shutil.copytree(start, folder / START)
        if pickled is not None:
            objects.save(folder, pickled)
        if parts is not None:
            plug_ins.save(folder, parts)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        msg = f"The run's folder {folder} can't be written: {error.strerror or error}."
        raise StoreError(msg) from error
