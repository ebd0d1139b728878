"""The kinds of parts there are."""

from __future__ import annotations

from typing import Literal

Kind = Literal[
    "adapters",
    "recipes",
    "models",
    "layers",
    "optimizers",
    "losses",
    "regularizations",
    "schedules",
    "metrics",
    "data",
    "preprocessing",
    "postprocessing",
    "augmentations",
    "executors",
    "trackers",
    "faces",
    "checks",
]

SINGULAR: dict[str, str] = {
    "adapters": "framework",
    "recipes": "recipe",
    "models": "model",
    "layers": "layer",
    "optimizers": "optimizer",
    "losses": "loss",
    "regularizations": "regularization",
    "schedules": "scheduler",
    "metrics": "metric",
    "data": "data set",
    "preprocessing": "preprocessing step",
    "postprocessing": "postprocessing step",
    "augmentations": "augmentation",
    "executors": "executor",
    "trackers": "tracker",
    "faces": "view",
    "checks": "check",
}

KEYS: dict[Kind, str] = {
    "models": "model",
    "optimizers": "optimizer",
    "losses": "loss",
    "regularizations": "regularization",
    "schedules": "scheduler",
    "metrics": "metrics",
    "data": "data",
    "preprocessing": "preprocessing",
    "postprocessing": "postprocessing",
    "augmentations": "augmentation",
    "recipes": "recipe",
    "trackers": "track",
}
"""Where in a configuration parts of a kind are named, in the order of the reference."""

LISTED: frozenset[str] = frozenset(
    {"regularization", "metrics", "preprocessing", "postprocessing", "augmentation", "track"}
)
"""Those of them under which several parts stand in a list."""

OF_A_FRAMEWORK: frozenset[str] = frozenset({"optimizers", "losses", "regularizations", "augmentations"})
"""Kinds whose parts belong to one framework each, which stands in front of their names: ``pytorch.adamw``."""
