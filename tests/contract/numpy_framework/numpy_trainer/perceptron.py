"""The net: two fully connected layers, with dropout between them, forwards and backwards."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.seeds import derive


class Perceptron:
    """Weights by name, and how to compute with them.

    A call remembers what :meth:`gradients` needs, so one follows the other.
    """

    def __init__(self, signature: Signature, *, hidden: int, dropout: float, seed: int) -> None:
        draw = np.random.Generator(np.random.Philox(derive(seed, "numpy", "initial weights")))
        wide = math.prod(signature.input_shape)

        def layer(rows: int, columns: int) -> Any:
            return (draw.standard_normal((rows, columns)) / math.sqrt(rows)).astype(np.float32)

        self.weights = {
            "hidden.weight": layer(wide, hidden),
            "hidden.bias": np.zeros(hidden, np.float32),
            "output.weight": layer(hidden, signature.outputs),
            "output.bias": np.zeros(signature.outputs, np.float32),
        }
        self.training = True
        self.generator = np.random.Generator(np.random.Philox(derive(seed, "numpy", "dropout")))
        self._dropout = dropout
        self._seen: tuple[Any, Any, Any]

    def __call__(self, inputs: Any) -> Any:
        """Give outputs of shape (n, outputs) for inputs of shape (n, …)."""
        flat = inputs.reshape(len(inputs), -1)
        active = np.maximum(flat @ self.weights["hidden.weight"] + self.weights["hidden.bias"], 0)
        kept = np.ones_like(active)
        if self.training and self._dropout:
            kept = (self.generator.random(active.shape, np.float32) >= self._dropout) / np.float32(1 - self._dropout)
        active = active * kept
        self._seen = flat, active, kept
        return active @ self.weights["output.weight"] + self.weights["output.bias"]

    def gradients(self, of_outputs: Any) -> dict[str, Any]:
        """Give the gradient of each weight from that of the outputs, for the inputs of the last call."""
        flat, active, kept = self._seen
        of_hidden = (of_outputs @ self.weights["output.weight"].T) * kept * (active > 0)
        return {
            "hidden.weight": flat.T @ of_hidden,
            "hidden.bias": of_hidden.sum(0),
            "output.weight": active.T @ of_outputs,
            "output.bias": of_outputs.sum(0),
        }
