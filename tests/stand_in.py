"""A stand-in for a trainer: it writes what a real one would, without training."""

from __future__ import annotations

import numpy as np

from dltrainer_jupyter.core.records import BestRecord, EpochRecord, ErrorRecord, ProgressRecord, ValidationRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.tal.run import Run

STEPS = 45
"""Steps in an epoch."""


class Trainer:
    """Writes a run's history."""

    def __init__(self, store: Store, run_id: str) -> None:
        self.run = Run(run_id, store)
        self.attempt = store.claim(run_id, executor="thread", environment={"device": "cpu"})
        self.step = 0

    def steps(self, count: int, names: tuple[str, ...] = ("train_loss",)) -> None:
        noise = np.random.default_rng(self.step).normal(0, 0.05, count).astype(np.float32)
        at = np.arange(self.step + 1, self.step + 1 + count, dtype=np.float32)
        values = (2 / np.sqrt(at) + np.abs(noise)).astype(np.float32)
        with self.attempt.transaction():
            self.attempt.curves(dict.fromkeys(names, (self.step + 1, values)))
            self.step += count
            self.progress()

    def progress(self, phase: str = "training") -> None:
        spec = self.run.spec
        self.attempt.progress(
            ProgressRecord(
                epoch=min(self.step // STEPS + 1, spec.epochs),
                step=self.step,
                epochs=spec.epochs,
                steps_per_epoch=STEPS,
                phase=phase,
                steps_per_second=100.0,
                train_seconds=self.step / 100,
                learning_rate=1e-3,
            )
        )

    def epoch(self, number: int, labels: list[str] | None = None, **more: float) -> None:
        labels = labels or [str(digit) for digit in range(10)]
        matrix = (np.eye(len(labels), dtype=int) * 35).tolist()
        matrix[0][1] = 2
        accuracy = 1 - 0.5 / (number + 1)
        values = {"learning_rate": 1e-3, "train_loss": 1 / number, "val_loss": 1.1 / number}
        values |= {"train_accuracy": accuracy, "val_accuracy": accuracy - 0.01, **more}
        step = max(self.step, number)
        best = BestRecord("val_accuracy", "max", accuracy - 0.01, number, step)
        self.attempt.epoch(EpochRecord(number, step, values), ValidationRecord(number, step, matrix, labels), best)

    def end(self, state: State = State.COMPLETED, error: ErrorRecord | None = None) -> None:
        self.attempt.end(state, error)
