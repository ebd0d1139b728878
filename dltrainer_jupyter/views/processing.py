"""What samples and predictions of a run go through, a line a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.part import OWN_MARK, USER_OBJECT
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.data.preprocessing import NAMELESS, describe_chain
from dltrainer_jupyter.postprocessing.chain import chain_of


def before(preprocessing: Sequence[Mapping[str, Any]]) -> list[str]:
    """Describe the steps that samples go through, as they were fitted.

    Parameters
    ----------
    preprocessing : sequence of mapping
        As ``Signature.preprocessing`` holds them. Of a step that a plug-in brings, whose code isn't run for this, the
        name is given.
    """
    return [_before(step) for step in preprocessing]


def _before(step: Mapping[str, Any]) -> str:
    whose = f"{step['input']}: " if "input" in step else ""
    is_known = step["type"] in (*NAMELESS, USER_OBJECT) or _is_ours("preprocessing", step["type"])
    said = describe_chain([step])[0] if is_known else str(step["type"])
    return whose + said + (OWN_MARK if step["type"] == USER_OBJECT else "")


def after(spec: RunSpec) -> list[str]:
    """Describe the steps that predictions go through; of the user's own, and of plug-ins', the name is given."""
    return [_after(part) for part in spec.postprocessing]


def _after(part: Part) -> str:
    if part.is_user_object or not _is_ours("postprocessing", part.type):
        return part.shown
    (step,) = chain_of([part], lambda _: None)
    return step.describe()


def _is_ours(kind: registry.Kind, name: str) -> bool:
    return name in registry.names(kind) and registry.is_ours(kind, name)
