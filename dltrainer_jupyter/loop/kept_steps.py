"""The user's own steps of processing as they were fitted, kept in the run's folder, so that nobody fits them anew.

Each is a pickle of its own in one archive. Only a process of the same user loads it, to go on with the training or to
predict; a server never does. Checkpoints name what they need by its checksum. So a prediction loads none of the user's
other objects, data among them.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dltrainer_jupyter.adapters.shared import pickling
from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import CheckpointError

FILE = "steps.zip"
"""In a run's folder: a pickle by its checksum, or by its place among the steps of the postprocessing."""
_CHECKSUM = 64
"""Length of a name that is a checksum."""
_HELD: dict[tuple[str, str], Any] = {}
"""What can't be pickled, by run and name, for this process."""


def name_of(index: int) -> str:
    """Name a step of the user's own in the postprocessing, by its number among them."""
    return f"postprocessing-{index}"


class KeptSteps:
    """Keeps the steps of one run.

    Parameters
    ----------
    run_id : str
        Whose.
    folder : callable
        Gives the folder of this host in which the run's file is, or will be.
    """

    def __init__(self, run_id: str, folder: Callable[[], Path]) -> None:
        self._run = run_id
        self._folder = folder
        self._made: dict[str, bytes] = {}

    def keep(self, thing: Any, name: str | None = None) -> str:
        """Keep something until :meth:`save`; gives its name, by default its checksum."""
        try:
            data = pickling.dumps(thing)
        except Exception:  # noqa: BLE001 - the user's object may raise anything; that it can't be kept was said at submit
            name = name or f"held-{secrets.token_hex(8)}"
            _HELD[self._run, name] = thing
            return name
        name = name or hashlib.sha256(data).hexdigest()
        self._made[name] = data
        return name

    def restore(self, name: str) -> Any:
        """Give it back, each time another copy.

        Raises
        ------
        CheckpointError
            If it isn't to be had, or somebody else may have written it.
        """
        if (self._run, name) in _HELD:
            return _HELD[self._run, name]
        return pickling.load_all(self._made.get(name) or self._read(name))

    def save(self, preprocessing: Sequence[Mapping[str, Any]]) -> None:
        """Write what a chain names, and the steps of the postprocessing, if they were kept here."""
        named = {step.get("kept") for step in preprocessing}
        here = sorted(name for name in self._made if name in named or name.startswith(name_of(0)[:-1]))
        if not here:
            return
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in here:
                archive.writestr(name, self._made[name])
        private.write(self._folder() / FILE, buffer.getvalue())

    def _read(self, name: str) -> bytes:
        path = self._folder() / FILE
        try:
            with path.open("rb") as file:
                if not private.is_ours_alone(os.fstat(file.fileno())):
                    msg = f"{path} holds Python objects and may have been written by somebody else; it is not loaded."
                    raise CheckpointError(msg)
                with zipfile.ZipFile(file) as archive:
                    data = archive.read(name)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            msg = (
                f"The run's own steps are gone, or were only held by the process that trained it ({path}: {error}), so "
                "nobody can go on with it or predict here."
            )
            raise CheckpointError(msg) from error
        if len(name) == _CHECKSUM and hashlib.sha256(data).hexdigest() != name:
            msg = f"{path} is damaged: a checksum does not fit its content."
            raise CheckpointError(msg)
        return data
