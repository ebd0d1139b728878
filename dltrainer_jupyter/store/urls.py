"""What a database URL means: one spelling for each database, and one that shows no password."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from dltrainer_jupyter.core.errors import StoreError

EXPECTED = "Expected sqlite:///FOLDER/FILE.db or postgresql://USER@HOST/DATABASE"

_SECRET = re.compile("pass|secret|token", re.IGNORECASE)
"""What a setting's name holds whose value nobody may see."""

_POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+psycopg"})


def parse(url: str) -> URL:
    """Read a database URL and bring it to the spelling that means the same in every process.

    Parameters
    ----------
    url : str
        ``sqlite:///`` with a path (``~`` and relative ones are made absolute), or ``postgresql://``.

    Returns
    -------
    sqlalchemy.engine.URL
        With the driver named, and an absolute path for SQLite.

    Raises
    ------
    StoreError
        If it is no URL, or names another kind of database.

    Examples
    --------
    >>> parse("postgresql://me@db/runs").drivername
    'postgresql+psycopg'
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        msg = f"{EXPECTED}, got '{_harmless(url)}'. Mend DLTRAINER_STORE."
        raise StoreError(msg) from None
    if "@" in (parsed.host or ""):
        msg = f"{EXPECTED}, got one with several '@'; those of a password are written %40. Mend DLTRAINER_STORE."
        raise StoreError(msg)
    if parsed.drivername in _POSTGRESQL:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        msg = f"{EXPECTED}, got one for '{parsed.drivername}'. Mend DLTRAINER_STORE."
        raise StoreError(msg)
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        given = _harmless(url)
        msg = f"{EXPECTED}, got '{given}': a trainer in another process could not see a database without a file."
        raise StoreError(msg)
    return parsed.set(drivername="sqlite", database=str(Path(parsed.database).expanduser().resolve()))


def _harmless(url: str) -> str:
    """Show of a text that is no URL what can't be a password."""
    if "@" not in url and not _SECRET.search(url):
        return url
    scheme = re.match("[a-z+]*", url)
    return f"{scheme[0] if scheme else ''}…"


def passwords(url: URL) -> set[str]:
    """Give what of a URL nobody may see."""
    named = [value for name, value in url.normalized_query.items() if _SECRET.search(name)]
    return {secret for secret in (url.password, *(text for values in named for text in values)) if secret}


def sqlite_url(path: Path) -> str:
    """Spell the URL of an SQLite file, whatever characters are in its path.

    Examples
    --------
    >>> sqlite_url(Path("/runs/what?/my.db"))
    'sqlite:////runs/what%3F/my.db'
    """
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def shown(url: URL) -> str:
    """Spell a URL for people: without any password.

    Examples
    --------
    >>> shown(parse("postgresql://me:secret@db/runs"))
    'postgresql://me:***@db/runs'
    """
    hidden = {name: "***" for name in url.query if _SECRET.search(name)}
    plain = url.set(drivername=url.get_backend_name()).update_query_dict(hidden)
    return plain.render_as_string(hide_password=True)


def sqlite_path(url: URL) -> Path | None:
    """Give the file of an SQLite database, or None for a server."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None
