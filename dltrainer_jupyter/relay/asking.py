"""Asking a tracker: whatever its client raises becomes one plain sentence, with no secret in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.secrets import MASK
from dltrainer_jupyter.core.shortening import shortened

_LONGEST = 300
_PASSWORD = re.compile(r"//[^/\s@]+@")
_ADDRESS = re.compile(r"\s*\bat 0x[0-9a-fA-F]+")


@contextmanager
def asked(secrets: Collection[str]) -> Iterator[None]:
    """Turn whatever a tracker raises into a :class:`TrackerError`.

    Parameters
    ----------
    secrets : collection of str
        What must not be told.
    """
    try:
        yield
    # Some clients end the process where they give up.
    except (Exception, SystemExit) as error:
        raise TrackerError(plain_reason(error, secrets)) from error


def plain_reason(error: BaseException, secrets: Collection[str]) -> str:
    """Say in one sentence what went wrong.

    Examples
    --------
    >>> plain_reason(ConnectionError("no answer from http://me:abc@localhost"), ["abc"])
    'ConnectionError: no answer from http://localhost'
    """
    text = " ".join(str(error).split())
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK) if secret else text
    text = shortened(_ADDRESS.sub("", _PASSWORD.sub("//", text)), _LONGEST)
    if isinstance(error, TrackerError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
