"""Where MLflow keeps things, as its client and as people name it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import unquote

from dltrainer_jupyter.core.places import local_folder
from dltrainer_jupyter.trackers import tokens

_SQLITE = "sqlite:///"
_DATABASES = ("mysql", "mssql", "postgresql", "sqlite")
_KINDS = frozenset({"http", "https", "file", "databricks", "uc", *_DATABASES})
"""What MLflow's own client takes before ``://``."""
_PLUGINS = "mlflow.tracking_store"
"""Entry points under which other packages bring places of their own."""
_BARE_SERVER = re.compile(r"(localhost|[^/\\:@\s]{2,}:\d+|\d+(\.\d+){3})(/.*)?", re.IGNORECASE)
"""A host and a port; a single letter before a colon is a drive of Windows'."""


def is_server(uri: str) -> bool:
    """Tell whether this is a tracking server's address."""
    return uri.startswith(("http://", "https://"))


def is_database(uri: str) -> bool:
    """Tell whether MLflow's client works on a database by itself."""
    return uri.partition("://")[0].partition("+")[0] in _DATABASES


def misspelt(uri: str) -> str | None:
    """Say what is wrong with a place that MLflow would refuse, or take for a folder; None if nothing is.

    Nothing is asked and nothing imported: whether a server answers is known once something is sent.

    Examples
    --------
    >>> misspelt("localhost:5000")
    "a server's address begins with http:// or https://, write http://localhost:5000"
    >>> misspelt("htp://localhost:5000")
    "MLflow knows no 'htp://', did you mean http://localhost:5000?"
    """
    if _BARE_SERVER.fullmatch(uri):
        return f"a server's address begins with http:// or https://, write http://{uri}"
    kind, colon, rest = uri.partition("://")
    if not colon:
        return None
    known = {*_KINDS, *(plugin.name for plugin in entry_points(group=_PLUGINS))}
    # A database's driver may follow: mysql+pymysql.
    if kind.lower().partition("+")[0] in known or kind in known:
        if is_server(uri.lower()) and not rest.strip("/"):
            return f"{uri} names no host"
        return None
    near = get_close_matches(kind.lower(), sorted(known), 1)
    meant = f"did you mean {near[0]}://{rest}?" if near else f"expected one of {', '.join(sorted(known))}"
    return f"MLflow knows no '{kind}://', {meant}"


def shown(uri: str) -> str:
    """Give a place as anybody may see it: without user, password and query.

    Examples
    --------
    >>> shown("http://me:secret@host:5000/mlflow"), shown("sqlite:////data/mlflow.db")
    ('http://host:5000/mlflow', 'sqlite:////data/mlflow.db')
    """
    if uri.startswith(_SQLITE) or "://" not in uri:
        return uri
    return tokens.shown(uri)


def sqlite_file(uri: str) -> Path | None:
    """Give the file of an SQLite database, or None if it is something else."""
    if not uri.startswith(_SQLITE):
        return None
    return Path(unquote(uri.removeprefix(_SQLITE).partition("?")[0])).absolute()


def page(uri: str, experiment: str, run: str) -> str | None:
    """Give what a person opens to see a run: a page of the server's, or the folder or database itself.

    Examples
    --------
    >>> page("http://me:secret@host:5000/", "1", "ab12")
    'http://host:5000/#/experiments/1/runs/ab12'
    """
    if is_server(uri):
        return f"{shown(uri).rstrip('/')}/#/experiments/{experiment}/runs/{run}"
    if (database := sqlite_file(uri)) is not None:
        return str(database)
    if "://" in uri and not uri.startswith("file://"):
        return shown(uri)
    folder = local_folder(uri)
    return str(folder) if folder.is_dir() else None  # such as "databricks", a place that MLflow knows by name
