"""What a form has to know of a run's settings: what its schema says, and where parts are named which there are."""

from __future__ import annotations

from dataclasses import replace

from dltrainer_jupyter.core import registry, terms
from dltrainer_jupyter.core.forms import FormField, form
from dltrainer_jupyter.core.spec import RunSpec

GROUPS = (
    "basic",
    "model",
    "data",
    "optimizer",
    "scheduler",
    "objective",
    "preprocessing",
    "augmentation",
    "validation",
    "early stopping",
    "postprocessing",
    "checkpoints",
    "hardware",
    "tracking",
)
"""Headings, in the order in which a form shows them."""

_LISTS = registry.LISTED | {"loss"}
_NAMES: dict[str, registry.Kind] = {"framework": "adapters", "executor": "executors"}
"""Settings whose value is a plain name of something registered."""
_USUAL = frozenset({"weight"})
"""What people say beside a part's own settings without being asked to look further."""


def settings() -> list[FormField]:
    """Describe the settings of a run, in the order of a form: by heading, and what few people change behind the others.

    Returns
    -------
    list of FormField
        Each with its ``group``, one of ``GROUPS``. A setting that names a part is of kind ``part``, one that names
        several a list of those; ``fields`` of a part are what stands beside its own settings.

    Examples
    --------
    >>> {it.name: it.kind for it in settings()}["optimizer"]
    'part'
    """
    kinds = {key: kind for kind, key in registry.KEYS.items()}
    found = [_described(it, kinds.get(it.name)) for it in form(RunSpec).fields]
    return sorted(found, key=lambda it: (GROUPS.index(it.group) if it.group in GROUPS else len(GROUPS), it.advanced))


def _described(field: FormField, kind: registry.Kind | None) -> FormField:
    if kind is not None:
        named = replace(field, kind="part", parts=kind, fields=_beside(field.name))
        if field.name not in _LISTS:
            return named
        member = FormField(name="", kind="part", required=True, parts=kind, fields=named.fields)
        return replace(field, kind="list", item=member, alternatives=())
    if field.name == "name":
        # What a run is called that nobody named is found from its model and data when it is submitted.
        return replace(field, default=None)
    if field.name in _NAMES:
        return replace(field, kind="select", options=tuple(registry.names(_NAMES[field.name])))
    return field


def _beside(key: str) -> tuple[FormField, ...]:
    """Describe what a part under a key carries beside its own settings."""
    schema = terms.ForInput if key == "preprocessing" else terms.TERMS.get(key)
    if schema is None:
        return ()
    return tuple(replace(it, advanced=it.name not in _USUAL) for it in form(schema).fields)
