"""What a checkpoint must have in common with the run that goes on from it: the same words on every framework."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from dltrainer_jupyter.core.errors import CheckpointError

Part = Literal["model", "optimizer"]

_FEW = 3
"""So many names still fit into a message."""
_CURES: dict[Part, str] = {
    "model": "Train the model it was written with, or begin a new run.",
    "optimizer": "Use the optimizer and settings it was written with, or begin a new run with its weights.",
}


def check_names(part: Part, *, missing: Iterable[str], surplus: Iterable[str]) -> None:
    """Raise if arrays are missing in a checkpoint, or nobody here knows them.

    Parameters
    ----------
    part : {"model", "optimizer"}
        What would be another one.
    missing : iterable of str
        Names that are here and not in the checkpoint.
    surplus : iterable of str
        Names that are in the checkpoint and not here.

    Raises
    ------
    CheckpointError
        Names a few.
    """
    parts = [
        f"{how} {', '.join(names[:_FEW])}{' …' if len(names) > _FEW else ''}"
        for how, names in (("it lacks", sorted(missing)), ("it has besides", sorted(surplus)))
        if names
    ]
    if parts:
        msg = f"The checkpoint is of another {part}: {'; '.join(parts)}. {_CURES[part]}"
        raise CheckpointError(msg)


def check_array(part: Part, name: str, *, there: str, here: str) -> None:
    """Raise if an array's shape and dtype, as people read them, are others in the checkpoint than here.

    Raises
    ------
    CheckpointError
        Says both.
    """
    if there != here:
        msg = f"The checkpoint is of another {part}: '{name}' is {there} there and {here} here. {_CURES[part]}"
        raise CheckpointError(msg)


def check_waiting(waiting: int, batches: int) -> None:
    """Raise if the gradients of so many batches can't wait for an update.

    Parameters
    ----------
    waiting : int
        How many wait in the checkpoint.
    batches : int
        How many make an update here.

    Raises
    ------
    CheckpointError
        Says both numbers.
    """
    if waiting >= batches:
        msg = (
            f"The checkpoint holds the gradients of {waiting} batches that wait for an update, and this run makes one "
            f"after each {batches}; set gradient_accumulation as it was."
        )
        raise CheckpointError(msg)
