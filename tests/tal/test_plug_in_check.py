"""What a plug-in's author is told before anybody trains with it."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent, indent

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.tal.plug_in_check import PlugInCheck, examine

HEAD = """
from dltrainer_jupyter import register
from pydantic import BaseModel, Field
import numpy as np

class Strict(BaseModel, frozen=True, extra="forbid"): ...
"""
NET = '''
@register("models")
class Net:
    """One layer."""
    class Config(Strict):
        bias: bool = Field(default=True, description="Whether it has one.")
    def __init__(self, config):
        self.config = config
    def pytorch(self, signature):
        import math, torch
        from torch import nn
BODY
'''
GOOD = "return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(signature.input_shape), signature.outputs))"


class Heard:
    """What is told while a plug-in is examined in this process, which takes less time than one of its own."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self.all_tried: list[str] = []

    def begun(self, where: str) -> None: ...

    def found(self, finding: str) -> None:
        self.findings.append(finding)

    def tried(self, what: str) -> None:
        self.all_tried.append(what)


def checked(file: Path) -> PlugInCheck:
    heard = Heard()
    examine(file, heard)
    return PlugInCheck(file, tuple(heard.findings), tuple(heard.all_tried))


def findings(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "mine.py"
    file.write_text(HEAD + text)
    file.chmod(0o600)
    return list(checked(file).findings)


def net(body: str) -> str:
    return NET.replace("BODY", indent(dedent(body), " " * 8))


def test_a_model_without_fault_is_built_trained_saved_and_loaded(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HEAD + net(GOOD))
    found = checked(tmp_path / "mine.py")
    assert found.is_well
    assert str(found) == (
        "✓ mine.py: Net: built for pytorch and samples of 3×32×32, one step made, state saved and loaded."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (net("return nn.Linear(1, 2, sise=3)"), "a trial on pytorch failed: TypeError: .*'sise'.* \\(line 18\\)\\.$"),
        (net(GOOD.replace("signature.outputs", "7")), "mine.py: Net: .* expected 3 outputs a sample, .* got 7\\.$"),
        (net(GOOD).replace('    """One layer."""\n', ""), "mine.py: Net: it has no docstring"),
        (net(GOOD).replace('description="Whether it has one."', "gt=0"), "Config.bias has no description"),
        (net(GOOD).replace("(Strict)", "(BaseModel)"), "Config takes keys that nobody reads"),
        (net(GOOD).replace("bias: bool", "bias: type(np)"), "Config.bias: expected int, .* got <class 'module'>"),
        (net(GOOD).replace("def pytorch", "def torch"), "expected a method that builds it, called .* or pytorch"),
        (net(GOOD).replace('"models"', '"models", "cnn"'), "its name 'cnn' is taken by .*CNN \\(dltrainer-jupyter\\)"),
        (net(GOOD).replace("class Config", "tags = 'a'\n    class Config"), "tags: expected texts, got 'a'"),
        ("class A: ...", "mine.py: registers nothing"),
        ("def broken(:", "mine.py: SyntaxError: invalid syntax \\(line 7\\)\\.$"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_class(tmp_path: Path, text: str, said: str) -> None:
    found = findings(tmp_path, text)
    assert any(re.search(said, one) for one in found), found
    assert all(one.startswith("mine.py: ") and "\n" not in one for one in found)


METRIC = '''
@register("metrics")
class Share:
    """Share of hits."""
    name, higher_is_better = "share", True
    class Config(Strict): ...
    def __init__(self, config, outputs):
        self.reset()
    def reset(self):
        self.hits = self.all = 0
    def update(self, outputs, targets, sizes):
        self.hits += int((outputs.argmax(1) == targets).sum())
        self.all += len(targets)
    def compute(self):
        return self.hits / self.all if self.all else float("nan")
    def state(self):
        return {"hits": self.hits, "all": self.all}
    def load_state(self, state):
        self.__dict__.update(state)
'''


def test_a_metric_counts_alike_in_any_batches_and_comes_back(tmp_path: Path) -> None:
    assert findings(tmp_path, METRIC) == []
    [lost] = findings(tmp_path, METRIC.replace('"all": self.all}', '"all": 1}'))
    assert "its state doesn't come back as it was saved" in lost
    [uneven] = findings(tmp_path, METRIC.replace("self.hits +=", "self.hits ="))
    assert "its value depends on how samples come in batches" in uneven
    [lacks] = findings(tmp_path, METRIC.replace("def load_state", "def load"))
    assert lacks.endswith("it lacks load_state.")


def test_losses_optimizers_data_and_schedules_are_tried(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        HEAD
        + '''
@register("losses", framework="pytorch")
class Gentle:
    """Cross entropy, but gentle."""
    class Config(Strict): ...
    def __init__(self, config): ...
    def build(self):
        from torch.nn import functional
        return lambda outputs, targets: functional.cross_entropy(outputs, targets, label_smoothing=0.1)

@register("data")
class Ramp:
    """A line."""
    class Config(Strict): ...
    def __init__(self, config): ...
    def load(self, spec, objects):
        from dltrainer_jupyter.data.arrays import Arrays
        x = np.linspace(0, 1, 20, dtype=np.float32)[:, None]
        return Arrays(Arrays.Config()).load(spec, {"data": (x, 2 * x)})

@register("schedules")
class Half:
    """Half of it."""
    class Config(Strict): ...
    def __init__(self, config, *, steps_per_epoch, epochs, mode): ...
    def factor(self, step):
        return 0.5
    def observe(self, value): ...
    def state(self):
        return {}
    def load_state(self, state): ...
'''
    )
    found = checked(tmp_path / "mine.py")
    assert found.findings == ()
    assert [line.split(": ", 1)[1] for line in found.tried] == [
        "Gentle: an mlp learnt classification with it on pytorch.",
        "Ramp: loaded 16 samples of 1, regression.",
        "Half: gave a factor for each of 15 steps.",
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing.py can't be read: No such file"):
        tal.check_plugin(tmp_path / "nothing.py")
    with pytest.raises(ConfigurationError, match="timeout: expected seconds above 0, got 0"):
        tal.check_plugin(tmp_path / "nothing.py", timeout=0)


def test_one_that_ends_its_process_leaves_this_one_alone(tmp_path: Path) -> None:
    """What was found before stays."""
    (tmp_path / "mine.py").write_text(HEAD + METRIC + LEAVES)
    found = tal.check_plugin(tmp_path / "mine.py")
    assert found.findings == (
        "mine.py: Leaves: it ended the process with code 3; a plug-in must leave that to others (it said: bye).",
    )
    assert [one.partition(": ")[2][:6] for one in found.tried] == ["Share:"]


def test_one_that_never_comes_to_an_end_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(f"{HEAD}{METRIC}\nwhile True: ...")
    (finding,) = tal.check_plugin(tmp_path / "mine.py", timeout=1).findings
    assert re.match(r"mine.py.*: not done after 1 s, so it was ended: expected code that comes to an end", finding)


LEAVES = '''
@register("losses", framework="pytorch")
class Leaves:
    """Leaves when it is tried."""
    class Config(Strict): ...
    def __init__(self, config): ...
    def build(self):
        import os
        print("bye", flush=True)
        os._exit(3)
'''
OWN = '''
@register("models", framework="own_loop")
class Mean:
    """The mean of what it has seen."""
    class Config(Strict): ...
    def __init__(self, config):
        self.mean = 0.0
    def train(self, data, epoch):
        self.mean += float(data.inputs.mean())
        yield {"loss": 1.0}
    def validate(self, data):
        return {"loss": 1.0}
    def infer(self, inputs):
        return np.full(len(inputs), self.mean)
    def save_checkpoint(self, folder):
        (folder / "mean.txt").write_text(repr(self.mean))
    def load_checkpoint(self, folder):
        self.mean = float((folder / "mean.txt").read_text())
'''


def test_a_plug_in_that_owns_its_loop_does_a_piece_of_its_work(tmp_path: Path) -> None:
    assert findings(tmp_path, OWN) == []
    [lost] = findings(tmp_path, OWN.replace("float((folder", "len((folder"))
    assert "infer gives something else after load_checkpoint read what save_checkpoint wrote" in lost
    [lacks] = findings(tmp_path, OWN.replace("def infer", "def guess"))
    assert "it lacks infer" in lacks
    [silent] = findings(tmp_path, OWN.replace('yield {"loss": 1.0}', "yield from ()"))
    assert "train: expected a mapping of numbers such as {'loss': 0.5}, got none" in silent.lower()


REGULARIZATION = '''
@register("regularizations", framework="pytorch")
class Cubes:
    """Cubes of parameters."""
    takes, weight = "parameters", 0.1
    class Config(Strict): ...
    def __init__(self, config): ...
    def build(self):
        return lambda named: sum(it.abs().pow(3).sum() for it in named.values())
'''


def test_a_regularization_is_added_to_a_loss(tmp_path: Path) -> None:
    assert findings(tmp_path, REGULARIZATION) == []
    [many] = findings(tmp_path, REGULARIZATION.replace("sum(it.abs().pow(3).sum()", "list(it.abs().pow(3).sum()"))
    assert "expected one number for the batch, as a tensor, got list" in many
    [lacks] = findings(tmp_path, REGULARIZATION.replace("def build", "def make"))
    assert lacks.endswith("it lacks build.")
