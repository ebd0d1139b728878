"""The reference page of the built-in parts: ``python -m dltrainer_jupyter.tal.reference FILE``.

It is made from the registry, nothing by hand, so that it can't say anything else than the parts themselves.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.forms import FormField
from dltrainer_jupyter.tal import catalogue

_KEYS: dict[str, str] = {
    "models": "model",
    "optimizers": "optimizer",
    "losses": "loss",
    "regularizations": "regularization",
    "schedules": "scheduler",
    "metrics": "metrics",
    "data": "data",
    "preprocessing": "preprocessing",
    "augmentations": "augmentation",
    "recipes": "recipe",
    "trackers": "track",
}
"""Where in a configuration parts of a kind are named, in the order of the page; other kinds follow."""
_HEAD = """\
# Parts and their settings

What can be named in a configuration. This page is written from the registry by `make reference`; in a notebook
`%dltrain models`, `%dltrain optimizers adamw` and so on say the same, of your own plug-ins as well.

A part is written as its name (`model: cnn`) or with settings (`model: {type: cnn, dropout: 0.1}`). Where it has
presets, `preset: easy` stands for several settings at once; those written beside it win.
"""


def page() -> str:
    """Write the page, in Markdown."""
    order = [*_KEYS, *(kind for kind in catalogue.KINDS if kind not in _KEYS)]
    kinds = sorted(catalogue.KINDS, key=order.index)
    return "\n".join([_HEAD, *(line for kind in kinds for line in _kind(kind))]).rstrip() + "\n"


def _kind(kind: registry.Kind) -> Iterator[str]:
    key = _KEYS.get(kind, registry.SINGULAR[kind])
    yield f"## {kind.capitalize()} (`{key}`)\n"
    for it in catalogue.catalogue(kind):
        if catalogue.is_ours(kind, it.name):
            yield from _part(it)


def _part(part: catalogue.Listed) -> Iterator[str]:
    yield f"### {part.name}\n"
    yield part.description + (f" For {', '.join(part.frameworks)}." if part.frameworks else "") + "\n"
    if part.settings:
        yield from _table(part.settings)
    for name, settings in part.presets.items():
        yield f"- preset `{name}`: " + ", ".join(
            f"`{key}: {catalogue.written(value)}`" for key, value in settings.items()
        )
    if part.presets:
        yield ""


def _table(settings: Sequence[FormField]) -> Iterator[str]:
    yield "| setting | type | default | what it does |"
    yield "|---|---|---|---|"
    for it in settings:
        default = "required" if it.required else f"`{catalogue.written(it.default)}`"
        about = [it.description, *(["Advanced."] if it.advanced else [])]
        yield "| " + " | ".join(map(_escaped, (f"`{it.name}`", it.type, default, " ".join(about)))) + " |"
    yield ""


def _escaped(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
