"""What MLflow's client raises, as one sentence that says how to mend it."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.shortening import shortened as cut
from dltrainer_jupyter.trackers.packages import not_importable

_LONGEST = 200
_REFUSED = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED"})
_NO_ANSWER = ("failed with exception", "failed with timeout", "Max retries exceeded", "Connection refused")
_FULL = ("disk is full", "No space left", "disk quota")
_UNKNOWN_PLACE = ("unsupported URI", "Could not find a registered", "UnsupportedModelRegistryStoreURI")


@contextmanager
def mended(where: str) -> Iterator[None]:
    """Turn whatever MLflow's client raises into a :class:`TrackerError`.

    Parameters
    ----------
    where : str
        MLflow's place as anybody may see it.
    """
    try:
        yield
    except TrackerError:
        raise
    except ImportError as error:
        raise TrackerError(not_importable(error, "MLflow", "mlflow", brings_all=False)) from error
    except Exception as error:  # it lets through what its databases and transports raise
        raise TrackerError(_told(error, where)) from error


def is_unreachable(error: BaseException) -> bool:
    """Tell whether no answer came, so that the same may well go another time."""
    return any(sign in str(error) for sign in _NO_ANSWER) or isinstance(error, ConnectionError | TimeoutError)


def is_full(error: BaseException) -> bool:
    """Tell whether there was no space left."""
    return getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT} or any(sign in str(error) for sign in _FULL)


def shortened(error: BaseException) -> str:
    """Give the first line of an error's message."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    first = re.sub(r"//[^/\s@]+@", "//", first)
    return cut(first, _LONGEST)


def _told(error: Exception, where: str) -> str:
    status, code = _status(error), getattr(error, "error_code", None)
    if status in {401, 403} or code in _REFUSED:
        return (
            f"MLflow at {where} refuses these credentials, or gives them too few rights: set MLFLOW_TRACKING_TOKEN (or "
            "the tracker's token), or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
        )
    if is_full(error):
        return f"There is no space left where MLflow at {where} keeps its data: make room, then it goes on by itself."
    if is_unreachable(error):
        return f"MLflow at {where} doesn't answer: check that its server runs and that the address is right."
    if status in {404, 405} and "endpoint" in str(error):
        return f"What answers at {where} is no MLflow tracking server: expected one, such as http://HOST:5000."
    if any(sign.lower() in str(error).lower() for sign in _UNKNOWN_PLACE):
        return (
            f"MLflow doesn't know what '{where}' is: expected a server (http://HOST:5000) or a database "
            "(sqlite:////FOLDER/mlflow.db)."
        )
    return f"MLflow at {where} doesn't take what it is sent: {shortened(error)}"


def _status(error: Exception) -> int | None:
    """Give the HTTP status of an answer; MLflow knows it by a code of its own, `requests` by the answer."""
    answer = getattr(error, "response", None)
    if (status := getattr(answer, "status_code", None)) is not None:
        return int(status)
    if (found := re.search(r"error code (\d{3})", str(error))) is not None:
        return int(found.group(1))
    return None
