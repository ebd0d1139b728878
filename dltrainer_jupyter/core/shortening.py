"""Texts and names of other people's making, as long and as many as a sentence of ours can hold."""

from __future__ import annotations

from collections.abc import Sequence

_WORD = 40
"""Characters that are given up at most, so that no word is cut in two."""


def shortened(text: str, longest: int) -> str:
    r"""Bring a text into one line that is no longer than that, and ends behind a word.

    Parameters
    ----------
    text : str
        Any text.
    longest : int
        Characters there may be, the ellipsis among them.

    Examples
    --------
    >>> shortened("No module named 'numpy.core'\nand more", 40), shortened("No module named 'numpy.core'", 20)
    ("No module named 'numpy.core' and more", 'No module named …')
    """
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    room = longest - 2
    end = line.rfind(" ", max(room - _WORD, 0), room + 1)
    return f"{line[: longest - 1]}…" if end <= 0 else f"{line[:end].rstrip(' ,;:.')} …"


def few_of(names: Sequence[str], most: int = 5) -> str:
    """Name some, and say how many more there are.

    Parameters
    ----------
    names : sequence of str
        Any number of names.
    most : int, default 5
        How many are named.

    Examples
    --------
    >>> few_of(["cat", "dog", "fox"], most=2)
    'cat, dog and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
