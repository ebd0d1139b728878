"""What a plug-in that owns its loop has to have, and what nobody can ask of it: read off, nothing is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.adapters.shared.abilities import unsupported
from dltrainer_jupyter.core.spec import RunSpec

FRAMEWORK = "own_loop"
"""What such a plug-in runs with."""
METHODS = ("train", "validate", "infer", "save_checkpoint", "load_checkpoint")
"""What such a plug-in has to have."""
_NOT_ITS_OWN = (
    "optimizer",
    "parameter_groups",
    "loss",
    "learning_rate",
    "scheduler",
    "metrics",
    "steps_per_epoch",
    "compile",
)


def refusals(spec: RunSpec) -> Mapping[str, str]:
    """Say of each setting that only a loop of ours could heed that it can't be had.

    Parameters
    ----------
    spec : RunSpec
        Asks for a plug-in that owns its loop.

    Returns
    -------
    mapping
        Sentences by key; empty if nothing is in the way.
    """
    said = unsupported(spec, "a plug-in that owns its loop", supports=frozenset())
    for key in _NOT_ITS_OWN:
        # As of a run that is read back, what is as by default counts as left out.
        if getattr(spec, key) != RunSpec.model_fields[key].default:
            said[key] = f"{key}: a plug-in that owns its loop has settings of its own for that; leave {key} out."
    if spec.weights is not None:
        said["weights"] = "weights: a plug-in that owns its loop reads weights by itself; leave weights out."
    return said


def lacking(plug_in: Any) -> list[str]:
    """Name the methods that a plug-in, or its class, lacks for a loop of its own."""
    return [it for it in METHODS if not callable(getattr(plug_in, it, None))]
