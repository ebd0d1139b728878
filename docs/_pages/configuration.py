"""The page of a run's settings: every key of a configuration, from the schema that checks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from dltrainer_jupyter.core import live, registry
from dltrainer_jupyter.core.forms import FormField
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import AlsoCalled
from dltrainer_jupyter.tal import run_form
from docs._pages.markdown import SETTINGS, prose, setting_row, table

_HEAD = """\
# Configuration

Every setting of a run, in the order of the form. This page is written from the schema by `make reference`;
`%dltrain form` shows the same as a form, and `%%dltrain --dry-run` prints what holds for a run, defaults included.

A key with a dot is one of a group: `checkpoint.keep` in `--set checkpoint.keep=5` is `checkpoint: {keep: 5}` in YAML.
In Python they are arguments of `tal.train`, `tal.train(…, checkpoint={"keep": 5})`. `null` stands for none.
"""


def pages() -> dict[str, str]:
    """Write the page, in Markdown, by its place in the folder of the reference."""
    lines = [_HEAD]
    for heading, settings in groupby(run_form.settings(), key=lambda it: it.group or "other"):
        lines += [f"## {heading.capitalize()}\n", *_group(list(settings))]
    return {"configuration.md": "\n".join(lines).rstrip() + "\n"}


def keys() -> Iterator[str]:
    """Name every setting there is, those of groups with a dot."""
    for it in run_form.settings():
        yield it.name
        yield from (below.name for below in _below(it))


def _group(settings: list[FormField]) -> Iterator[str]:
    yield from table(SETTINGS, map(_row, settings))
    for it in settings:
        below = list(_below(it))
        if below and it.kind == "list":
            yield (
                f"Each of `{it.name}` may carry besides its own settings:\n" if _part(it) else f"Each of `{it.name}`:\n"
            )
        elif below:
            yield (
                f"The settings of `{it.name}`"
                + (f"; `{it.name}: X` alone means `{it.short}`" if it.short else "")
                + ":\n"
            )
        if below:
            yield from table(SETTINGS, map(_row, below))


def _row(of: FormField) -> tuple[str, ...]:
    about = []
    if (other := _other_name(of.name)) is not None:
        about.append(f"Elsewhere called `{other}`.")
    if of.name in live.declared(RunSpec):
        about.append("Can be changed while the run trains.")
    # What a group holds by default stands in its own table.
    shown = replace(of, default={}) if isinstance(of.default, dict) else of
    name, type_, default, said = setting_row(shown, _type(of), about)
    return name, type_, "as below" if isinstance(of.default, dict) else default, said


def _type(of: FormField) -> str:
    """Say what may stand there; what is named in the registry is linked to where it is listed."""
    part = _part(of)
    if part is None or part.parts is None:
        return prose(of.type)
    words = f"[{registry.SINGULAR[part.parts]}](parts/{part.parts}.md)"
    whole = f"list ({words} each)" if of.kind == "list" else words
    return f"{whole} | none" if of.nullable else whole


def _part(of: FormField) -> FormField | None:
    """Give what names a part: the setting, or each item of it."""
    found = of.item if of.kind == "list" else of
    return found if found is not None and found.kind == "part" else None


def _below(of: FormField) -> Iterator[FormField]:
    """List the settings of a group, with dots; those of items with empty brackets."""
    holder = of.item if of.kind == "list" and of.item is not None else of
    dot = "[]." if holder is not of else "."
    groups: Iterable[FormField] = (holder, *holder.alternatives)
    for it in (field for group in groups for field in group.fields):
        inner = replace(it, name=f"{of.name}{dot}{it.name}")
        yield inner
        yield from _below(inner)


def _other_name(key: str) -> str | None:
    field = RunSpec.model_fields.get(key)
    return next((it.name for it in field.metadata if isinstance(it, AlsoCalled)), None) if field is not None else None
