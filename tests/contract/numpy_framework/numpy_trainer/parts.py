"""The parts people name: a model, two losses, an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from dltrainer_jupyter.core.protocols import Signature
from numpy_trainer.perceptron import Perceptron


class TwoLayers:
    """A perceptron of two layers."""

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        hidden: int = Field(default=32, ge=1, description="Units of the hidden layer.")
        dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of them dropped in training.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def numpy(self, signature: Signature, seed: int) -> Perceptron:
        """Build the net."""
        return Perceptron(signature, hidden=self.config.hidden, dropout=self.config.dropout, seed=seed)


# --- losses -----------------------------------------------------------------------------------------


class Loss(np.float32):
    """A number that knows its gradient with respect to the outputs."""

    gradient: Any


def _loss(value: Any, gradient: Any) -> Loss:
    loss = Loss(value)
    loss.gradient = gradient.astype(np.float32)
    return loss


class CrossEntropy:
    """Between logits (n, classes) and class indices (n,)."""

    class Config(BaseModel, frozen=True, extra="forbid"):
        """There is nothing to set."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def build(self) -> Callable[[Any, Any], Loss]:
        """Make the loss."""

        def cross_entropy(outputs: Any, targets: Any) -> Loss:
            rows = np.arange(len(targets))
            shifted = outputs - outputs.max(1, keepdims=True)
            logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
            gradient = np.exp(logs)
            gradient[rows, targets] -= 1
            return _loss(-logs[rows, targets].mean(), gradient / len(targets))

        return cross_entropy


class MSE:
    """Mean squared error."""

    class Config(BaseModel, frozen=True, extra="forbid"):
        """There is nothing to set."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def build(self) -> Callable[[Any, Any], Loss]:
        """Make the loss."""

        def mean_squared_error(outputs: Any, targets: Any) -> Loss:
            difference = outputs - targets
            return _loss(np.square(difference).mean(), 2 * difference / difference.size)

        return mean_squared_error


# --- an optimizer -----------------------------------------------------------------------------------


class Momentum:
    """Stochastic gradient descent that keeps a share of its last update, if it has any."""

    def __init__(self, rate: float, momentum: float) -> None:
        self.rate = rate
        self.momentum = momentum
        self.velocity: dict[str, Any] = {}

    def step(self, weights: dict[str, Any], gradients: dict[str, Any]) -> None:
        """Change weights in place."""
        for name, gradient in gradients.items():
            update = gradient
            if self.momentum:
                update = self.velocity[name] = self.momentum * self.velocity.get(name, np.float32(0)) + gradient
            weights[name] -= np.float32(self.rate) * update.astype(np.float32)


class SGD:
    """Stochastic gradient descent."""

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        momentum: float = Field(default=0.0, ge=0, lt=1, description="Share of the last update that is kept.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def build(self, learning_rate: float) -> Momentum:
        """Make the optimizer."""
        return Momentum(learning_rate, self.config.momentum)
