"""The page of what is set for all runs of a machine or a person: by environment, in Python or in a file."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from dltrainer_jupyter.core.variables import VARIABLES
from dltrainer_jupyter.tal.settings import IN_FILE, Settings
from docs._pages.markdown import table

_HEAD = """\
# Settings of the environment

What holds for every run of a process: where things lie, and how long something may take. An environment variable goes
before what the program assigned (`tal.settings.store = "postgresql://…"`), that before `settings.toml` in the home
folder (`store = "postgresql://…"`), and that before the default. This page is written from the code by
`make reference`.
"""


def pages() -> dict[str, str]:
    """Write the page, in Markdown, by its place in the folder of the reference."""
    head = ("variable", "what it is", "in Python", "in `settings.toml`")
    return {"environment.md": "\n".join([_HEAD, *table(head, _rows())]).rstrip() + "\n"}


def _rows() -> Iterator[tuple[str, ...]]:
    for name, it in vars(Settings).items():
        if isinstance(it, property):
            variable, in_file = f"`DLTRAINER_{name.upper()}`", f"`{name}`" if name in IN_FILE else ""
            yield variable, _said(inspect.getdoc(it) or ""), f"`tal.settings.{name}`", in_file
    for other in VARIABLES:
        yield f"`{other.name}`", other.description, "", ""


def _said(docstring: str) -> str:
    """Bring a docstring onto one line of Markdown."""
    plain = re.sub(r":\w+:`~?([\w.]+)`", r"`\1`", docstring.replace("``", "`"))
    return " ".join(plain.split())
