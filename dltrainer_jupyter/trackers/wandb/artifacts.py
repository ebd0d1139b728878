"""Files and folders as W&B's artifacts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dltrainer_jupyter.core.tracking import Artifact, TrackedRun

if TYPE_CHECKING:
    import wandb

_LONGEST = 128
_NEWEST = "latest"


def artifact_of(artifact: Artifact, run: TrackedRun) -> tuple[wandb.Artifact, list[str]]:
    """Make W&B's artifact, and say what this version is called besides its number.

    Checkpoints of a run are versions of one model. The files are copied, as they may be gone before W&B has sent them.

    Parameters
    ----------
    artifact : Artifact
        What there is.
    run : TrackedRun
        Whose it is; W&B's names are a project's, so they carry the run's id.
    """
    import wandb

    checkpoint = artifact.kind == "checkpoint"
    name = "checkpoints" if checkpoint else re.sub(r"[^\w.-]+", "-", artifact.name)
    made = wandb.Artifact(
        f"{run.id}-{name}"[:_LONGEST],
        type="model" if checkpoint else artifact.kind,
        description=artifact.name,
        metadata={**artifact.data, "name": artifact.name},
    )
    files = sorted(file for file in artifact.path.rglob("*") if file.is_file()) if artifact.path.is_dir() else []
    for file in files:
        made.add_file(str(file), name=file.relative_to(artifact.path).as_posix(), skip_cache=True)
    if artifact.path.is_file():
        made.add_file(str(artifact.path), name=artifact.path.name, skip_cache=True)
    aliases = [_NEWEST]
    if checkpoint:
        aliases += [kind for kind in artifact.data.get("kinds", ()) if kind != _NEWEST]
        aliases += [f"step-{artifact.data['step']}"] if "step" in artifact.data else []
    return made, aliases
