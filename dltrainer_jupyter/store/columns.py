"""Column types that give back what they were given, on every database."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_FLOAT = "$float"
_NOT_FINITE = frozenset({"nan", "inf", "-inf"})


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. SQLite keeps no time zone, so there it is stored in UTC without one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a time zone: nobody could say when it was."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"expected a datetime with a time zone, got {value!r}"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text for people, which may quote anything: what no database takes is shown as U+FFFD."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's name
        """Replace NUL, which PostgreSQL refuses, and lone surrogates, which no encoding takes."""
        return None if value is None else _UNSTORABLE.sub("\ufffd", value)


class Whole(TypeDecorator[int]):
    """A whole number; NumPy's are taken too, which SQLite's driver would store as bytes."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's name
        """Make it Python's own."""
        return None if value is None else int(value)


class Number(TypeDecorator[float]):
    """A number that may be infinite or, stored as NULL because SQLite has no other way, not a number."""

    impl = sa.Double
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> float | None:  # noqa: ARG002 - SQLAlchemy's name
        """Store NaN as NULL on every database, so that the same SQL means the same."""
        if value is None:
            return None
        number = float(value)
        return None if math.isnan(number) else number


class Measured(Number):
    """A number that is always there, so that NULL can only mean NaN."""

    cache_ok = True

    def process_result_value(self, value: float | None, dialect: Dialect) -> float:  # noqa: ARG002 - SQLAlchemy's name
        """Read NULL as NaN."""
        return math.nan if value is None else value


class Json(TypeDecorator[Any]):
    """JSON types, in which numbers that aren't finite survive as ``{"$float": "nan"}``.

    Examples
    --------
    >>> tagged({"loss": float("inf")})
    {'loss': {'$float': 'inf'}}
    """

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's name
        """Tag what JSON has no word for."""
        return tagged(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's name
        """Undo the tags."""
        return untagged(value)


def tagged(value: Any) -> Any:
    """Replace numbers that aren't finite, and NumPy's own, however deep they lie."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else {_FLOAT: repr(value)}
    if isinstance(value, dict):
        return {key: tagged(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tagged(item) for item in value]
    return value


def untagged(value: Any) -> Any:
    """Bring back what :func:`tagged` replaced."""
    if isinstance(value, dict):
        if value.keys() == {_FLOAT} and value[_FLOAT] in _NOT_FINITE:
            return float(value[_FLOAT])
        return {key: untagged(item) for key, item in value.items()}
    if isinstance(value, list):
        return [untagged(item) for item in value]
    return value
