"""What makes a class a part: said in a sentence where something is missing."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.errors import PydanticSchemaGenerationError

from dltrainer_jupyter.core.errors import brief
from dltrainer_jupyter.core.nesting import nested
from dltrainer_jupyter.core.registry.kinds import Kind

WITHOUT_SETTINGS: frozenset[str] = frozenset({"adapters", "checks", "executors", "faces"})
"""Kinds whose parts aren't written with settings beside their names."""

_PLAIN = (bool, int, float, str, SecretStr, Path, date, NoneType, Enum)
_CONTAINERS = (list, tuple, set, frozenset, dict)
_KNOWN = "int, float, str, bool, Literal[…] for a choice, or lists, tuples, mappings and models of them"
_TEXT, _TEXTS, _NUMBER, _COUNT, _SIZES = "text", "texts", "a number above 0", "a whole number above 0", "whole numbers"
_METADATA: dict[str, str] = {
    "description": _TEXT,
    "task": _TEXTS,
    "author": _TEXT,
    "version": _TEXT,
    "tags": _TEXTS,
    "min_gpu_memory_gb": _NUMBER,
    "recommended_batch_size": _COUNT,
    "supported_image_sizes": _SIZES,
}


def first_fault(kind: Kind, part: Any) -> str | None:
    """Say what keeps a part from being used, in one sentence; None if nothing does."""
    return next(faults(kind, part), None)


def faults(kind: Kind, part: Any) -> Iterator[str]:
    """Say what keeps a part from being used.

    Parameters
    ----------
    kind : str
        Of part.
    part : object
        What is registered.

    Yields
    ------
    str
        Sentences.
    """
    if kind in WITHOUT_SETTINGS:
        return
    if not inspect.isclass(part):
        yield f"expected a class, got {brief(part)}."
        return
    yield from _faults_of_metadata(part)
    schema = inspect.getattr_static(part, "Config", None)
    if not (inspect.isclass(schema) and issubclass(schema, BaseModel)):
        got = "none" if schema is None else brief(schema)
        yield f"expected a nested pydantic class Config with its settings, got {got}."
        return
    for model in dict.fromkeys((schema, *nested(schema))):
        yield from _faults_of_schema(model, "Config" if model is schema else f"Config.{model.__name__}")


def unknown_type(error: BaseException) -> str | None:
    """Say which setting has a type that pydantic doesn't know, where its refusal of a class does not.

    Parameters
    ----------
    error : BaseException
        Raised where the class is made.
    """
    if not isinstance(error, PydanticSchemaGenerationError):
        return None
    name, trace = None, error.__traceback__
    while trace is not None:
        # The function that looks at one field after another knows which; the error has a page of text instead.
        if trace.tb_frame.f_code.co_name in {"_common_field_schema", "_generate_md_field_schema"}:
            name = trace.tb_frame.f_locals.get("name", name)
        trace = trace.tb_next
    got = re.search(r"schema for (.+?)\. Set `arb", " ".join(str(error).split()))
    return f"Config.{name or '?'}: expected {_KNOWN}, got {got[1] if got else 'something else'}"


def _faults_of_metadata(part: type[Any]) -> Iterator[str]:
    for key, expected in _METADATA.items():
        value = getattr(part, key, None)
        if value is not None and not _fits(value, expected):
            yield f"{key}: expected {expected}, got {brief(value)}."


def _fits(value: Any, expected: str) -> bool:
    if expected == _TEXT:
        return isinstance(value, str)
    if expected == _TEXTS:
        return isinstance(value, tuple | list) and all(isinstance(one, str) for one in value)
    if expected == _SIZES:
        return isinstance(value, tuple | list) and all(isinstance(one, int) and one > 0 for one in value)
    kinds = int if expected == _COUNT else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and value > 0


def _faults_of_schema(schema: type[BaseModel], where: str) -> Iterator[str]:
    for name, field in schema.model_fields.items():
        unknown = next(_unknown(field.annotation), None)
        if unknown is not None:
            yield (f"{where}.{name}: expected {_KNOWN}, got {_named(unknown)}.")


def _unknown(annotation: Any) -> Iterator[Any]:
    """Give the types in an annotation that no configuration file can say."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _unknown(get_args(annotation)[0])
    elif origin is Literal or annotation in (Any, Ellipsis):
        return
    elif origin in (Union, UnionType, ClassVar):
        for one in get_args(annotation):
            yield from _unknown(one)
    elif origin is not None or annotation in _CONTAINERS:
        if not _is_container(origin or annotation):
            yield annotation
        for one in get_args(annotation):
            yield from _unknown(one)
    elif not (inspect.isclass(annotation) and issubclass(annotation, (*_PLAIN, BaseModel))):
        yield annotation


def _is_container(holder: Any) -> bool:
    if not inspect.isclass(holder):
        return False
    is_abstract = holder.__module__ == "collections.abc" and holder.__name__ in {"Sequence", "Iterable", "Collection"}
    return is_abstract or issubclass(holder, (*_CONTAINERS, Mapping, AbstractSet))


def _named(annotation: Any) -> str:
    return annotation.__qualname__ if inspect.isclass(annotation) else str(annotation)
