"""Turn a pydantic error into one line: which key, what was given, what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from dltrainer_jupyter.core.errors import ConfigurationError, MissingKeysError, Problem, brief, legible, nearest
from dltrainer_jupyter.core.nesting import models_in, nested
from dltrainer_jupyter.core.vocabulary import SETTINGS

Model = TypeVar("Model", bound=BaseModel)

_PLAINLY_MEANT = 0.75
"""Likeness from which on a key is taken for one that belongs somewhere else."""


@dataclass(frozen=True)
class AlsoCalled:
    """Another name by which people look for a field; it goes into the field's annotation."""

    name: str


def meant(schema: type[BaseModel], name: str, likeness: float = 0.5) -> str | None:
    """Give the key that a person probably means by a name.

    Parameters
    ----------
    schema : type of pydantic.BaseModel
        Whose keys.
    name : str
        As it was written.
    likeness : float, default 0.5
        How alike the two have to be, from 0 to 1.
    """
    for key, field in schema.model_fields.items():
        if AlsoCalled(name) in field.metadata:
            return key
    return nearest(name, sorted(schema.model_fields), likeness)


def validate(
    schema: type[Model], values: Mapping[str, Any], where: str = "", outer: type[BaseModel] | None = None
) -> Model:
    """Check values against a schema.

    Parameters
    ----------
    schema : type of pydantic.BaseModel
        What is expected.
    values : mapping
        What was given.
    where : str, default ""
        Prefix of the keys in messages, such as ``"model"``.
    outer : type of pydantic.BaseModel, optional
        The configuration as a whole, where an unknown key may belong instead.

    Returns
    -------
    pydantic.BaseModel
        An instance of ``schema``.

    Raises
    ------
    ConfigurationError
        Names the first wrong key, its value and what is allowed, and how many more there are. Unknown keys come
        first, since one of them may be a missing one misspelt. Its ``problems`` are all of them.
    """
    try:
        return schema.model_validate(dict(values))
    except ValidationError as error:
        problems = sorted(_problems(error), key=lambda problem: problem["type"] != "extra_forbidden")
        missing = [problem for problem in problems if problem["type"] == "missing"]
        said = missing if problems[0]["type"] == "missing" else problems[:1]
        left = len(problems) - len(said)
        more = f" ({left} more after this one)" if left else ""
        refusal: ConfigurationError
        if said is missing:
            refusal = MissingKeysError([_written(schema, problem, where) for problem in missing], more)
        else:
            refusal = ConfigurationError(_sentence(schema, said[0], where, outer) + more)
        refusal.problems = tuple(_described(schema, problem, where, outer) for problem in problems)
        raise refusal from None


def _described(schema: type[BaseModel], problem: dict[str, Any], where: str, outer: type[BaseModel] | None) -> Problem:
    """Say by itself what is wrong."""
    path = ([where] if where else []) + _keys(schema, problem)
    if problem["type"] == "missing":
        key = _written(schema, problem, where)
        return Problem(tuple(path), str(MissingKeysError([key])))
    return Problem(tuple(path), _sentence(schema, problem, where, outer))


def _problems(error: ValidationError) -> list[dict[str, Any]]:
    """List what is wrong; words that could have stood in place of a number are named with it."""
    problems = [dict[str, Any](problem) for problem in error.errors(include_url=False)]
    kept = [problem for problem in problems if not _is_constant(problem)]
    for problem in kept:
        words = (it["ctx"]["expected"] for it in problems if _is_constant(it) and it["loc"][:-1] == problem["loc"][:-1])
        if problem["loc"][-1:] and problem["loc"][-1] in _SCALARS:
            problem["or"] = [word for word in words if word.startswith("'")]
    return kept or problems


def _is_constant(problem: Mapping[str, Any]) -> bool:
    return str(*problem["loc"][-1:]).startswith("literal[")


def _written(schema: type[BaseModel], problem: dict[str, Any], where: str) -> str:
    """Write the key of a problem with where it stands."""
    keys = [*([where] if where else []), *map(legible, _keys(schema, problem))]
    return ".".join(keys) if keys else "configuration"


def _sentence(schema: type[BaseModel], problem: dict[str, Any], where: str, outer: type[BaseModel] | None) -> str:
    location, key = _keys(schema, problem), _written(schema, problem, where)
    kind = problem["type"]
    if kind == "extra_forbidden":
        owner = _owner(schema, location[:-1])
        near = meant(owner, location[-1]) if owner else None
        elsewhere = meant(outer, location[-1], _PLAINLY_MEANT) if outer and len(location) == 1 else None
        # ``patch_size`` is an own ``patch``, though it is more like the ``batch_size`` further up; that itself isn't.
        is_own = near is not None and elsewhere != location[-1] and location[-1].startswith(f"{near}_")
        if elsewhere is not None and not is_own:
            return f"Unknown key '{key}'. {_at_the_top(elsewhere, _shown(outer, [elsewhere], problem['input']))}"
        hint = f" Did you mean '{near}'?" if near else ""
        return f"Unknown key '{key}'.{hint} Known: {', '.join(sorted(owner.model_fields)) if owner else ''}."
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ").rstrip(".")
    if kind in {"value_error", "assertion_error"}:
        return f"{key}: {message}."
    words = "".join(f", {it}" if " or " in it else f", or {it}" for it in problem.get("or", ()))
    expected = f"{_PLAIN.get(kind, message)}{words}"
    return f"{key}: expected {expected}, got {_shown(schema, location, problem['input'])}."


def _shown(schema: type[BaseModel] | None, path: list[str], value: Any) -> str:
    """Write what was given into a message, unless it may be a secret."""
    owner = _owner(schema, path[:-1]) if schema and path else None
    field = owner.model_fields.get(path[-1]) if owner else None
    return "something that isn't shown" if field and _holds_secret(field.annotation) else brief(value)


def _holds_secret(annotation: Any) -> bool:
    models = [it for model in models_in(annotation) for it in (model, *nested(model))]
    return any(
        map(_names_secret, [annotation, *(field.annotation for it in models for field in it.model_fields.values())])
    )


def _names_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(map(_names_secret, get_args(annotation)))


def _at_the_top(key: str, value: str) -> str:
    """Say where a key that stands in the wrong place belongs."""
    flag = next((f" (option {option.flag})" for option in SETTINGS if option.key == key), "")
    return f"The {key.replace('_', ' ')} is set at the top level: {key}: {value}{flag}."


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


_SCALARS = {name for kind in ("int", "float", "str") for name in (kind, f"constrained-{kind}")} | {"bool"}
"""What pydantic calls members of a union that are no models."""


def _keys(schema: type[BaseModel], problem: dict[str, Any]) -> list[str]:
    """Leave out of a problem's path what is no key: pydantic puts the names of a union's members into it."""
    names = {model.__name__ for model in nested(schema)} | _SCALARS
    path = [str(part) for part in problem["loc"]]
    # Whatever it is called, a key that is unknown is one.
    certain = len(path) - (problem["type"] == "extra_forbidden")
    return [part for part in path[:certain] if part not in names and "[" not in part] + path[certain:]


def _owner(schema: type[BaseModel], path: list[str]) -> type[BaseModel] | None:
    """Find the nested model a path of keys leads to."""
    current: type[BaseModel] | None = schema
    for part in path:
        if part.isdigit():
            # One of several: what they all are was found already.
            continue
        field = current.model_fields.get(part) if current else None
        current = next(iter(models_in(field.annotation)), None) if field else None
    return current
