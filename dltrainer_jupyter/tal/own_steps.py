"""The user's own steps of processing, looked at before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.terms import without_input
from dltrainer_jupyter.data.preprocessing import named_steps
from dltrainer_jupyter.data.steps.keeping import Forgotten, Own, own_steps
from dltrainer_jupyter.data.steps.own import numbered
from dltrainer_jupyter.postprocessing.chain import chain_of, check


def check_steps(spec: RunSpec, own: Mapping[str, Any], signature: Signature | None) -> None:
    """See that the user's own objects can be steps of processing, with the settings beside them.

    Parameters
    ----------
    spec : RunSpec
        Names the steps.
    own : mapping
        The user's own objects, by key.
    signature : Signature or None
        Of the data, if it is known: steps of the postprocessing have to suit it.

    Raises
    ------
    ConfigurationError
        Names the step.
    """
    mentioned = [without_input(part)[0] for part in spec.preprocessing if part.is_user_object]
    with own_steps(Own(Forgotten(), own.get("preprocessing", ()))):
        named_steps(numbered(mentioned))
    if spec.postprocessing:
        steps = chain_of(spec.postprocessing, own.get("postprocessing", ()).__getitem__)
        if signature is not None:
            check(spec.postprocessing, steps, signature)
