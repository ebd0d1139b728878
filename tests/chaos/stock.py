"""The same kills for the frameworks' own trainers: the control."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.controls.report import RESULT, STEPS
from tests.chaos.killing import Result
from tests.waiting import until

_LONGEST = 300.0
_LATEST = 0.8
_TAIL = 300
"""Characters of an error that are told."""


@dataclass(frozen=True)
class Stock:
    """A framework's own trainer."""

    script: str
    """Module in :mod:`tests.chaos.controls`."""
    setting: str
    """How often it saves."""

    def start(self, folder: Path) -> subprocess.Popen[bytes]:
        """Begin in a folder, or go on there."""
        with (folder / "log").open("ab") as log:
            command = [sys.executable, "-m", f"tests.chaos.controls.{self.script}", str(folder), self.setting]
            return subprocess.Popen(command, stdout=log, stderr=log)


STOCK = {
    "BackupAndRestore(save_freq=20)": Stock("keras_fit", "20"),
    "BackupAndRestore(save_freq='epoch')": Stock("keras_fit", "epoch"),
    "ModelCheckpoint(every_n_train_steps=20)": Stock("lightning_fit", "20"),
}
"""By what a person would call it."""


@dataclass(frozen=True)
class Undisturbed:
    """What a stock trainer comes to that nobody touches."""

    checksum: str
    steps: int


def undisturbed(stock: Stock, folder: Path) -> Undisturbed:
    """Train twice without disturbance; a control that can't repeat itself would prove nothing."""
    found = []
    for number in range(2):
        place = _empty(folder / f"undisturbed{number}")
        code = stock.start(place).wait(_LONGEST)
        if code:
            msg = f"the stock trainer ended with {code}: {_last_words(place)}"
            raise AssertionError(msg)
        found.append((place / RESULT).read_text())
    assert found[0] == found[1], "the stock trainer gives different bits each time, killed or not"
    return Undisturbed(found[0], _steps(folder / "undisturbed0"))


def kill(name: str, seed: int, folder: Path, expected: Undisturbed) -> Result:
    """Kill it at the step a subject of ours would be killed at, start it again, and compare."""
    began = time.perf_counter()
    stock, place = STOCK[name], _empty(folder / f"killed{seed}")
    chance = random.Random(f"step {seed}")
    step = chance.randrange(1, int(_LATEST * expected.steps))
    trainer = stock.start(place)
    until(lambda: _steps(place) >= step or trainer.poll() is not None, timeout=_LONGEST)
    trainer.kill()
    killed = int(trainer.wait() != 0)
    code = stock.start(place).wait(_LONGEST)
    told = []
    if code:
        told.append(f"it ended with {code}: {_last_words(place)}")
    elif (place / RESULT).read_text() != expected.checksum:
        repeated = _steps(place) - expected.steps
        told.append(f"killed at step {step}: other weights, {repeated:+d} steps")
    shutil.rmtree(place)
    return Result(name, str(seed), killed, not told, time.perf_counter() - began, told)


def _steps(folder: Path) -> int:
    steps = folder / STEPS
    return steps.stat().st_size if steps.exists() else 0


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _last_words(folder: Path) -> str:
    return (folder / "log").read_text(errors="replace").strip()[-_TAIL:]
