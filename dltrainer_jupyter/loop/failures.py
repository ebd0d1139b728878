"""What to remember of an error: its message, and only the user's own frames of its traceback."""

from __future__ import annotations

import sys
import sysconfig
import traceback
from pathlib import Path

from dltrainer_jupyter.core.errors import DLTrainerError, NonFiniteLossError
from dltrainer_jupyter.core.records import ErrorRecord

_OURS = str(Path(__file__).resolve().parents[1])
_LIBRARIES = tuple({*sysconfig.get_paths().values(), str(Path(sys.base_prefix).resolve())} - {""})


def describe(error: BaseException, step: int | None) -> ErrorRecord:
    """Make the record of an error.

    Parameters
    ----------
    error : BaseException
        What ended the training.
    step : int or None
        How many steps had been made; an error that knows its step better goes before.
    """
    message = str(error) if isinstance(error, DLTrainerError) else f"{type(error).__name__}: {error}"
    if isinstance(error, NonFiniteLossError):
        step = error.step
    return ErrorRecord(type=type(error).__name__, message=message, traceback=user_traceback(error), step=step)


def user_traceback(error: BaseException) -> str:
    """Format the frames that are neither ours nor a library's, of the error or of what caused it.

    Returns
    -------
    str
        Empty if none of the user's code was on the stack.
    """
    current: BaseException | None = error
    while current is not None:
        frames = traceback.extract_tb(current.__traceback__)
        first = next((at for at, frame in enumerate(frames) if _is_users(frame.filename)), None)
        if first is not None:
            # From the user's first frame on: what a library did below it helps to understand.
            lines = traceback.format_list(frames[first:]) + traceback.format_exception_only(current)
            return "Traceback (most recent call last):\n" + "".join(lines)
        current = current.__cause__ or current.__context__
    return ""


def _is_users(filename: str) -> bool:
    if filename.startswith("<") and not filename.startswith(("<ipython", "<dltrain", "<stdin", "<string")):
        return False
    if filename.startswith(_OURS):
        return False
    return not filename.startswith(_LIBRARIES)
