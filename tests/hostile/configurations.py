"""Configurations in YAML and JSON, as text and as files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from dltrainer_jupyter import tal
from dltrainer_jupyter.tal.checking import check
from tests.hostile.artefact import HUGE, Place, hostile
from tests.hostile.verbs import checked

BAD_YAML = "The YAML doesn't parse"


def from_file(path: Any) -> None:
    """Train what a file says."""
    tal.train(config=path, executor="inline", epochs=1, verbose=False)


def as_json(path: Any) -> str:
    """Check a configuration in JSON."""
    return " ".join(finding.message for finding in check(Path(path).read_text(), is_json=True))


def unsafe(path: Any) -> Any:
    """Load YAML as PyYAML did for long."""
    return yaml.unsafe_load(Path(path).read_text())


def text(place: Place, written: str, name: str = "run.yaml") -> Path:
    """Write a configuration."""
    path = place.folder / name
    path.write_text(written)
    return path


def laughs(depth: int, first: str = "lol") -> str:
    """Write lists of ten aliases of the one before."""
    lines = [f"a0: &a0 [{first}]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, depth))]
    return "\n".join([*lines, f"model: *a{depth - 1}", ""])


def _importing(path: Any) -> Any:
    import sys

    sys.path.insert(0, str(Path(path).parent))
    return unsafe(path)


@hostile("yaml: a call of os.system", checked, BAD_YAML, naive=unsafe)
def _(place: Place) -> Path:
    return text(place, f"model: !!python/object/apply:os.system [{place.command!r}]\ndata: digits\n")


@hostile("yaml: a call of os.system in a file", from_file, BAD_YAML, naive=unsafe)
def _(place: Place) -> Path:
    return text(place, f"model: mlp\ndata:\n  type: !!python/object/apply:os.system [{place.command!r}]\n")


@hostile("yaml: a call of a program, with arguments", checked, BAD_YAML, naive=unsafe)
def _(place: Place) -> Path:
    call = f"!!python/object/apply:subprocess.check_call [[touch, {str(place.canary)!r}]]"
    return text(place, f"model: {call}\ndata: digits\n")


@hostile("yaml: the name of a function", checked, BAD_YAML)
def _(place: Place) -> Path:
    return text(place, "model: !!python/name:os.system\ndata: digits\n")


@hostile("yaml: a module to import", checked, BAD_YAML, naive=_importing)
def _(place: Place) -> Path:
    (place.folder / "payload.py").write_text(place.code)
    return text(place, "model: !!python/module:payload\ndata: digits\n")


@hostile("yaml: a billion laughs", checked, "with aliases spelled out it holds more than")
def _(place: Place) -> Path:
    return text(place, laughs(10))


@hostile("yaml: a billion laughs in a file", from_file, "with aliases spelled out it holds more than")
def _(place: Place) -> Path:
    return text(place, laughs(30))


@hostile("yaml: billions of keys merged", checked, "holds more than|doesn't parse|no setting|Unknown")
def _(place: Place) -> Path:
    lines = ["a0: &a0 {x: 1}", *(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 9))]
    return text(place, "\n".join([*lines, "model: {<<: *a8}", "data: digits", ""]))


@hostile("yaml: a list that holds itself", checked, "holds more than|itself")
def _(place: Place) -> Path:
    return text(place, "model: &a [*a]\ndata: digits\n")


@hostile("yaml: ten thousand lists in one another", checked, "nested too deep")
def _(place: Place) -> Path:
    return text(place, "model: " + "[" * 10_000)


@hostile("yaml: a number of a million digits", checked, "epochs")
def _(place: Place) -> Path:
    return text(place, f"model: mlp\ndata: digits\nepochs: 0x{'f' * 1_000_000}\n")


@hostile("yaml: a decimal number of a million digits", checked, f"{BAD_YAML}|epochs")
def _(place: Place) -> Path:
    return text(place, f"model: mlp\ndata: digits\nepochs: {'9' * 1_000_000}\n")


@hostile("yaml: a number in base sixty without an end", checked, f"{BAD_YAML}|epochs")
def _(place: Place) -> Path:
    return text(place, f"model: mlp\ndata: digits\nepochs: 1{':59' * 100_000}\n")


@hostile("yaml: layers for the memory of a thousand machines", from_file, "memory|hidden|parameters")
def _(place: Place) -> Path:
    return text(place, "model: {type: mlp, hidden: [1000000000, 1000000000]}\ndata: digits\n")


@hostile("yaml: a file of four terabytes", from_file, "bytes")
def _(place: Place) -> Path:
    path = text(place, "model: mlp\ndata: digits\n")
    os.truncate(path, HUGE)
    return path


@hostile("yaml: a file that is a pipe", from_file, "ordinary file")
def _(place: Place) -> Path:
    os.mkfifo(place.folder / "run.yaml")
    return place.folder / "run.yaml"


@hostile("json: a hundred thousand lists in one another", as_json, "nested too deep")
def _(place: Place) -> Path:
    return text(place, '{"model": ' + "[" * 100_000)


@hostile("json: a number of a million digits", as_json, "JSON doesn't parse|epochs")
def _(place: Place) -> Path:
    return text(place, '{"model": "mlp", "data": "digits", "epochs": ' + "9" * 1_000_000 + "}")
