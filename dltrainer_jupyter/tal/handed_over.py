"""Whether data that a person hands over can be trained on as a run describes it, seen before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.loop.parts import outline
from dltrainer_jupyter.loop.suiting import refuse_other_sizes, refuse_several
from dltrainer_jupyter.loop.tasks import refuse_metrics_of_no_target, refuse_other_metrics


def outlined(spec: RunSpec, own: Mapping[str, Any]) -> Signature | None:
    """Say what is learnt from arrays that were handed over, and refuse what doesn't go with them.

    Parameters
    ----------
    spec : RunSpec
        What is to be trained.
    own : mapping
        The user's own objects, by key.

    Returns
    -------
    Signature or None
        None for loaders and data by name, of which only loading tells.

    Raises
    ------
    ConfigurationError
        If samples are empty, differ in number or shape, hold text or what is no number, or model and metrics are for
        others.
    """
    found = outline(spec, own)
    if found is None:
        return None
    refuse_several(spec, found)
    if not spec.preprocessing:
        refuse_other_sizes(spec, found.input_shape)
    refuse_other_metrics(spec, () if found.targets else [found.task])
    refuse_metrics_of_no_target(spec, found)
    return found
