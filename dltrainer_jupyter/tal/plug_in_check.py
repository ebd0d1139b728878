"""Checking a plug-in before anybody trains with it: what it says of itself, its settings, a tiny trial of each part.

It runs the plug-in's code in this process, which :mod:`dltrainer_jupyter.tal.plug_in_apart` starts for nothing else.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError
from dltrainer_jupyter.core.registry import faults, folder
from dltrainer_jupyter.tal import plug_in_trial

if TYPE_CHECKING:
    from pydantic import BaseModel

_OFFERS: dict[str, tuple[str, ...]] = {
    "adapters": ("open", "build", "train_step", "eval_step", "save", "load", "predictor"),
    "recipes": ("build", "train_step", "eval_step"),
    "optimizers": ("build",),
    "losses": ("build",),
    "regularizations": ("build",),
    "schedules": ("factor", "observe", "state", "load_state"),
    "metrics": ("update", "compute", "reset", "state", "load_state"),
    "data": ("load",),
    "preprocessing": ("from_config", "fit", "apply", "describe", "to_dict", "from_dict"),
    "postprocessing": ("apply", "describe"),
    "augmentations": ("check", "draw"),
    "executors": ("start",),
    "trackers": ("open", "send", "attach", "end", "close"),
}
"""What a part of each kind has to have; nothing is inherited, so it is told by name."""


@dataclass(frozen=True)
class PlugInCheck:
    """What was found."""

    path: Path
    findings: tuple[str, ...]
    """What is to be mended, a line each; empty if all is well."""
    tried: tuple[str, ...]
    """What was tried and went well, a line each."""

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.findings

    def __repr__(self) -> str:
        """List what was found, and what went well."""
        return "\n".join([*(f"✗ {one}" for one in self.findings), *(f"✓ {one}" for one in self.tried)])


class Listener(Protocol):
    """Is told of each part, and each outcome, as it comes."""

    def begun(self, where: str) -> None:
        """Take note of the part that is looked at next."""

    def found(self, finding: str) -> None:
        """Take note of what is to be mended."""

    def tried(self, what: str) -> None:
        """Take note of what went well."""


def examine(given: Path, listener: Listener) -> None:
    """Check a plug-in in this process, which its code may end.

    Parameters
    ----------
    given : pathlib.Path
        A file, or a package's folder, wherever it lies; its code is run.
    listener : Listener
        Is told.

    Raises
    ------
    ConfigurationError
        If there is no such file.
    """
    try:
        plug_in = folder.read_plug_in(given)
    except OSError as error:
        msg = f"{given} can't be read: {error.strerror or error}."
        raise ConfigurationError(msg) from error
    except ConfigurationError as error:
        listener.found(f"{given.name}: {str(error).rstrip('.')}.")
        return
    entries = {(one.kind, one.full_name): folder.FromFolder(plug_in, one, file) for one, file in plug_in.parts}
    if len(entries) < len(plug_in.parts):
        listener.found(f"{given.name}: it registers one name twice; give each part a name of its own.")
    with registry.using(entries):
        for entry in entries.values():
            where = f"{entry.file}: {entry.declared.symbol}"
            listener.begun(where)
            for finding in _checked(entry, listener):
                listener.found(f"{where}: {' '.join(finding.split())}")


def _checked(entry: folder.FromFolder, listener: Listener) -> Iterator[str]:
    """Say what is to be mended of a part; a trial is made of one that has what it takes."""
    kind, name = entry.declared.kind, entry.declared.name
    try:
        part = entry.load(f"{registry.SINGULAR[kind]} '{name}'")
    except DLTrainerError as error:
        yield str(error)
        return
    found = [*_said_of_itself(kind, part), *_clashes(entry)]
    yield from found
    missing = [it for it in _OFFERS.get(kind, ()) if not callable(getattr(part, it, None))]
    if missing:
        yield f"expected {', '.join(_OFFERS[kind])}; it lacks {', '.join(missing)}."
        return
    for outcome in plug_in_trial.trials(kind, name, entry.declared.framework, part):
        if outcome.problem is None:
            listener.tried(f"{entry.file}: {entry.declared.symbol}: {outcome.what}.")
        else:
            yield f"{outcome.what}: {plug_in_trial.told(outcome.problem, entry.plug_in.path.parent / entry.file)}."


def _said_of_itself(kind: registry.Kind, part: type[Any]) -> Iterator[str]:
    if not inspect.getdoc(part):
        yield "it has no docstring; say in its first line what it is, and below it show an example."
    described = getattr(part, "description", None)
    if described is not None and len(described.strip().splitlines()) != 1:
        yield "description: expected one line."
    if kind in faults.WITHOUT_SETTINGS:
        return
    for key, field in part.Config.model_fields.items():
        if not field.description:
            yield f"Config.{key} has no description; say in one sentence what it does."
    yield from _said_by_config(part.Config)


def _said_by_config(schema: type[BaseModel]) -> Iterator[str]:
    if schema.model_config.get("extra") != "forbid":
        yield 'Config takes keys that nobody reads: class Config(BaseModel, frozen=True, extra="forbid").'
    elif not schema.model_config.get("frozen"):
        yield 'Config can be changed while a run uses it: class Config(BaseModel, frozen=True, extra="forbid").'


def _clashes(entry: folder.FromFolder) -> Iterator[str]:
    """Say who else has the name."""
    declared = entry.declared
    others = registry.others(declared.kind, declared.full_name, entry.plug_in.path)
    if others:
        yield f"its name '{declared.full_name}' is taken by {', '.join(it.place for it in others)}; give it another."
