"""The pages of the built-in parts: a list of all, and for each kind the settings of each, read from the registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.forms import form
from dltrainer_jupyter.core.registry.faults import WITHOUT_SETTINGS
from dltrainer_jupyter.core.terms import TERMS, ForInput
from dltrainer_jupyter.tal import catalogue, run_form
from docs._pages.markdown import code, prose, settings_table, table

_HEAD = """\
# Parts

What can be named in a configuration, on one page a kind with the settings of each. These pages are written from the
registry by `make reference`; in a notebook `%dltrain models`, `%dltrain optimizers adamw` and so on say the same, of
your own plug-ins as well.

A part is written as its name (`model: cnn`) or with settings (`model: {type: cnn, dropout: 0.1}`). Where it has
presets, `preset: easy` stands for several settings at once; those written beside it win.
"""


def pages() -> dict[str, str]:
    """Write the pages, in Markdown, by their place in the folder of the reference."""
    order = [*registry.KEYS, *(kind for kind in catalogue.KINDS if kind not in registry.KEYS)]
    kinds = sorted(catalogue.KINDS, key=order.index)
    listed = {kind: [it for it in catalogue.catalogue(kind) if catalogue.is_ours(kind, it.name)] for kind in kinds}
    found = {f"parts/{kind}.md": _page(kind, parts) for kind, parts in listed.items()}
    lists = [line for kind in kinds for line in _list(kind, listed[kind])]
    return {"parts.md": _joined([_HEAD, *lists, *_without_settings()]), **found}


def _list(kind: registry.Kind, parts: list[catalogue.Listed]) -> Iterator[str]:
    yield f"## [{kind.capitalize()}](parts/{kind}.md)\n"
    yield from table(
        ("name", "what it is"), ((f"[`{it.name}`](parts/{kind}.md#{it.name})", prose(it.description)) for it in parts)
    )


def _without_settings() -> Iterator[str]:
    yield "## Without settings\n"
    kinds: list[registry.Kind] = [it for it in get_args(registry.Kind) if it in WITHOUT_SETTINGS]
    yield from table(
        ("kind", "names"),
        ((kind, ", ".join(code(it) for it in registry.names(kind) if registry.is_ours(kind, it))) for kind in kinds),
    )


def _page(kind: registry.Kind, parts: list[catalogue.Listed]) -> str:
    return _joined([f"# {kind.capitalize()}\n", *_about(kind), *(line for part in parts for line in _part(part))])


def _about(kind: registry.Kind) -> Iterator[str]:
    key = registry.KEYS.get(kind)
    if key is None:
        yield f"The built-in {kind}: [all parts](../parts.md).\n"
    else:
        there = f"../configuration.md#{_heading(key)}"
        yield f"What [`{key}`]({there}) may name, of what is built in. [All parts](../parts.md).\n"
    if (own := catalogue.OWN.get(kind)) is not None:
        yield own + "\n"
    carried = ForInput if kind == "preprocessing" else TERMS.get(key or "")
    if carried is not None:
        yield "Each may carry besides:\n"
        yield from settings_table(form(carried).fields)


def _heading(key: str) -> str:
    """Name the heading under which a setting stands, as links do."""
    (group,) = (it.group for it in run_form.settings() if it.name == key)
    return str(group).replace(" ", "-")


def _part(part: catalogue.Listed) -> Iterator[str]:
    yield f"## {part.name}\n"
    yield prose(part.description) + (f" For {', '.join(part.frameworks)}." if part.frameworks else "") + "\n"
    yield f"```yaml\n{part.example}\n```\n"
    if part.settings:
        yield from settings_table(part.settings)
    for name, settings in part.presets.items():
        yield f"- preset `{name}`: " + ", ".join(
            f"`{key}: {catalogue.written(value)}`" for key, value in settings.items()
        )
    if part.presets:
        yield ""


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"
