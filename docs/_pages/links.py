"""Links that lead somewhere on GitHub and on the site, where folders lie differently.

The site has what lies in ``docs/`` at its top, and beside it the notebooks and some pages of the repository's own
folder. A link is written as GitHub wants it, ``../notebooks/quickstart.ipynb`` in a guide, and turned here.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NOTEBOOKS = ROOT / "notebooks"
BESIDE = ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md")
"""Pages of the repository's own folder."""

_LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")


def place(path: Path) -> str | None:
    """Say where a file of the repository lies on the site, as the path of its source; None if it isn't there."""
    if path == ROOT / "README.md":
        return "index.md"
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    if path.is_relative_to(NOTEBOOKS) or (path.name in BESIDE and path.parent == ROOT):
        return path.relative_to(ROOT).as_posix()
    return None


def turned(text: str, source: Path) -> str:
    """Turn the links of a page.

    Parameters
    ----------
    text : str
        Its Markdown.
    source : pathlib.Path
        Where the page lies in the repository.
    """
    here = place(source) or ""

    def turn(found: re.Match[str]) -> str:
        before, target, after = found.groups()
        if re.match(r"\w+:|/", target):
            return found[0]
        there = place(Path(posixpath.normpath(source.parent / target)))
        # What the site doesn't have stays, and is refused by its strict build.
        return found[0] if there is None else before + posixpath.relpath(there, posixpath.dirname(here) or ".") + after

    return _LINK.sub(turn, text)
