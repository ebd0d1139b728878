"""Weights & Biases: a run's history online, or in files that ``wandb sync`` takes there later."""

from __future__ import annotations

from dltrainer_jupyter.trackers.wandb.tracker import WandB

__all__ = ["WandB"]
