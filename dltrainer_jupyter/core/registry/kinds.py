"""The kinds of parts there are."""

from __future__ import annotations

from typing import Literal

Kind = Literal[
    "adapters",
    "recipes",
    "models",
    "optimizers",
    "losses",
    "regularizations",
    "schedules",
    "metrics",
    "data",
    "preprocessing",
    "augmentations",
    "executors",
    "trackers",
    "faces",
]

SINGULAR: dict[str, str] = {
    "adapters": "framework",
    "recipes": "recipe",
    "models": "model",
    "optimizers": "optimizer",
    "losses": "loss",
    "regularizations": "regularization",
    "schedules": "scheduler",
    "metrics": "metric",
    "data": "data set",
    "preprocessing": "preprocessing step",
    "augmentations": "augmentation",
    "executors": "executor",
    "trackers": "tracker",
    "faces": "face",
}

OF_A_FRAMEWORK: frozenset[str] = frozenset({"optimizers", "losses", "regularizations", "augmentations"})
"""Kinds whose parts belong to one framework each, which stands in front of their names: ``pytorch.adamw``."""
