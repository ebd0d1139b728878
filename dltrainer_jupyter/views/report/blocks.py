"""What a report is put together from, whatever it is written as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Lines:
    """Sentences, or a text whose line breaks count."""

    text: str
    is_code: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of text under the names of columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """A PNG, and what it shows in words."""

    png: bytes
    words: str
    width: int
    """Pixels on the page."""


@dataclass(frozen=True)
class Pictures:
    """Small pictures in a row, each with its words."""

    items: Sequence[Picture]


Block = Lines | Table | Picture | Pictures


@dataclass(frozen=True)
class Section:
    """A part of a report."""

    title: str
    blocks: Sequence[Block]
    code: str = ""
    """What gives the same in Python, where the run is."""


@dataclass(frozen=True)
class Report:
    """A whole report."""

    title: str
    sections: Sequence[Section]
    document: dict[str, Any] = field(default_factory=dict)
    """The same for programs, in JSON types."""
