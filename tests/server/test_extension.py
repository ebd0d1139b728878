"""What the extension costs: nothing to who doesn't use it, and no framework in the server."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import dltrainer_jupyter

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_the_file_that_enables_it() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    target = "etc/jupyter/jupyter_server_config.d/dltrainer_jupyter.json"
    (source,) = [source for source, place in shared.items() if place == target]
    assert json.loads((ROOT / source).read_text()) == {
        "ServerApp": {"jpserver_extensions": {"dltrainer_jupyter": True}}
    }


def test_the_server_finds_it_where_the_package_says() -> None:
    (point,) = dltrainer_jupyter._jupyter_server_extension_points()
    assert callable(importlib.import_module(point["module"])._load_jupyter_server_extension)


def imported(code: str, names: str) -> str:
    code = f"import sys\n{code}\nprint(sorted(set({names!r}.split()) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_whoever_imports_the_package_imports_no_server() -> None:
    code = "import dltrainer_jupyter; dltrainer_jupyter._jupyter_server_extension_points()"
    assert imported(code, "jupyter_server tornado dltrainer_jupyter.server pydantic sqlalchemy") == "[]"


def test_a_server_that_is_asked_nothing_opens_no_store() -> None:
    assert imported("import dltrainer_jupyter.server.extension", "sqlalchemy numpy torch dltrainer_jupyter.tal") == "[]"


def test_the_server_imports_no_framework_whatever_it_is_asked() -> None:
    code = """
from dltrainer_jupyter.executors.process import ProcessExecutor
from dltrainer_jupyter.server import extension, list_schemas, part_schemas, schemas
from dltrainer_jupyter.server.routes import ROUTES

ProcessExecutor.start = lambda *_: None

def ask(method, path, *given):
    return ROUTES[path][method].call(*given)

for framework in ("pytorch", "tensorflow", "jax"):
    settings = {"model": "mlp", "data": "digits", "framework": framework, "optimizer": "adamw", "scheduler": "cosine"}
    settings |= {"loss": "cross_entropy", "metrics": ["f1"], "preprocessing": ["standardize"]}
    made = ask("post", "/runs", settings)
    ref = made["id"]
    ask("get", "/runs", list_schemas.RunsQuery())
    for of in ("", "/metrics", "/checkpoints"):
        ask("get", "/runs/{id}" + of, ref)
    ask("get", "/runs/{id}/curves", ref, schemas.CurvesQuery())
    ask("post", "/runs/{id}/set", ref, {"learning_rate": 0.1})
    for verb in ("pause", "checkpoint", "stop"):
        ask("post", "/runs/{id}/" + verb, ref)
    ask("post", "/runs/{id}/resume", ref, schemas.ResumeRequest())
    cloned = ask("post", "/runs/{id}/clone", ref, schemas.CloneRequest(changes={"epochs": 3}))
    ask("post", "/runs/{id}/stop", cloned["id"])
    ask("delete", "/runs/{id}", cloned["id"])
    text = f"model: mlp\\ndata: digits\\nframework: {framework}\\noptimizer: sgd".encode()
    assert ask("post", "/check", text, "application/yaml") == {"problems": []}
assert len(ask("get", "/models", part_schemas.ListingQuery())["models"]) >= 2
for model in ("mlp", "cnn"):
    for of in ("metadata", "config-schema"):
        ask("get", "/models/{name}/" + of, model)
    assert ask("post", "/models/{name}/validate-config", model, {})["valid"]
ask("get", "/store")
ask("get", "/openapi.json")
"""
    heavy = "torch tensorflow keras jax flax optax lightning sklearn IPython ipywidgets matplotlib"
    assert imported(code, heavy) == "[]"
