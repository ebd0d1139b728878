"""A named part of a specification, or the mention of a person's own object."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_serializer, model_validator

from dltrainer_jupyter.core.errors import brief
from dltrainer_jupyter.core.secrets import MASK

USER_OBJECT = "$object"
"""The type of a part that is the user's own object; the object itself is kept beside the run."""


OWN_MARK = " (your own)"
"""What tells a mention of the user's own object, where people read it, from a name."""


class Part(BaseModel):
    """A part named in the registry with its settings, or a mention of the user's own object.

    Written as a name (``cnn``) or a mapping (``{type: mlp, hidden: [64]}``).

    Examples
    --------
    >>> Part.model_validate({"type": "mlp", "hidden": [64]}).config
    {'hidden': [64]}
    """

    model_config = ConfigDict(frozen=True)

    type: str
    config: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, value: Any) -> Any:
        return cls._read(value)

    @classmethod
    def _read(cls, value: Any) -> Any:
        """Read what a person wrote."""
        if isinstance(value, str):
            return _named(value, {})
        if isinstance(value, Mapping) and isinstance(value.get("type"), str):
            rest = {key: item for key, item in value.items() if key != "type"}
            return _named(value["type"], _plain(rest, "", cls._brief))
        if isinstance(value, cls):
            return value
        if isinstance(value, Part):
            return {"type": value.type, "config": value.config}
        msg = f"expected a name or a mapping with a 'type', got {cls._brief(value)}{_meant(value)}"
        raise ValueError(msg)

    @staticmethod
    def _brief(value: object) -> str:
        """Write what was given into a message."""
        return brief(value)

    @model_serializer
    def _to_short_form(self) -> str | dict[str, Any]:
        return {"type": self.type, **_masked(self.config)} if self.config else self.type

    @classmethod
    def user_object(cls, description: str) -> Part:
        """Mention an object of the user's, described in one line."""
        return cls.model_validate({"type": USER_OBJECT, "is": description})

    @property
    def is_user_object(self) -> bool:
        """Whether the part is the user's own object."""
        return self.type == USER_OBJECT

    def __str__(self) -> str:
        """Describe the part in a few words."""
        return str(self.config.get("is", self.type)) if self.is_user_object else self.type

    @property
    def shown(self) -> str:
        """What it is called where people read it: the user's own object is told from a name.

        Examples
        --------
        >>> Part.user_object("squared").shown, Part(type="mlp").shown
        ('squared (your own)', 'mlp')
        """
        return f"{self}{OWN_MARK}" if self.is_user_object else self.type


def _named(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Take what :attr:`Part.shown` gives of the user's own object, if somebody hands that back, for its mention."""
    if name.endswith(OWN_MARK):
        return {"type": USER_OBJECT, "config": {"is": name.removesuffix(OWN_MARK), **settings}}
    return {"type": name, "config": settings}


class TrackerPart(Part):
    """A tracker, whose settings may be secrets: what was given is in no message."""

    @staticmethod
    def _brief(value: object) -> str:
        return f"something of type {type(value).__name__}, which isn't shown"


def _meant(value: object) -> str:
    """Say how to write what was written as ``{mlflow: {…}}``; settings, which may be secrets, aren't shown."""
    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and name.isidentifier() and (config is None or isinstance(config, Mapping))
        for name, config in value.items()
    ):
        return ""
    named = [f"{{type: {name}, …}}" if config else name for name, config in value.items()]
    return f"; write {named[0]}" if len(named) == 1 else f"; write [{', '.join(named)}]" if named else ""


def _masked(value: Any) -> Any:
    """Write a setting without the secrets in it."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value


def _plain(value: Any, where: str, brief: Callable[[object], str]) -> Any:
    """Bring a setting to JSON types, in which it outlives the process; a secret stays one."""
    if value is None or isinstance(value, bool | int | SecretStr):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(item, f"{where}.{key}", brief) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}.{index}", brief) for index, item in enumerate(value)]
    if callable(to_list := getattr(value, "tolist", None)):
        # An array's or a tensor's numbers.
        return _plain(to_list(), where, brief)
    msg = f"expected numbers, text, lists or mappings as settings, got {brief(value)} for '{where.removeprefix('.')}'"
    raise ValueError(msg)


STACK = "stack"
"""The model that is made of layers, which nobody has to name: ``{layers: [...]}``."""


def stacked(value: Any) -> Any:
    """Let layers alone mean the model that is made of them."""
    return (
        {"type": STACK, **value} if isinstance(value, Mapping) and "layers" in value and "type" not in value else value
    )


def _listed(value: Any) -> Any:
    if value is None:
        return []
    return [value] if isinstance(value, str | Mapping) else value


Parts = Annotated[tuple[Part, ...], BeforeValidator(_listed)]
TrackerParts = Annotated[tuple[TrackerPart, ...], BeforeValidator(_listed)]
