"""Pieces of Markdown that GitHub and MkDocs read alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dltrainer_jupyter.core.forms import FormField
from dltrainer_jupyter.tal import catalogue

SETTINGS = ("setting", "type", "default", "what it does")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Write a table; its cells are Markdown."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def settings_table(settings: Iterable[FormField]) -> Iterator[str]:
    """Write a table of settings, as each says of itself."""
    return table(SETTINGS, (setting_row(it) for it in settings))


def setting_row(of: FormField, type_: str = "", about: Sequence[str] = ()) -> tuple[str, ...]:
    """Write the row of a setting.

    Parameters
    ----------
    of : FormField
        The setting.
    type_ : str, default ""
        What may stand there, in Markdown, if the setting's own words won't do.
    about : sequence of str
        Sentences that follow its description, in Markdown.
    """
    default = "required" if of.required else code(catalogue.written(of.default))
    said = [prose(of.description), *about, *(["Advanced."] if of.advanced else [])]
    return f"`{of.name}`", type_ or prose(of.type), default, " ".join(filter(None, said))


def code(text: str) -> str:
    """Write something as code."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def prose(text: Any) -> str:
    """Write a sentence of the product's as it is, code in it apart: a star or an angle bracket is no markup."""
    pieces = re.split(r"(`[^`]*`)", str(text))
    return "".join(it if it.startswith("`") else _plain(it) for it in pieces)


def _plain(text: str) -> str:
    return re.sub(r"<(?=[A-Za-z/!])", "&lt;", re.sub(r"([*\[])", r"\\\1", text))
