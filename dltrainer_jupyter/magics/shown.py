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
    """Let an exception that passes appear without the frames above the user's code.

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
    except (Exception, KeyboardInterrupt) as error:
        drawing = functools.partial(
            shell.InteractiveTB.structured_traceback,
            type(error),
            error,
            _from(error.__traceback__, filename),
            tb_offset=0,
        )
        _draw_by(error, drawing)
        raise


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
