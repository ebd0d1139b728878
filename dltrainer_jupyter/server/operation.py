"""What a route answers to one method: the call, and the models that check and describe it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.server.schemas import Nothing

if TYPE_CHECKING:
    from pydantic import BaseModel

LARGEST_BODY = 2**20
"""Bytes; a configuration has some hundred."""


@dataclass(frozen=True)
class File:
    """An answer that is a file to keep, not JSON."""

    name: str
    """Of plain letters; no name of anybody's."""
    media_type: str
    content: bytes | Iterator[str]
    """All of it, or piece by piece, each made when the one before it is taken."""


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    summary: str
    """One sentence."""
    call: Callable[..., Any]
    """Given the run's or part's name, if the path holds one, the query if it has a model, and the body if it has one.

    It runs in a thread and returns JSON types, or a :class:`concurrent.futures.Future` of them for what may take long.
    """
    answer: type[BaseModel] | None
    """What it returns; None for nothing."""
    status: int = 200
    """If it succeeds."""
    query: type[BaseModel] = Nothing
    body: type[BaseModel] = Nothing
    checks_body: bool = False
    """Whether the call checks the body itself, by the same model and by what only it knows; it is given a mapping."""
    reads_body: bool = False
    """Whether the call reads the body itself, of which the model is a description only; it is given bytes and type."""
    largest_body: int = LARGEST_BODY
    media_types: tuple[str, ...] = ()
    """Of the :class:`File` it returns, if it returns one."""
