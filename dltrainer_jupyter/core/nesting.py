"""The models of settings that stand within settings, however deep, and within themselves."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Name the models in an annotation.

    Examples
    --------
    >>> class Layer(BaseModel): ...
    >>> models_in(dict[str, Layer | None])
    [<class '...Layer'>]
    """
    if get_origin(annotation) is Literal:
        return []
    inner = [model for argument in get_args(annotation) for model in models_in(argument)]
    return [annotation, *inner] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else inner


def nested(schema: type[BaseModel]) -> list[type[BaseModel]]:
    """Name the models that settings of a schema are made of, at every depth, once each."""
    found: dict[type[BaseModel], None] = {}
    waiting = [schema]
    while waiting:
        fields = waiting.pop().model_fields.values()
        new = [model for field in fields for model in models_in(field.annotation) if model not in found]
        found |= dict.fromkeys(new)
        waiting += new
    return list(found)
