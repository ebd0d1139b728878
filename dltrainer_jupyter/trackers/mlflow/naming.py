"""Names that MLflow takes."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re

LONGEST_NAME = 250
"""Characters of the name of a metric, a parameter or a tag."""

_REFUSED = re.compile(r"[^/\w.\- ]" if os.name == "nt" else r"[^/\w.\- :]")
_DIGITS = 8


def accepted(name: str) -> str:
    """Give the name itself if MLflow takes it, else one like it that no other name becomes.

    MLflow takes letters, digits, spaces and ``_-.:/``, and no name that would be another one as a path.

    Examples
    --------
    >>> accepted("val_loss"), accepted("loss (50%)"), accepted("a//b")
    ('val_loss', 'loss _50__-f9f320d2', 'a/b-7a9acf33')
    """
    changed = _REFUSED.sub("_", name)
    changed = "/".join(part for part in changed.split("/") if part.strip(".")) or "_"
    if changed == name and posixpath.normpath(name) == name and len(name) <= LONGEST_NAME:
        return name
    mark = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:_DIGITS]
    return f"{changed[: LONGEST_NAME - _DIGITS - 1]}-{mark}"


class Names:
    """Names as MLflow takes them; whoever asks is told once of each that had to be changed."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, name: str, notes: list[str]) -> str:
        """Give the name that MLflow takes, and add a note if it is new and another."""
        if (known := self._known.get(name)) is not None:
            return known
        self._known[name] = found = accepted(name)
        if found != name:
            notes.append(f"MLflow doesn't take the name '{_shortened(name)}': it is '{found}' there.")
        return found


def _shortened(name: str, most: int = 80) -> str:
    return name if len(name) <= most else f"{name[:most]}…"
