"""What can be asked to be changed in a live run, as the settings that are declared live say it."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

from pydantic import ConfigDict, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from dltrainer_jupyter.core.live import Setting, declared
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.server.schemas import Strict


class _Settings(Strict):
    """At least one of these."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})


def _left_out(field: FieldInfo, alias: str | None = None) -> tuple[Any, FieldInfo]:
    """Describe a field that may be left out, which then stays as it is."""
    optional = copy.copy(field)
    optional.default, optional.default_factory = PydanticUndefined, lambda: None
    optional.alias = optional.validation_alias = optional.serialization_alias = alias
    return optional.annotation, optional


def _described(setting: Setting, alias: str | None = None) -> tuple[Any, FieldInfo]:
    annotation, field = _left_out(setting.field, alias)
    return annotation if setting.to_none else (int if setting.whole else float), field


def _groups(settings: dict[str, Setting]) -> dict[str, Any]:
    """Describe settings nested, and with dots."""
    fields: dict[str, Any] = {}
    grouped: dict[str, dict[str, Any]] = defaultdict(dict)
    for key, setting in settings.items():
        group, _, name = key.rpartition(".")
        if group:
            grouped[group][name] = _described(setting)
            fields[f"{group}_{name}"] = _described(setting, alias=key)
        else:
            fields[name] = _described(setting)
    for group, inner in grouped.items():
        described: Any = create_model(f"Set{group.title().replace('_', '')}", __base__=_Settings, **inner)
        fields[group] = _left_out(FieldInfo(annotation=described))
    return fields


SetRequest = create_model(
    "SetRequest",
    __base__=_Settings,
    __doc__="Settings of a live run to change from the next step on: nested, or with dots.",
    **_groups(dict(declared(RunSpec))),
)
