"""The declared dependencies, the pins and the entry points agree with each other."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dltrainer_jupyter

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]


def declared() -> list[Requirement]:
    project = PROJECT["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values(), PROJECT["build-system"]["requires"]]
    groups += PROJECT["dependency-groups"].values()
    return [Requirement(line) for group in groups for line in group if isinstance(line, str)]


def test_every_declared_package_is_pinned_to_a_version_it_allows() -> None:
    pins = {canonicalize_name(pin.name): pin.specifier for pin in map(Requirement, PINS)}
    for requirement in declared():
        name = canonicalize_name(requirement.name)
        if name == PROJECT["project"]["name"]:
            continue
        assert name in pins, f"{name} is declared but not pinned in constraints.txt"
        (pin,) = pins[name]
        assert requirement.specifier.contains(pin.version, prereleases=True), f"{requirement} excludes {pin.version}"


def test_a_pin_is_a_name_and_an_exact_version_and_nothing_more() -> None:
    assert not [line for line in PINS if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)]


@pytest.mark.parametrize("name", ["torchvision", "nvidia", "triton", "cuda"])
def test_nothing_pulls_cuda_into_an_environment_without_a_gpu(name: str) -> None:
    # The bindings of the management library are one file of Python.
    assert not [pin for pin in PINS if pin.startswith(name) and not pin.startswith("nvidia-ml-py==")]


def test_the_default_install_holds_no_framework() -> None:
    default = {Requirement(line).name for line in PROJECT["project"]["dependencies"]}
    assert not default & {"torch", "torchvision", "lightning", "tensorflow", "keras", "jax", "flax", "optax"}


def test_all_is_every_other_extra() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    assert Requirement(everything).extras == set(extras) - {"all"}


def test_entry_points_of_parts_name_extras_that_exist() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    for group, parts in PROJECT["project"]["entry-points"].items():
        for name, value in parts.items():
            found = re.fullmatch(r"dltrainer_jupyter(\.\w+)+:\w+(?: \[(?P<extra>\w+)\])?", value)
            assert found, f"{group} {name}: {value}"
            assert found["extra"] is None or found["extra"] in extras, f"{group} {name}: {value}"


def test_the_jupyterlab_extension_is_shipped_to_where_jupyterlab_looks_for_it() -> None:
    front_end = json.loads((ROOT / "labextension/package.json").read_text())
    built = (ROOT / "labextension" / front_end["jupyterlab"]["outputDir"]).resolve().relative_to(ROOT)
    (linked,) = dltrainer_jupyter._jupyter_labextension_paths()
    assert linked == {"src": built.name, "dest": front_end["name"]}
    build = PROJECT["tool"]["hatch"]["build"]
    shipped = build["targets"]["wheel"]["shared-data"]
    assert shipped[str(built)] == f"share/jupyter/labextensions/{front_end['name']}"
    assert str(built / "package.json") in build["hooks"]["jupyter-builder"]["ensured-targets"]
