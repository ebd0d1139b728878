"""Where a checkpoint comes from, and whether a run can go on from there at all."""

from __future__ import annotations

from dltrainer_jupyter.checkpoints.manifest import Manifest
from dltrainer_jupyter.core.errors import CheckpointError

WORLD_SIZE = 1
"""Trainers that share a run."""


def origin(framework: str) -> dict[str, str]:
    """Give what a manifest's ``versions`` say about who wrote it.

    Parameters
    ----------
    framework : str
        The adapter's name.
    """
    return {"framework": framework, "world_size": str(WORLD_SIZE)}


def check_origin(manifest: Manifest, framework: str) -> None:
    """Raise if a checkpoint was written by somebody whose state this run can't take over.

    Other versions of the same framework are no reason: their state is taken over, and the run isn't exact from then on.

    Parameters
    ----------
    manifest : Manifest
        What the checkpoint says about itself; one that doesn't say who wrote it passes.
    framework : str
        The adapter that is to go on.

    Raises
    ------
    CheckpointError
        Names both frameworks, or both numbers of trainers, and what can be done.
    """
    wrote = manifest.versions.get("framework", framework)
    if wrote != framework:
        msg = (
            f"The checkpoint was written by {wrote} and this run trains with {framework}, which names and lays out "
            f"weights in another way; set framework: {wrote}."
        )
        raise CheckpointError(msg)
    trainers = manifest.versions.get("world_size", str(WORLD_SIZE))
    if trainers != str(WORLD_SIZE):
        msg = (
            f"The checkpoint was written by {trainers} trainers together and this run has {WORLD_SIZE}; go on with as "
            "many, or begin a new run with its weights."
        )
        raise CheckpointError(msg)
