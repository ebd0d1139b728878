"""What encoders of several blocks of attention are made of, whatever the framework."""

from __future__ import annotations

from dataclasses import dataclass

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.models.blocks import Activation

EPSILON = 1e-6
"""Keeps a normalisation from dividing by zero."""
_OFTEN = 10_000.0
"""Ratio of the longest wave to the shortest."""


@dataclass(frozen=True)
class Encoder:
    """Blocks that normalise before they compute, and add what they compute."""

    width: int
    """Values a step."""
    depth: int
    """Blocks."""
    heads: int
    hidden: int
    """Values in between, in the second half of a block."""
    activation: Activation
    dropout: float


def check_heads(model: str, width: int, heads: int) -> None:
    """Raise if a width can't be shared out among heads.

    Raises
    ------
    ConfigurationError
        Names both.
    """
    if width % heads:
        fitting = [count for count in range(1, width + 1) if width % count == 0 and count <= 2 * heads]
        msg = (
            f"model: {model} shares {width} values out among its heads, and {heads} don't divide them; use heads: "
            f"{min(fitting, key=lambda count: abs(count - heads))}, or another width."
        )
        raise ConfigurationError(msg)


def bound(inputs: int, outputs: int) -> float:
    """Give the bound between which initial weights lie evenly (Glorot and Bengio, 2010)."""
    return float((6 / (inputs + outputs)) ** 0.5)


def waves(steps: int, width: int) -> list[list[float]]:
    """Give sines and cosines of ever longer waves, by which steps can be told apart (Vaswani et al., 2017).

    Returns
    -------
    list of list of float, shape (steps, width)
        Sines in the first half, cosines in the second.

    Examples
    --------
    >>> waves(2, 2)[0]
    [0.0, 1.0]
    """
    import numpy as np

    half = -(-width // 2)
    angles = np.arange(steps)[:, None] / _OFTEN ** (np.arange(half)[None] / half)
    found: list[list[float]] = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :width].tolist()
    return found
