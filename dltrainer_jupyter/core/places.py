"""URLs of places where files lie, as settings: a folder, or whatever fsspec understands."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname


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
    # One URL may stand within another: simplecache::s3://…
    if not url.strip() or not url.isprintable() or any(map(_holds_secrets, url.split("::"))):
        msg = (
            "expected a folder or a URL such as s3://BUCKET/FOLDER, without a password or query: credentials come from "
            "the environment (AWS_ACCESS_KEY_ID …) or fsspec's own configuration files"
        )
        raise ValueError(msg)
    return url


def _holds_secrets(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "@" in url
    # Where a name alone logs somebody in, it is a token; elsewhere it is a user, or a container.
    is_token = bool(parts.username) and "http" in parts.scheme
    return "://" in url and bool(parts.password or parts.query or is_token)


def is_remote(url: str) -> bool:
    """Tell whether this is a URL of anything but a folder of this machine.

    Examples
    --------
    >>> is_remote("s3://bucket/runs"), is_remote("file:///runs"), is_remote("/runs")
    (True, False, False)
    """
    return "://" in url and not url.startswith("file://")


def local_folder(url: str) -> Path:
    """Give a folder of this machine by its path or its ``file://`` URL.

    Examples
    --------
    >>> str(local_folder("file:///my%20runs")), str(local_folder("/my%20runs"))
    ('/my runs', '/my%20runs')
    """
    if not url.startswith("file://"):
        return Path(url).expanduser()
    parts = urlsplit(url)
    return Path(url2pathname(parts.netloc.removeprefix("localhost") + parts.path)).expanduser()
