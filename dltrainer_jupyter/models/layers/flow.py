"""What goes from one layer to the next, and what is said of a layer that can't take it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Form = Literal["values", "sequence", "image", "tokens"]

_FORMS: dict[int, Form] = {1: "values", 2: "sequence", 3: "image"}
_WORDS: dict[Form, str] = {
    "values": "values of shape (features,)",
    "sequence": "sequences of shape (time, features)",
    "image": "images of shape (channels, height, width)",
    "tokens": "tokens of shape (time,), which are whole numbers",
}


class MisfitError(ValueError):
    """A layer can't take what comes to it."""


@dataclass(frozen=True)
class Flow:
    """One sample between two layers, its channels first whatever a framework makes of that inside.

    Parameters
    ----------
    shape : tuple of int
        ``(features,)``, ``(time, features)`` or ``(channels, height, width)``; of tokens ``(time,)``.
    tokens : int, default 0
        How many different tokens there are; 0 for values.

    Examples
    --------
    >>> Flow((3, 32, 32)).form
    'image'
    """

    shape: tuple[int, ...]
    tokens: int = 0

    @property
    def form(self) -> Form | None:
        """What it is; None for a shape that no layer knows."""
        return "tokens" if self.tokens else _FORMS.get(len(self.shape))

    @property
    def size(self) -> int:
        """How many values it has."""
        return math.prod(self.shape)

    @property
    def features(self) -> int:
        """How many values each place has: channels of an image, features of everything else."""
        return self.shape[0] if self.form == "image" else self.shape[-1]


def expect(layer: str, flow: Flow, forms: Sequence[Form], cure: str = "") -> None:
    """Raise if a layer doesn't take what comes.

    Parameters
    ----------
    layer : str
        Its type, for the message.
    flow : Flow
        What comes.
    forms : sequence of str
        What it takes.
    cure : str, optional
        How to mend it.

    Raises
    ------
    MisfitError
        Holds both shapes.

    Examples
    --------
    >>> expect("dense", Flow((64,)), ["values"])
    """
    if flow.form in forms:
        return
    wanted = " or ".join(_WORDS[form] for form in forms)
    got = f"tokens of shape {flow.shape}" if flow.tokens else f"shape {flow.shape}"
    msg = f"{layer} takes {wanted}, got {got}{f'; {cure}' if cure else ''}"
    raise MisfitError(msg)
