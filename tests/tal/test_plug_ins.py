"""Runs whose parts come from the plug-in folder or from the notebook keep the code they were started with."""

from __future__ import annotations

import hashlib
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import BaseModel, Field

from dltrainer_jupyter import tal
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, TrainingFailed
from dltrainer_jupyter.core.registry import notebook, plug_ins
from dltrainer_jupyter.executors.plug_ins import FILE
from dltrainer_jupyter.tal.description import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL: dict[str, Any] = {"data": "wine", "epochs": 1, "batch_size": 64, "verbose": False, "executor": "inline"}
NET = '''
from dltrainer_jupyter import register
from pydantic import BaseModel, Field


@register("models")
class Tiny:
    """One layer."""

    version = "1.2"

    class Config(BaseModel, frozen=True, extra="forbid"):
        bias: bool = Field(default=BIAS, description="Whether it has one.")

    def __init__(self, config):
        self.config = config

    def pytorch(self, signature):
        from torch import nn

        return nn.Sequential(nn.Flatten(), nn.Linear(signature.input_shape[0], signature.outputs, self.config.bias))
'''


@pytest.fixture(autouse=True)
def folder(home: Path) -> Iterator[Path]:
    where = home / "plugins"
    where.mkdir(parents=True, mode=0o700)
    plug_ins.forget()
    yield where
    for name in ("tiny", "own"):
        notebook.remove("models", name)
    plug_ins.forget()


def put(folder: Path, bias: bool = True, name: str = "model.py") -> Path:
    file = folder / name
    file.write_text(NET.replace("BIAS", str(bias)))
    file.chmod(0o600)
    plug_ins.reload()
    return file


def weights(run: tal.Run) -> list[str]:
    return [name for name, _ in run.last.model().named_parameters()]


def test_a_run_keeps_the_file_it_was_started_with(folder: Path) -> None:
    file = put(folder)
    run = tal.train(model="tiny", **SMALL)
    [kept] = run.record.environment["plugins"]
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert kept == {"path": str(file), "sha256": sha256, "version": "1.2", "parts": ["models/tiny"]}
    put(folder, bias=False)
    assert len(weights(tal.train(model="tiny", **SMALL))) == 1
    run.resume(epochs=2).wait(60)
    run.wait(60)
    assert (run.epoch, len(weights(run))) == (2, 2)
    notes = [event.message for event in run.store.events(run.id) if event.kind == "notice"]
    assert notes == [
        f"The plug-in {file} has changed since the run was started; the run goes on with its own copy of it."
    ]
    file.unlink()
    plug_ins.reload()
    run.resume(epochs=3).wait(60)
    assert run.wait(60).epoch == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_copy_that_somebody_else_may_have_written_is_not_run(folder: Path) -> None:
    put(folder)
    run = tal.train(model="tiny", **SMALL)
    (Path(run.record.folder) / FILE).chmod(0o666)
    run.resume(epochs=2)
    with pytest.raises(TrainingFailed, match="may have been written by somebody else; it is not run"):
        run.wait(60)


def test_a_mirror_brings_the_code_along(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder)
    run = tal.train(model="tiny", checkpoint={"mirror": str(tmp_path / "mirror")}, **SMALL)
    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "elsewhere"))
    [back] = tal.restore(tmp_path / "mirror")
    assert "tiny" not in registry.names("models")
    assert back.id == run.id
    assert len(weights(back)) == 2
    back.resume(epochs=2, executor="inline").wait(60)
    assert back.wait(60).epoch == 2


def test_whoever_describes_a_run_for_others_runs_no_plug_in(folder: Path) -> None:
    file = put(folder)
    file.write_text(f"raise SystemExit('was run')\n{file.read_text()}")
    plug_ins.reload()
    spec, own = describe({"model": "tiny", "data": "wine"}, check=lambda it: it)
    assert (spec.model.type, own) == ("tiny", {})


@pytest.mark.slow
def test_what_a_model_says_it_needs_is_looked_at_when_it_is_started(folder: Path) -> None:
    file = put(folder)
    file.write_text(
        file.read_text().replace('version = "1.2"', "min_gpu_memory_gb, supported_image_sizes = 2000, (32, 64)")
    )
    plug_ins.reload()
    run = tal.train(model="tiny", **SMALL)
    notes = [event.message for event in run.store.events(run.id) if event.kind == "notice"]
    assert notes == [
        "The model 'tiny' asks for a GPU with 2000 GB at least, and this run trains on the CPU: it may take long."
    ]
    with pytest.raises(TrainingFailed, match=r"takes images of 32 or 64 pixels, got 8×8; resize .*size: 32"):
        tal.train(model="tiny", **SMALL | {"data": "digits"}).wait(60)
    with pytest.raises(ConfigurationError, match=r"takes images of 32 or 64 pixels, got 48×32; resize .*size: 32"):
        tal.train(model="tiny", **SMALL | {"data": (np.zeros((8, 3, 48, 32), np.float32), np.arange(8) % 2)})


# --- the notebook -----------------------------------------------------------------------------------------


def make(bias: bool, **attributes: Any) -> type:
    class Tiny:
        """One layer."""

        class Config(BaseModel, frozen=True, extra="forbid"):
            bias: bool = Field(default=True, description="Whether it has one.")

        def __init__(self, config: Any) -> None:
            self.config = config

        def pytorch(self, signature: Any) -> Any:
            from torch import nn

            assert attributes is not None
            return nn.Sequential(nn.Flatten(), nn.Linear(signature.input_shape[0], signature.outputs, bias))

    Tiny.__module__ = "__main__"
    return Tiny


@pytest.mark.slow
def test_a_class_of_the_notebook_goes_along_to_another_process(folder: Path) -> None:
    put(folder, name="other.py")
    tal.register("models", "own")(make(bias=False))
    run = tal.train(model="own", **SMALL | {"executor": "process"})
    assert run.wait(100).state == "completed"
    tal.register("models", "own")(make(bias=True))
    assert len(weights(run)) == 1
    assert run.record.environment["plugins"][0]["parts"] == ["models/own"]


def test_a_class_that_cannot_go_along_says_so(folder: Path) -> None:
    tal.register("models", "own")(make(bias=False, lock=threading.Lock()))
    with pytest.raises(ConfigurationError, match=r"the model 'own' can't be pickled .*Use executor='thread'"):
        tal.train(model="own", **SMALL | {"executor": "process"})
    run = tal.train(model="own", **SMALL)
    assert run.state == "completed"
    events = {event.kind: event.message for event in run.store.events(run.id)}
    assert events["kernel_bound"].startswith("This run can't outlive this process: the model 'own' can't be pickled")
    assert np.isfinite(run.metrics()["val_loss"].iloc[-1])


def test_a_clone_finds_a_class_that_is_registered_no_more(folder: Path) -> None:
    put(folder, name="other.py")
    tal.register("models", "own")(make(bias=False))
    run = tal.train(model="own", **SMALL)
    notebook.remove("models", "own")
    copy = run.clone(seed=1)
    assert (copy.state, len(weights(copy))) == ("completed", 1)
    assert copy.record.environment["plugins"][0]["parts"] == ["models/own"]
    # Who registers the name again means the new one.
    tal.register("models", "own")(make(bias=True))
    assert len(weights(copy.clone())) == 2


def test_a_clone_finds_a_plug_in_that_is_gone(folder: Path) -> None:
    file = put(folder)
    run = tal.train(model="tiny", **SMALL)
    file.unlink()
    plug_ins.reload()
    assert run.clone(model={"bias": False}).state == "completed"
    with pytest.raises(ConfigurationError, match=r"Unknown model 'tiny'"):
        tal.train(model="tiny", **SMALL)
