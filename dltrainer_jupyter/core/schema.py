"""How a part's settings are declared and checked; what is declared here, documents, completion and forms read.

A part's nested ``Config`` is its schema. It may have presets, ``presets: ClassVar[Mapping[str, Mapping[str, Any]]]``:
settings that go together under a name, such as ``easy``. Whoever writes ``{type: cnn, preset: easy, dropout: 0.1}``
gets those, and what is written beside them wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, Field

from dltrainer_jupyter.core.errors import ConfigurationError, Problem, brief, did_you_mean
from dltrainer_jupyter.core.validation import validate

if TYPE_CHECKING:
    from pydantic.config import JsonDict

Settings = TypeVar("Settings", bound=BaseModel)

PRESET = "preset"
"""The key that stands beside a part's own settings and names a preset."""


def setting(
    default: Any = ...,
    *,
    description: str,
    step: float | None = None,
    group: str | None = None,
    advanced: bool = False,
    **constraints: Any,
) -> Any:
    """Declare a setting of a part's ``Config``: a pydantic field that also says how a form shows it.

    Parameters
    ----------
    default : object, optional
        What holds if nobody says anything; a setting without one is required.
    description : str
        What it does, in one sentence.
    step : float, optional
        By how much a form's arrows change a number.
    group : str, optional
        Heading under which a form shows it.
    advanced : bool, default False
        Whether few people ever change it, so that forms fold it away.
    **constraints : object
        What ``pydantic.Field`` takes besides: ``ge``, ``gt``, ``le``, ``lt``, ``min_length``, ``default_factory`` …

    Returns
    -------
    pydantic.fields.FieldInfo
        What ``pydantic.Field`` gives; ``step``, ``group`` and ``advanced`` stand in the JSON schema where given.

    Examples
    --------
    >>> from pydantic import BaseModel
    >>> class Config(BaseModel):
    ...     rate: float = setting(0.1, description="Share that is dropped.", ge=0, lt=1, step=0.05, group="regularity")
    >>> Config.model_json_schema()["properties"]["rate"]["group"]
    'regularity'
    """
    shown: JsonDict = {"step": step, "group": group, "advanced": advanced or None}
    extra: JsonDict = {key: value for key, value in shown.items() if value is not None}
    return Field(default, description=description, json_schema_extra=extra or None, **constraints)


def presets(schema: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Give the presets of a part by name, in the order in which it declares them."""
    declared = getattr(schema, "presets", None)
    if PRESET in schema.model_fields or "presets" in schema.model_fields or not isinstance(declared, Mapping):
        return {}
    return {str(name): dict(settings) for name, settings in declared.items()}


def without_preset(schema: type[BaseModel], given: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Write out the preset that settings name, if they do.

    Parameters
    ----------
    schema : type of pydantic.BaseModel
        The part's ``Config``.
    given : mapping
        Settings; what stands beside ``preset`` wins over what is in it.
    where : str, default ""
        Prefix of the keys in messages, such as ``"model"``.

    Raises
    ------
    ConfigurationError
        If the part has presets, and none of that name.

    Examples
    --------
    >>> from typing import ClassVar
    >>> class Config(BaseModel):
    ...     presets: ClassVar = {"easy": {"width": 8, "depth": 1}}
    ...     width: int = 64
    ...     depth: int = 3
    >>> without_preset(Config, {"preset": "easy", "depth": 2})
    {'width': 8, 'depth': 2}
    """
    known = presets(schema)
    if not known or PRESET not in given:
        return dict(given)
    name = given[PRESET]
    if not isinstance(name, str) or name not in known:
        key = f"{where}.{PRESET}" if where else PRESET
        hint = did_you_mean(name, list(known)) if isinstance(name, str) else ""
        refusal = ConfigurationError(f"{key}: unknown preset {brief(name)}.{hint} Known: {', '.join(known)}.")
        refusal.problems = (Problem((*([where] if where else []), PRESET), str(refusal)),)
        raise refusal
    return known[name] | {key: value for key, value in given.items() if key != PRESET}


def part_settings(
    schema: type[Settings], given: Mapping[str, Any], where: str = "", outer: type[BaseModel] | None = None
) -> Settings:
    """Check a part's settings, with the preset they may name.

    Parameters
    ----------
    schema : type of pydantic.BaseModel
        The part's ``Config``.
    given : mapping
        Settings, as they stand beside the part's name.
    where : str, default ""
        Prefix of the keys in messages, such as ``"model"``.
    outer : type of pydantic.BaseModel, optional
        The configuration as a whole, where an unknown key may belong instead.

    Raises
    ------
    ConfigurationError
        Names the first wrong key; its ``problems`` are all of them.
    """
    return validate(schema, without_preset(schema, given, where), where, outer)
