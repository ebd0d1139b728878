"""Ours, on a GPU, compiled, in bfloat16."""

from __future__ import annotations

from types import ModuleType

from tests.bench.programs.ours import supervised

TITLE = "ours, compiled, bfloat16"
NEEDS = ("torch",)
NEEDS_CUDA = True
SETTING = "compile"


def train(subject: ModuleType, epochs: int) -> None:
    """Train a ``torch.nn.Module``."""
    settings = {"device": "cuda", "precision": "bf16-mixed", "compile": True, "metrics": list(subject.METRICS)}
    supervised(subject, subject.pytorch(), epochs, optimizer="adamw", **settings)
