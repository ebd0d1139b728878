"""How errors of the user's own code look in a cell: with the user's own frames. Ours draw themselves.

IPython lets an exception draw itself by a method ``_render_traceback_``. It is given to the one exception that is
about to leave the magic, so its type, its message and the cell's error status stay what they are.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.registry.entry_points import extra_that_brings

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def say(text: str) -> None:
    """Print under the cell."""
    print(text)  # noqa: T201 - the one place where the magics do


def draw(error: BaseException, lines: list[str]) -> None:
    """Let an exception appear as these lines."""
    _draw_by(error, lambda: lines)


@contextlib.contextmanager
def from_users_frames(shell: InteractiveShell, filename: str) -> Iterator[None]:
    """Let an exception that passes appear without the frames above the user's code, and a missing package in one line.

    Parameters
    ----------
    shell : InteractiveShell
        Draws the frames.
    filename : str
        What the user's code was compiled as.
    """
    try:
        yield
    except DLTrainerError:
        raise
    except ModuleNotFoundError as error:
        _draw_by(error, _as_missing(error) or _in_users_frames(shell, error, filename))
        raise
    except (Exception, KeyboardInterrupt) as error:
        _draw_by(error, _in_users_frames(shell, error, filename))
        raise


def _in_users_frames(shell: InteractiveShell, error: BaseException, filename: str) -> Callable[[], list[str]]:
    return functools.partial(
        shell.InteractiveTB.structured_traceback,
        type(error),
        error,
        _from(error.__traceback__, filename),
        tb_offset=0,
    )


def _as_missing(error: ModuleNotFoundError) -> Callable[[], list[str]] | None:
    """Give the line that mends it, if what is missing is a package that one of our extras brings."""
    extra = extra_that_brings(error.name) if error.name else None
    if extra is None:
        return None
    line = f"Error: The package '{error.name}' isn't installed: pip install \"dltrainer-jupyter[{extra}]\""
    return lambda: [line]


def _draw_by(error: BaseException, lines: Callable[[], list[str]]) -> None:
    # An exception without a dictionary of its own keeps IPython's drawing.
    with contextlib.suppress(AttributeError):
        error._render_traceback_ = lines  # type: ignore[attr-defined]


def _from(frames: TracebackType | None, filename: str) -> TracebackType | None:
    """Find the first frame of some code; all of them, if there is none."""
    first = frames
    while first is not None and first.tb_frame.f_code.co_filename != filename:
        first = first.tb_next
    return first or frames
