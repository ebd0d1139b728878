"""Settings that say where a file is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.places import is_remote
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.fetching import local_path


class IsPlace:
    """Marks a setting as the place of a file or folder."""


Place = Annotated[str, IsPlace(), Field(min_length=1)]
"""A path or a URL."""


def full(place: str) -> str:
    """Give a path that means the same wherever one is; URLs mean so anyway.

    Examples
    --------
    >>> full("s3://bucket/x.csv"), full("/data/x.csv")
    ('s3://bucket/x.csv', '/data/x.csv')
    """
    if "://" in place or "\0" in place:
        return place
    path = Path(place)
    try:
        path = path.expanduser()
    except RuntimeError:  # nobody of that name
        return place
    return str(path if path.is_absolute() else path.absolute())


def with_full_places(schema: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
    """Write out the paths among a part's settings: who trains or resumes may be somewhere else.

    Parameters
    ----------
    schema : type of pydantic.BaseModel
        The part's ``Config``.
    given : mapping
        Its settings, checked.
    """
    places = places_of(schema)
    return {key: full(value) if key in places and isinstance(value, str) else value for key, value in given.items()}


def places_of(schema: type[BaseModel]) -> set[str]:
    """Name the settings of a part that say where files are."""
    return {key for key, field in schema.model_fields.items() if any(isinstance(it, IsPlace) for it in _marks(field))}


def _marks(field: Any) -> list[Any]:
    """Give the marks of a field, those within ``X | None`` too."""
    inner = [it for part in getattr(field.annotation, "__args__", ()) for it in getattr(part, "__metadata__", ())]
    return [*field.metadata, *inner]


def given_places(spec: RunSpec, path: str) -> tuple[str, str | None]:
    """Give where the training part is and, if ``validation`` names it, where the validation part is.

    Parameters
    ----------
    spec : RunSpec
        Its ``validation`` may have ``train`` and ``validation``: files or folders, in the data's folder or elsewhere.
    path : str
        Where the data are.
    """
    asked = spec.validation
    if asked is False or asked.validation is None:
        return path, None
    return (path if asked.train is None else within(path, asked.train)), within(path, asked.validation)


def within(path: str, name: str) -> str:
    """Give a file or folder in a folder, if it is there, else by itself."""
    if is_remote(name) or Path(name).is_absolute():
        return name
    if is_remote(path):
        return f"{path.rstrip('/')}/{name}"
    try:
        folder = local_path(path)
    except ConfigurationError:
        return name  # said where the data are read
    beside = folder / name if folder.is_dir() else folder.parent / name
    return str(beside) if beside.exists() else name
