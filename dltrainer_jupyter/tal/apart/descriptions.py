"""Checking settings that name other people's parts.

To look at the settings of such a part means to import it, and it may import anything, a framework for one. So a
worker's process does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.loop import checking, stacks
from dltrainer_jupyter.tal import measuring, sealing
from dltrainer_jupyter.tal.apart.workers import OTHERS, workers


def check_parts(spec: RunSpec) -> RunSpec:
    """Look up every name and check its settings, without importing other people's parts here.

    Returns
    -------
    RunSpec
        As :func:`dltrainer_jupyter.tal.sealing.checked` gives it.

    Raises
    ------
    ConfigurationError
        As :func:`dltrainer_jupyter.loop.checking.check_parts` does.
    """
    if not names_others(dict(spec)):
        return sealing.checked(spec)
    answer = workers.ask(OTHERS, "check_parts", spec=spec.dump()).result()
    written = validate(RunSpec, {"model": "", "data": "", **answer["written"]})
    spec = spec.model_copy(update={key: getattr(written, key) for key in answer["written"]})
    settled = measuring.with_histograms(spec, wanted=answer["histograms"])
    return sealing.with_secrets_sealed(settled, answer["secret_keys"])


def names_others(given: Mapping[str, Any]) -> bool:
    """Tell whether settings, checked or not, name parts that aren't built in; imports nothing."""
    named = (*checking.named_parts(given), *stacks.layers_of(given))
    return any(not _is_ours(kind, _name(part), framework) for _, kind, part, framework in named)


def _is_ours(kind: registry.Kind, name: Any, framework: str | None) -> bool:
    try:
        return not isinstance(name, str) or registry.is_ours(kind, name, framework)
    except ConfigurationError:
        return True  # nobody's, and refused before anything is imported


def _name(part: Any) -> Any:
    return part.type if isinstance(part, Part) else part.get("type") if isinstance(part, Mapping) else part
