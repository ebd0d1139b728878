"""Ways to train a subject, ours and other people's, one a file.

Each has a ``TITLE`` for the table, ``NEEDS``, the packages that it imports, and ``train(subject, epochs)``, which
trains a fresh net from the start and returns when all of it is done. ``NEEDS_CUDA`` says that it needs a GPU, and
``SETTING`` names the setting of ours that it needs.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType

from dltrainer_jupyter.core.spec import RunSpec


def program(name: str) -> ModuleType:
    """Import a program by its name; no framework is imported with it."""
    return importlib.import_module(f"tests.bench.programs.{name}")


def missing(program: ModuleType) -> str:
    """Say why a program can't be run here; nothing if it can."""
    absent = [package for package in program.NEEDS if find_spec(package) is None]
    if absent:
        return f"{', '.join(absent)} not installed, see tests/bench/peers.txt"
    if getattr(program, "NEEDS_CUDA", False):
        import torch

        if not torch.cuda.is_available():
            return "no CUDA device here"
    setting = getattr(program, "SETTING", None)
    return f"there is no setting '{setting}' yet" if setting not in {None, *RunSpec.model_fields} else ""
