"""Ours, on JAX."""

from __future__ import annotations

from types import ModuleType

from tests.bench.programs.ours import supervised

TITLE = "ours"
NEEDS = ("jax", "flax", "optax")


def train(subject: ModuleType, epochs: int) -> None:
    """Train a ``flax.nnx.Module`` on arrays."""
    supervised(subject, subject.jax(), epochs)
