"""The reference says all there is: each public name, setting, part, command, verb, path and variable has its place."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel

import dltrainer_jupyter
from dltrainer_jupyter import tal, testing
from dltrainer_jupyter.cli.commands import dltrain
from dltrainer_jupyter.core import protocols, registry, terms
from dltrainer_jupyter.core.registry.faults import WITHOUT_SETTINGS
from dltrainer_jupyter.core.spec import Part, RunSpec, TrackerPart
from dltrainer_jupyter.core.vocabulary import WORDS
from dltrainer_jupyter.magics.options import CELL_OPTIONS
from dltrainer_jupyter.server.routes import PREFIX, ROUTES
from dltrainer_jupyter.server.stream_schemas import ASKED, TOLD, Growth, RunSnapshot
from dltrainer_jupyter.tal import catalogue
from dltrainer_jupyter.tal.inference import TrainedModel
from dltrainer_jupyter.tal.reports import LoadedReport
from dltrainer_jupyter.tal.settings import Settings
from docs._pages import commands, committed, magics, python, rest

ROOT = Path(__file__).parents[2]
SOURCES = [*(ROOT / "dltrainer_jupyter").rglob("*.py")]
OF_TESTS = {"DLTRAINER_FAILPOINT"}
"""Variables that no person sets."""


@cache
def pages() -> dict[str, str]:
    """Write each page once."""
    made = (committed, commands, magics, python, rest)
    return {place: text for module in made for place, text in module.pages().items()}


def section(page: str, heading: str) -> str:
    """Give what stands under a heading, up to the next one of its level or above."""
    marks = re.match(r"#+", heading)
    assert marks is not None
    begin = f"\n{heading}\n"
    assert begin in page, heading
    return re.split(rf"\n#{{1,{len(marks[0])}}} ", page.partition(begin)[2])[0]


def rows(text: str) -> set[str]:
    """Name the first column of the tables, without what follows the name."""
    return set(re.findall(r"^\| `+ ?([^`\s,]+)", text, re.MULTILINE))


# --- what lies in the repository ----------------------------------------------------------------------


def test_pages_in_the_repository_say_what_the_code_says() -> None:
    lying = {path.relative_to(committed.REFERENCE).as_posix() for path in committed.REFERENCE.rglob("*.md")}
    assert lying == set(committed.pages()), "write them anew: make reference"
    for place, text in committed.pages().items():
        file = committed.REFERENCE / place
        assert file.read_text(encoding="utf-8") == text, f"{place} is old, write it anew: make reference"


# --- configuration ------------------------------------------------------------------------------------


def keys(schema: type[BaseModel], before: str = "") -> Iterator[str]:
    """Name every setting of a schema and of those in it, from the annotations alone."""
    for name, field in schema.model_fields.items():
        yield before + name
        for inner in models(field.annotation):
            if not issubclass(inner, Part):
                several = "[]." if "tuple" in str(field.annotation) else "."
                yield from keys(inner, before + name + several)


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models(inner)


def test_every_setting_of_a_run_has_its_row() -> None:
    carried = {f"{key}[].{name}" for key, schema in terms.TERMS.items() for name in schema.model_fields}
    carried |= {f"preprocessing[].{name}" for name in terms.ForInput.model_fields}
    found = set(keys(RunSpec))
    assert {"epochs", "checkpoint.keep", "validation.split", "parameter_groups[].match", "notify.on"} < found
    assert found | carried == rows(pages()["configuration.md"])


def test_a_row_says_type_default_and_meaning() -> None:
    lines = pages()["configuration.md"].splitlines()
    assert "| `batch_size` | whole number ≥ 1 | `32` | Samples in a step. |" in lines
    epochs = next(line for line in lines if line.startswith("| `epochs` "))
    assert epochs.endswith("Passes over the training data. Can be changed while the run trains. |")
    assert any(line.startswith("| `model` | [model](parts/models.md) | required |") for line in lines)
    assert any(line.startswith("| `learning_rate` |") and "Elsewhere called `lr`." in line for line in lines)
    assert "; `gradient_clipping: X` alone means `norm`:" in pages()["configuration.md"]


# --- environment --------------------------------------------------------------------------------------


def test_every_variable_that_the_code_reads_has_its_row_with_a_default() -> None:
    named = {name for path in SOURCES for name in re.findall(r"DLTRAINER_[A-Z_]*[A-Z]", path.read_text("utf-8"))}
    named |= {f"DLTRAINER_{name.upper()}" for name, it in vars(Settings).items() if isinstance(it, property)}
    page = pages()["environment.md"]
    assert rows(page) == named - OF_TESTS
    assert [line for line in page.splitlines() if line.startswith("| `") and "efault" not in line] == []


# --- parts --------------------------------------------------------------------------------------------


def test_every_part_with_each_of_its_settings_has_its_place() -> None:
    for kind in catalogue.KINDS:
        for it in catalogue.catalogue(kind):
            assert f"[`{it.name}`](parts/{kind}.md#{it.name})" in pages()["parts.md"]
            found = registry.find(kind, it.name, it.frameworks[0] if it.frameworks else None)
            said = section(pages()[f"parts/{kind}.md"], f"## {it.name}")
            assert rows(said) == set(found.Config.model_fields)
            assert {f"- preset `{name}`: " in said for name in it.presets} <= {True}


def test_every_entry_point_is_a_part_of_the_reference() -> None:
    for kind in get_args(registry.Kind):
        for name in registry.names(kind):
            if kind in WITHOUT_SETTINGS:
                assert re.search(rf"^\| {kind} \| .*`{name}`", pages()["parts.md"], re.MULTILINE), name
            else:
                plain = name.partition(".")[2] if kind in registry.OF_A_FRAMEWORK else name
                assert f"\n## {plain}\n" in pages()[f"parts/{kind}.md"], name


def test_a_part_says_type_default_and_meaning_of_its_settings_and_its_presets() -> None:
    cnn = section(pages()["parts/models.md"], "## cnn").splitlines()
    assert "| `dropout` | number ≥ 0, < 1 | `0.25` | Share of values dropped before the output. |" in cnn
    pooling = [line for line in cnn if line.startswith("| `pooling` ")]
    assert pooling[0].startswith('| `pooling` | max \\| average \\| none | `"max"` | How a block halves')
    assert "- preset `easy`: `channels: [16]`, `hidden: 32`, `dropout: 0.0`" in cnn


# --- faces --------------------------------------------------------------------------------------------


def all_commands(group: click.Group, before: str) -> Iterator[tuple[str, click.Command]]:
    yield before, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from all_commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


def test_every_command_and_option_of_the_command_line_has_its_place() -> None:
    found = list(all_commands(dltrain, "dltrain"))
    assert len(found) > 20
    for name, command in found:
        said = section(pages()["command-line.md"], f"## {name}")
        for it in command.params:
            assert all(f"`{flag}" in said or f", {flag}" in said for flag in it.opts if flag.startswith("-")), it.opts
            assert isinstance(it, click.Option) or f" {it.make_metavar(click.Context(command))}" in said


def test_every_verb_and_option_of_the_magics_has_its_place() -> None:
    assert {it.flag for it in CELL_OPTIONS} == rows(section(pages()["magics.md"], "## %%dltrain"))
    for name, word in WORDS.items():
        assert {it.flag for it in word.options} <= rows(section(pages()["magics.md"], f"## %dltrain {name}"))


def test_every_path_of_the_rest_api_with_what_it_takes_has_its_place() -> None:
    for path, methods in ROUTES.items():
        for method, operation in methods.items():
            said = section(pages()["rest.md"], f"### {method.upper()} {path}")
            assert f"{method.upper()} {PREFIX}{path}" in said
            assert set(operation.query.model_fields) <= rows(said)
            for model in filter(None, (operation.answer, operation.body if operation.body.model_fields else None)):
                assert f"[{model.__name__}](" in said


def test_every_field_of_what_the_rest_api_takes_and_gives_has_its_row() -> None:
    operations = [it for methods in ROUTES.values() for it in methods.values()]
    asked = {model for it in operations for model in (it.query, it.body, it.answer) if model}
    for schema in asked - {RunSpec, Part, TrackerPart}:
        fields = {field.alias or name for name, field in schema.model_fields.items()}
        assert fields == rows(section(pages()["rest.md"], f"### {schema.__name__}")) or not fields


def test_every_frame_of_the_stream_has_its_place() -> None:
    stream = section(pages()["rest.md"], "## Stream")
    for heading, frames in (("### A client says", ASKED), ("### The server says", TOLD)):
        for kind, frame in frames.items():
            fields = rows(section(section(stream, heading), f"#### {kind}"))
            assert fields == {field.alias or name for name, field in frame.model_fields.items()}
    for schema in (Growth, RunSnapshot):
        fields = rows(section(pages()["rest.md"], f"### {schema.__name__}"))
        assert fields == {field.alias or name for name, field in schema.model_fields.items()}


# --- Python -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [dltrainer_jupyter, tal, protocols], ids=lambda it: it.__name__)
def test_every_public_name_is_told_of(module: Any) -> None:
    told = set(re.findall(r"^::: ([\w.]+)$", "\n".join(pages().values()), re.MULTILINE))
    names = set(module.__all__) - {"tal"}
    assert {name: path for name, path in python.public(names, module) if path not in told} == {}


def test_every_contract_suite_is_told_of() -> None:
    folder = Path(testing.__file__).parent
    suites = {
        name
        for path in folder.glob("*_contract.py")
        for name in re.findall(r"^class (\w+Contract)\b", path.read_text("utf-8"), re.MULTILINE)
    }
    told = set(re.findall(r"^::: dltrainer_jupyter\.testing\.\w+\.(\w+)$", pages()["python/testing.md"], re.MULTILINE))
    assert told == suites
    assert len(told) == 3


def told_parameters(of: Any) -> set[str]:
    """Name the parameters of which a docstring tells."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w+\n-+$|\Z)", inspect.getdoc(of) or "", re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^(\S.*?)(?: :.*)?$", section[1], re.MULTILINE) if section else []
    return {name.strip("* ") for line in lines for name in line.split(",")}


def test_verbs_and_handles_tell_of_each_parameter() -> None:
    verbs = [getattr(tal, name) for name in tal.__all__ if inspect.isfunction(getattr(tal, name))]
    handles = (tal.Run, tal.Control, tal.CrossValidation, TrainedModel, LoadedReport)
    public = [it for of in handles for name, it in inspect.getmembers(of, inspect.isfunction) if name[0] != "_"]
    assert len(verbs) + len(public) > 50
    silent = {
        f"{it.__qualname__}({name})"
        for it in (*verbs, *public)
        for name in set(inspect.signature(it).parameters) - {"self"} - told_parameters(it)
    }
    assert silent == set()
