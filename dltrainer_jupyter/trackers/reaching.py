"""Whether a server answers at all."""

from __future__ import annotations

from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

PATIENCE = 5.0
"""Seconds after which a server counts as out of reach."""


def why_silent(url: str, patience: float = PATIENCE) -> str | None:
    """Say why nobody answers at an address; None if somebody does, even by a refusal.

    Parameters
    ----------
    url : str
        With ``http://`` or ``https://`` in front.
    patience : float, default 5
        Seconds to wait.
    """
    if not url.lower().startswith(("http://", "https://")):
        return "that is no address of a server"
    try:
        with urlopen(Request(url, method="GET"), timeout=patience):  # noqa: S310 - http and https alone
            return None
    except HTTPError as error:
        error.close()
        return None
    except (URLError, HTTPException, OSError, ValueError) as error:
        return " ".join(str(getattr(error, "reason", error)).split()) or type(error).__name__
