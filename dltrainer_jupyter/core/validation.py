"""Turn a pydantic error into one line: which key, what was given, what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from dltrainer_jupyter.core.errors import ConfigurationError, brief, did_you_mean

Model = TypeVar("Model", bound=BaseModel)


def validate(schema: type[Model], values: Mapping[str, Any], where: str = "") -> Model:
    """Check values against a schema.

    Parameters
    ----------
    schema : type of pydantic.BaseModel
        What is expected.
    values : mapping
        What was given.
    where : str, default ""
        Prefix of the keys in messages, such as ``"model"``.

    Returns
    -------
    pydantic.BaseModel
        An instance of ``schema``.

    Raises
    ------
    ConfigurationError
        Names the first wrong key, its value and what is allowed, and how many more there are.
    """
    try:
        return schema.model_validate(dict(values))
    except ValidationError as error:
        problems = _problems(error)
        more = f" ({len(problems) - 1} more after this one)" if len(problems) > 1 else ""
        raise ConfigurationError(_sentence(schema, problems[0], where) + more) from None


def _problems(error: ValidationError) -> list[dict[str, Any]]:
    """List what is wrong, without the constants that could have stood in place of it: they say nothing more."""
    problems = [dict[str, Any](problem) for problem in error.errors(include_url=False)]
    kept = [problem for problem in problems if not str(*problem["loc"][-1:]).startswith("literal[")]
    return kept or problems


def _sentence(schema: type[BaseModel], problem: dict[str, Any], where: str) -> str:
    location = _keys(schema, [str(part) for part in problem["loc"]])
    key = ".".join(([where] if where else []) + location) or "configuration"
    kind = problem["type"]
    if kind == "extra_forbidden":
        owner = _owner(schema, location[:-1])
        known = sorted(owner.model_fields) if owner else []
        return f"Unknown key '{key}'.{did_you_mean(location[-1], known)} Known: {', '.join(known)}."
    if kind == "missing":
        return f"Key '{key}' is missing."
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ").rstrip(".")
    if kind in {"value_error", "assertion_error"}:
        return f"{key}: {message}."
    return f"{key}: expected {_PLAIN.get(kind, message)}, got {brief(problem['input'])}."


_PLAIN = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "dict_type": "a mapping of settings",
    "model_type": "a mapping of settings",
    "string_type": "text",
    "tuple_type": "a list",
}
"""Kinds of errors, in words that people who don't know pydantic understand."""


def _keys(schema: type[BaseModel], path: list[str]) -> list[str]:
    """Leave out of a path what is no key: pydantic puts the names of a union's members into it."""
    names = {model.__name__ for model in _nested(schema)}
    return [part for part in path if part not in names and "[" not in part]


def _owner(schema: type[BaseModel], path: list[str]) -> type[BaseModel] | None:
    """Find the nested model a path of keys leads to."""
    current: type[BaseModel] | None = schema
    for part in path:
        field = current.model_fields.get(part) if current else None
        current = next(iter(_members(field.annotation)), None) if field else None
    return current


def _nested(schema: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [member for field in schema.model_fields.values() for member in _members(field.annotation)]
    return inner + [deeper for member in inner for deeper in _nested(member)]


def _members(annotation: Any) -> list[type[BaseModel]]:
    if get_origin(annotation) is Literal:
        return []
    inner = [member for argument in get_args(annotation) for member in _members(argument)]
    models = [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []
    return models + inner
