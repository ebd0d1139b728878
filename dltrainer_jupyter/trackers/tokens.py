"""What nobody but a tracker's server may be told."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from dltrainer_jupyter.core.secrets import MASK

if TYPE_CHECKING:
    from pydantic import SecretStr


def revealed(token: SecretStr | None) -> str | None:
    """Give a token's value, or None if there is none, or only its mask has come along."""
    secret = None if token is None else token.get_secret_value()
    return None if secret == MASK else secret


def shown(url: str) -> str:
    """Give an address as anybody may see it: without user, password and query.

    Examples
    --------
    >>> shown("http://me:secret@host:5000/mlflow?key=abc")
    'http://host:5000/mlflow'
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
