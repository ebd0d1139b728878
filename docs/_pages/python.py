"""The pages of the Python API: which public names stand where; mkdocstrings writes what their docstrings say."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

import dltrainer_jupyter
from dltrainer_jupyter import tal
from dltrainer_jupyter.core import errors, protocols, records, schema
from dltrainer_jupyter.core.finding import Finding
from dltrainer_jupyter.tal.checkup import Checkup
from dltrainer_jupyter.tal.inference import TrainedModel
from dltrainer_jupyter.tal.reports import LoadedReport
from dltrainer_jupyter.testing.adapter_contract import AdapterContract
from dltrainer_jupyter.testing.store_contract import StoreContract
from dltrainer_jupyter.testing.tracker_contract import TrackerContract
from docs._pages.markdown import prose, table
from docs._pages.roles import linked

_VERBS = """\
# tal: the verbs

`from dltrainer_jupyter import tal`. Each takes a run as a [handle](runs.md), an id, the beginning of one, or a name.
"""
_RUNS = """\
# Runs and what they give

What the [verbs](tal.md) return: the handle of a run, the model of a checkpoint, and the rows that the store keeps.
"""
_PARTS = """\
# Parts of your own

How a class becomes a part, and the protocols it fits. Nothing of these is inherited from: a class fits by its shape.
"""
_TESTING = """\
# Contract suites

Tests with pytest that hold a part of your own to its promises. Subclass one, and override its fixtures.
"""
_ERRORS = """\
# Errors

What this package raises on purpose. All of them are a `DLTrainerError`, whose message says what was expected, what
came, and how to mend it.
"""

_RESULTS = (tal.Run, TrainedModel, tal.Control, tal.CrossValidation, LoadedReport, Checkup, Finding)
_ROWS = (
    records.RunRecord,
    records.ProgressRecord,
    records.BestRecord,
    records.ErrorRecord,
    records.CheckpointRecord,
    records.ControlRecord,
    records.TestRunRecord,
)


def pages() -> dict[str, str]:
    """Write the pages, in Markdown with directives of mkdocstrings, by their place in the folder of the reference."""
    verbs = {f"tal.{name}": getattr(tal, name) for name in tal.__all__ if not inspect.isclass(getattr(tal, name))}
    faces = {name: getattr(dltrainer_jupyter, name) for name in dltrainer_jupyter.__all__ if name.endswith("extension")}
    results = {it.__name__: it for it in (*_RESULTS, *_ROWS)}
    suites = {it.__name__: it for it in (AdapterContract, StoreContract, TrackerContract)}
    return {
        "python/tal.md": _page(_VERBS, verbs | faces),
        "python/runs.md": _page(_RUNS, results, inherited=True),
        "python/parts.md": _page(
            _PARTS, {"setting": schema.setting} | {it: getattr(protocols, it) for it in protocols.__all__}
        ),
        "python/testing.md": _page(_TESTING, suites, inherited=True, without=("^_", "^test_")),
        "python/errors.md": _page(_ERRORS, {it.__name__: it for it in _errors()}),
    }


def _errors() -> Iterator[type[Exception]]:
    for it in vars(errors).values():
        if inspect.isclass(it) and issubclass(it, errors.DLTrainerError):
            yield it


def _page(head: str, names: dict[str, Any], *, inherited: bool = False, without: Iterable[str] = ()) -> str:
    """Write a page: a list of the names, and for each what mkdocstrings is to write, but for members by patterns."""
    options = [*(["inherited_members: true"] if inherited else [])]
    options += [f"filters: {[f'!{pattern}' for pattern in without]}"] if without else []
    rows = ((f"[`{name}`][{_path(name, it)}]", linked(prose(_first_line(it)))) for name, it in names.items())
    directives = (line for name, it in names.items() for line in _directive(name, _path(name, it), options))
    return "\n".join([head, *table(("name", "what it is"), rows), *directives]).rstrip() + "\n"


def _directive(name: str, path: str, options: Iterable[str]) -> Iterator[str]:
    yield f"::: {path}"
    yield "    options:"
    for it in (f"heading: {name}", f"toc_label: {name}", *options):
        yield f"      {it}"
    yield ""


def _path(name: str, of: Any) -> str:
    """Say where something is defined: where it is exported a module may have the same name."""
    if of is tal.settings:
        of = type(of)
    module = getattr(of, "__module__", None) or ""
    if (inspect.isclass(of) or inspect.isroutine(of)) and module.startswith("dltrainer_jupyter"):
        return f"{module}.{of.__qualname__}"
    return f"{protocols.__name__}.{name}"


def _first_line(of: Any) -> str:
    plain = inspect.isclass(of) or inspect.isroutine(of) or of is tal.settings
    said = inspect.getdoc(of) if plain else ""
    return (said or "").partition("\n\n")[0].replace("\n", " ")


def public(names: Iterable[str], module: Any) -> Iterator[tuple[str, str]]:
    """Give public names of a module with the paths under which the site tells of them."""
    for name in names:
        yield name, _path(name, getattr(module, name))
