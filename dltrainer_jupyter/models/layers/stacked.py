"""The layers of a stack as a person writes them, and as named layers that can be built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_serializer

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.part import Part
from dltrainer_jupyter.core.schema import part_settings

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

    from dltrainer_jupyter.models.layers.base import Layer

OUTPUT = "output"
"""The layer that knows how many values the data wants."""


class LayerPart(Part):
    """A layer by its type with its settings, and perhaps a name: ``flatten``, ``{type: dense, units: 64}``.

    Examples
    --------
    >>> LayerPart.model_validate({"type": "dense", "units": 64, "name": "middle"}).name
    'middle'
    """

    name: str | None = Field(default=None, pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")

    @classmethod
    def _read(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or "name" not in value or isinstance(value.get("config"), Mapping):
            return super()._read(value)
        rest = {key: item for key, item in value.items() if key != "name"}
        return {**super()._read(rest), "name": value["name"]}

    @model_serializer
    def _to_short_form(self) -> str | dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        return {"type": self.type, **named, **self.config} if self.config or named else self.type

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say what may be written, not how it is kept."""
        return {
            "title": "Layer",
            "type": "object",
            "properties": {"type": {"type": "string", "description": "Which layer."}},
            "required": ["type"],
            "additionalProperties": True,
        }


def called(layers: Sequence[LayerPart]) -> list[str]:
    """Give each layer the name it was given, or its type and a number: ``conv1``, ``conv2``.

    Examples
    --------
    >>> called([LayerPart(type="conv"), LayerPart(type="flatten"), LayerPart(type="conv", name="last")])
    ['conv1', 'flatten', 'last']
    """
    alone = {kind for kind, count in Counter(it.type for it in layers if it.name is None).items() if count == 1}
    names, numbers = [], Counter[str]()
    for layer in layers:
        numbers[layer.type] += 1
        plain = layer.type if layer.type in alone else f"{layer.type}{numbers[layer.type]}"
        names.append(plain.replace(".", "_").replace("-", "_") if layer.name is None else layer.name)
    return names


def made(layer: LayerPart, outputs: int, where: str) -> Layer:
    """Make a layer.

    Parameters
    ----------
    layer : LayerPart
        Which, with its settings.
    outputs : int
        How many values the data wants.
    where : str
        What it is called in messages: ``"model.layers.2"``.

    Raises
    ------
    ConfigurationError
        If nobody knows it, or a setting is wrong.
    """
    return made_of(registry.find("layers", layer.type), layer, outputs, where)


def made_of(found: Any, layer: LayerPart, outputs: int, where: str) -> Layer:
    """Make a layer of a class that was looked up before.

    Parameters
    ----------
    found : type
        What the registry has for ``layer.type``.
    layer, outputs, where
        As :func:`made` takes them.

    Raises
    ------
    ConfigurationError
        If a setting is wrong.
    """
    settings = part_settings(found.Config, layer.config, where)
    layer_made: Layer = found(settings, outputs) if layer.type == OUTPUT else found(settings)
    return layer_made


def refuse_namesakes(names: Sequence[str], where: str) -> None:
    """Raise if two layers have one name, by which parameters are told apart.

    Raises
    ------
    ConfigurationError
        Names it.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        msg = f"{where}: two layers are called '{twice[0]}'; give one of them another name."
        raise ConfigurationError(msg)
