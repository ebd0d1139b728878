"""What becomes of a request from the page: a reply, whatever happens."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError

_LOG = logging.getLogger(__name__)
_LONGEST_ERROR = 500
"""Characters of an error that still fit into a line of a panel."""


def replied(request: Mapping[str, Any], answer: Callable[[str, Mapping[str, Any]], Any]) -> dict[str, Any]:
    """Do what was asked and say what came of it; never raises.

    Parameters
    ----------
    request : mapping
        ``{"id": …, "verb": …, "arguments": {…}}``.
    answer : callable
        Does it, given verb and arguments.

    Returns
    -------
    dict
        ``{"kind": "reply", "id": …, "ok": True, "result": …}`` or ``{…, "ok": False, "error": one line}``.
    """
    head = {"kind": "reply", "id": request.get("id")}
    verb, arguments = request.get("verb"), request.get("arguments") or {}
    try:
        if not isinstance(verb, str) or not isinstance(arguments, Mapping):
            msg = f"expected a request with a verb and arguments, got {dict(request)!r}"
            raise ConfigurationError(msg)  # noqa: TRY301 - it becomes a reply like any other
        result = answer(verb, arguments)
    except DLTrainerError as error:
        return {**head, "ok": False, "error": _one_line(str(error))}
    except Exception as error:  # noqa: BLE001 - the user's own code may raise anything; the person who asked is told
        _LOG.debug("Request %s failed.", verb, exc_info=error)
        return {**head, "ok": False, "error": _one_line(f"{type(error).__name__}: {error}")}
    return {**head, "ok": True, "result": _finite(result)}


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_ERROR else f"{line[: _LONGEST_ERROR - 1]}…"


def _finite(value: Any) -> Any:
    """Replace what JSON can't say by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
