"""URLs of places where files lie, as settings: a folder, or whatever fsspec understands."""

from __future__ import annotations

from urllib.parse import urlsplit


def without_secrets(url: str) -> str:
    """Give a URL back that anybody may see.

    Raises
    ------
    ValueError
        If it is empty or holds credentials: settings are shown on every face. The message doesn't quote it.

    Examples
    --------
    >>> without_secrets("s3://bucket/runs")
    's3://bucket/runs'
    """
    try:
        parts = urlsplit(url) if "://" in url else None
    except ValueError:
        parts = None
    if not url.strip() or not url.isprintable() or (parts is not None and (parts.password or parts.query)):
        msg = (
            "expected a folder or a URL such as s3://BUCKET/FOLDER, without a password or query: credentials come from "
            "the environment (AWS_ACCESS_KEY_ID …) or fsspec's own configuration files"
        )
        raise ValueError(msg)
    return url


def is_remote(url: str) -> bool:
    """Tell whether this is a URL of anything but a folder of this machine.

    Examples
    --------
    >>> is_remote("s3://bucket/runs"), is_remote("file:///runs"), is_remote("/runs")
    (True, False, False)
    """
    return "://" in url and not url.startswith("file://")
