"""Models and configurations over REST, also those whose parts come from somebody else's package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dltrainer_jupyter.models.mlp import MLP

# --- built-in models --------------------------------------------------------------------------------------


def test_models_are_listed_with_what_they_can_be_built_for(server) -> None:
    found = {row["name"]: row for row in server.get("/models").json["models"]}
    assert {"cnn", "mlp"} <= found.keys()
    assert found["cnn"]["frameworks"] == ["jax", "pytorch", "tensorflow"]
    assert found["cnn"]["description"].startswith("Blocks of convolution")


def test_a_model_is_described(server) -> None:
    found = server.get("/models/mlp/metadata").json
    assert (found["name"], found["package"]) == ("mlp", "dltrainer-jupyter")
    assert found["tasks"] == ["classification", "regression"]
    assert {setting["name"] for setting in found["settings"]} == set(MLP.Config.model_fields)
    assert "Parameters" in found["documentation"]
    assert found["presets"]["easy"] == {"hidden": [32]}
    schema = server.get("/models/mlp/config-schema").json
    assert schema.pop("presets") == found["presets"]
    assert schema == json.loads(json.dumps(MLP.Config.model_json_schema()))
    assert (schema["properties"]["dropout"]["step"], schema["properties"]["batch_norm"]["advanced"]) == (0.05, True)


@pytest.mark.parametrize("path", ["metadata", "config-schema", "validate-config"])
def test_an_unknown_model_is_not_found(server, path) -> None:
    answer = server.ask("POST" if path == "validate-config" else "GET", f"/dltrainer/api/models/mpl/{path}")
    assert (answer.status, answer.json["reason"]) == (404, "NoSuchModelError")
    assert "Did you mean 'mlp'?" in answer.json["message"]


def test_settings_come_back_complete(server) -> None:
    for body in ({"hidden": [8]}, {"type": "mlp", "hidden": [8]}):
        answer = server.post("/models/mlp/validate-config", body)
        config = json.loads(MLP.Config(hidden=(8,)).model_dump_json())
        assert (answer.status, answer.json) == (200, {"valid": True, "problems": [], "config": config})
    assert server.post("/models/mlp/validate-config", "hidden: [8]", yaml=True).json["config"] == config


def test_each_setting_that_cannot_be_used_is_named(server) -> None:
    answer = server.post("/models/mlp/validate-config", {"hidden": [8, 0], "dropout": 2, "hiden": 1})
    assert (answer.status, answer.json["valid"], answer.json["config"]) == (200, False, None)
    said = {problem["path"]: problem["message"] for problem in answer.json["problems"]}
    assert said.keys() == {"hidden.1", "dropout", "hiden"}
    assert said["dropout"] == "dropout: expected less than 1, got 2."
    assert "Did you mean 'hidden'?" in said["hiden"]


# --- parts of every kind ----------------------------------------------------------------------------------


def test_every_part_is_described_for_forms(server) -> None:
    kinds = server.get("/parts").json["kinds"]
    assert {"models", "optimizers", "losses", "schedules", "metrics", "data", "trackers"} <= set(kinds)
    for kind in kinds:
        for row in server.get(f"/parts/{kind}").json["parts"]:
            found = server.get(f"/parts/{kind}/{row['name']}").json
            assert {key: found[key] for key in row} == row
            assert found["package"] == "dltrainer-jupyter"
            assert [it["name"] for it in found["settings"]] == list(found["config_schema"].get("properties", {}))


def test_a_setting_says_what_a_form_has_to_know(server) -> None:
    settings = {it["name"]: it for it in server.get("/parts/models/cnn").json["settings"]}
    assert settings["dropout"] == {
        "name": "dropout",
        "kind": "float",
        "type": "number ≥ 0, < 1",
        "description": "Share of values dropped before the output.",
        "default": 0.25,
        "required": False,
        "minimum": 0,
        "exclusive_maximum": 1,
        "step": 0.05,
        "group": "regularization",
    }
    assert (settings["pooling"]["kind"], settings["pooling"]["options"]) == ("select", ["max", "average", "none"])
    assert (settings["channels"]["item"]["kind"], settings["channels"]["longest"]) == ("int", 12)


def test_the_settings_of_a_run_are_described_as_those_of_parts_are(server) -> None:
    found = {it["name"]: it for it in server.get("/settings").json["settings"]}
    assert (found["epochs"]["kind"], found["epochs"]["minimum"], found["epochs"]["group"]) == ("int", 1, "basic")
    assert (found["model"]["kind"], found["model"]["parts"], found["model"]["required"]) == ("part", "models", True)
    assert found["metrics"]["item"]["parts"] == "metrics"
    assert "pytorch" in found["framework"]["options"]
    # The server trains nothing in its own process.
    assert found["executor"]["default"] == "process"


@pytest.mark.parametrize("path", ["/parts/moddels", "/parts/models/mpl", "/parts/moddels/mlp"])
def test_an_unknown_part_is_not_found(server, path) -> None:
    answer = server.get(path)
    assert (answer.status, answer.json["reason"]) == (404, "NoSuchPartError")
    assert "Did you mean" in answer.json["message"]


# --- configurations ---------------------------------------------------------------------------------------


def test_a_configuration_is_checked_as_starting_it_would(server) -> None:
    good = "model: mlp\ndata: digits\nepochs: 3\n"
    assert server.post("/check", good, yaml=True).json == {"problems": []}
    assert server.post("/check", {"model": "mlp", "data": "digits"}).json == {"problems": []}
    found = server.post("/check", good + "optimizer: adm\nvalidation:\n  split: 7\n", yaml=True).json["problems"]
    assert {problem["line"] for problem in found} == {4, 6}
    found = server.post("/check", good + "optimizer: adm\n", yaml=True).json["problems"]
    assert (found[0]["line"], "Did you mean 'adam'?" in found[0]["message"]) == (4, True)


@pytest.mark.parametrize("yaml", [True, False])
@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"\0", b"a: [", b"[" * 1000, b"- 1", b"a: &a [*a]", b'{"a": NaN}', b"{}"]
)
def test_no_text_is_too_wrong_for_an_answer(server, body, yaml) -> None:
    answer = server.post("/check", body, yaml=yaml)
    assert answer.status == 200
    assert answer.json["problems"]


def test_a_text_without_end_is_refused(server) -> None:
    assert server.post("/check", b" " * 2**21, yaml=True).status == 413


# --- other people's ---------------------------------------------------------------------------------------

ENTRY_POINTS = """
[dltrainer.models]
wide = theirs.model:Wide
broken = theirs.model:Nothing
[dltrainer.optimizers]
pytorch.tiger = theirs.optimizer:Lion
"""
MODEL = '''
import torch
from pydantic import BaseModel, Field

class Wide:
    """Two layers, one of them wide."""

    class Config(BaseModel, extra="forbid"):
        width: int = Field(default=1024, ge=1, description="Units.")

    def __init__(self, config): ...

    def pytorch(self, signature): ...
'''
OPTIMIZER = '''
from typing import ClassVar
import torch
from pydantic import BaseModel

class Lion(torch.optim.Optimizer):
    """Theirs."""

    class Config(BaseModel, extra="forbid"):
        presets: ClassVar = {"easy": {"beta": 0.5}}
        beta: float = 0.9
'''
DROPPED = '''
import torch
from dltrainer_jupyter import register
from pydantic import BaseModel

@register("models")
class Dropped:
    """Somebody's."""

    author, version, tags, task = "A. Nonymous", "0.3", ("small",), ("segmentation",)
    min_gpu_memory_gb, recommended_batch_size, supported_image_sizes = 4, 16, (32, 64)

    class Config(BaseModel, frozen=True, extra="forbid"):
        width: int = 1

    def __init__(self, config): ...

    def pytorch(self, signature): ...
'''
ASKING = """
import json, os, pathlib, sys
from concurrent.futures import Future
from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.executors.process import ProcessExecutor
from dltrainer_jupyter.server import models, part_schemas, parts, schemas, training

ProcessExecutor.start = lambda *_: None

def of(call, *given):
    try:
        answer = call(*given)
        return answer.result() if isinstance(answer, Future) else answer
    except DLTrainerError as error:
        return {"error": type(error).__name__, "message": str(error), "problems": [it.path for it in error.problems]}

text = b"model: {type: wide, width: 0}\\ndata: digits\\noptimizer: {type: tiger, bet: 1}"
settings = {"model": {"type": "wide", "width": 8}, "data": "digits", "optimizer": "tiger"}
made = of(training.train, settings)
found = {
    "models": of(models.models, part_schemas.ListingQuery())["models"],
    "metadata": of(models.metadata, "wide"),
    "schema": of(models.config_schema, "wide"),
    "listed": of(parts.parts, "optimizers", part_schemas.ListingQuery())["parts"],
    "theirs": of(parts.part, "optimizers", "tiger"),
    "valid": of(models.validate_config, "wide", {"width": 2}),
    "invalid": of(models.validate_config, "wide", {"width": "x"}),
    "checked": of(training.check, text, "application/yaml"),
    "made": made["config"],
    "refused": of(training.train, settings | {"model": {"type": "wide", "width": 0}}),
    "preset": of(training.train, settings | {"name": "p", "optimizer": {"type": "tiger", "preset": "easy"}})["config"],
    "cloned": of(training.clone, made["id"], schemas.CloneRequest(changes={"epochs": 3}))["config"],
}
# A file is dropped into the plug-in folder while server and worker are at work, changed, and removed.
folder = pathlib.Path(os.environ["DLTRAINER_HOME"], "plugins")
folder.mkdir(mode=0o700)

def drop(text, name="dropped.py"):
    (folder / name).write_text(text)
    (folder / name).chmod(0o600)

drop(DROPPED)
drop("def broken(:", "broken.py")
asked = part_schemas.ListingQuery(task="segmentation")
found["dropped"] = [of(models.metadata, "dropped"), of(models.models, asked), of(models.validate_config, "dropped", {})]
drop(DROPPED.replace("width: int = 1", "depth: int = 2"))
again = part_schemas.ListingQuery(reload=True, framework="jax")
found["changed"] = [of(models.models, again), of(models.validate_config, "dropped", {})]
found["run"] = of(training.train, {"model": "dropped", "data": "digits"})["environment"]["plugins"]
(folder / "dropped.py").unlink()
found["gone"] = of(models.metadata, "dropped")
names = {name for name in sys.modules if name.partition(".")[0] in {"torch", "theirs", "tensorflow", "jax"}}
found["imported"] = sorted(names | {name for name in sys.modules if "_dltrainer_plugins." in name})
print(json.dumps(found))
"""


@pytest.mark.slow
def test_other_peoples_parts_are_never_imported_by_the_server(home, tmp_path: Path) -> None:
    theirs, metadata = tmp_path / "theirs", tmp_path / "theirs-1.0.dist-info"
    for folder in (theirs, metadata):
        folder.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    (theirs / "model.py").write_text(MODEL)
    (theirs / "optimizer.py").write_text(OPTIMIZER)
    code = f"import sys; sys.path.append({str(tmp_path)!r}); DROPPED = {DROPPED!r}\n{ASKING}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["imported"] == []
    rows = {row["name"]: row for row in found["models"]}
    assert rows["wide"] == {
        "name": "wide",
        "description": "Two layers, one of them wide.",
        "frameworks": ["pytorch"],
    }
    assert "can't be imported" in rows["broken"]["description"]
    assert found["metadata"]["package"] == "theirs"
    assert {row["name"]: row["presets"] for row in found["listed"]}["tiger"] == {"easy": {"beta": 0.5}}
    assert (found["theirs"]["package"], found["theirs"]["settings"][0]["name"]) == ("theirs", "beta")
    assert found["schema"]["properties"]["width"]["default"] == 1024
    assert found["valid"] == {"valid": True, "problems": [], "config": {"width": 2}}
    assert [problem["path"] for problem in found["invalid"]["problems"]] == ["width"]
    assert [problem["line"] for problem in found["checked"]["problems"]] == [1, 3]
    assert found["made"]["model"] == {"type": "wide", "width": 8}
    assert (found["refused"]["error"], found["refused"]["problems"]) == ("ConfigurationError", [["model", "width"]])
    assert found["preset"]["optimizer"] == {"type": "tiger", "beta": 0.5}
    assert found["cloned"] == found["made"] | {"epochs": 3}
    described, listed, settings = found["dropped"]
    said = {"author": "A. Nonymous", "version": "0.3", "tags": ["small"], "tasks": ["segmentation"]}
    said |= {"min_gpu_memory_gb": 4, "recommended_batch_size": 16, "supported_image_sizes": [32, 64]}
    said |= {"package": "plug-in dropped.py", "frameworks": ["pytorch"], "description": "Somebody's."}
    assert described.items() >= said.items()
    names = {row["name"] for row in listed["models"]}
    assert (names >= {"dropped", "unet"}, "mlp" in names) == (True, False)
    assert [problem.rpartition("/")[2] for problem in listed["problems"]] == [
        "broken.py: SyntaxError: invalid syntax (line 1)."
    ]
    assert settings["config"] == {"width": 1}
    assert "dropped" not in {row["name"] for row in found["changed"][0]["models"]}
    assert found["changed"][1]["config"] == {"depth": 2}
    [kept] = found["run"]
    assert (Path(kept["path"]).name, kept["parts"]) == ("dropped.py", ["models/dropped"])
    assert "Unknown model 'dropped'" in found["gone"]["message"]
