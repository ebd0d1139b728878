"""The pages of the reference that lie in the repository, and those that are made when the site is built.

What the README and the guides link to has to be there on GitHub: what can be written in a configuration, and what the
environment sets. The rest is of the site alone.
"""

from __future__ import annotations

from docs._pages import configuration, environment, parts
from docs._pages.links import DOCS

REFERENCE = DOCS / "reference"


def pages() -> dict[str, str]:
    """Write them, in Markdown, by their place in the folder of the reference."""
    return {**configuration.pages(), **environment.pages(), **parts.pages()}


def write() -> None:
    """Write their files anew, and remove those that are no more."""
    wanted = pages()
    for place, text in wanted.items():
        file = REFERENCE / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for file in REFERENCE.rglob("*.md"):
        if file.relative_to(REFERENCE).as_posix() not in wanted:
            file.unlink()
