"""What is trained: a net a file, the same on each framework, with ``BATCH``, ``RATE`` and ``arrays()``."""

from __future__ import annotations

import importlib
from types import ModuleType


def subject(name: str) -> ModuleType:
    """Import a subject by its name; no framework is imported with it."""
    return importlib.import_module(f"tests.bench.subjects.{name}")


def steps_per_epoch(subject: ModuleType) -> int:
    """Count the batches of an epoch, which are all of one size."""
    batches, left = divmod(len(subject.arrays()[0]), subject.BATCH)
    assert left == 0, subject
    return batches
