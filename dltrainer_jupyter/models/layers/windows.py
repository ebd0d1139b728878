"""What is left of an image or a sequence when a window slides over it."""

from __future__ import annotations

from typing import NamedTuple

from dltrainer_jupyter.models.layers.flow import Flow, MisfitError


class Window(NamedTuple):
    """What slides over an image or a sequence, the same in each direction."""

    size: int
    """Places it covers."""
    stride: int
    """Places from one to the next."""
    zeros: int = 0
    """Places added at each edge."""


def slid(layer: str, flow: Flow, window: Window, features: int | None = None) -> Flow:
    """Say what a window leaves.

    Parameters
    ----------
    layer : str
        The type of the layer, for the message.
    flow : Flow
        An image or a sequence.
    window : Window
        What slides over it.
    features : int, optional
        Channels it gives, if not those that come.

    Raises
    ------
    MisfitError
        If the window is larger than what it slides over.

    Examples
    --------
    >>> slid("pool", Flow((3, 28, 28)), Window(2, 2)).shape
    (3, 14, 14)
    """
    given = flow.features if features is None else features
    image = flow.form == "image"
    sides = flow.shape[1:] if image else flow.shape[:1]
    left = tuple((side + 2 * window.zeros - window.size) // window.stride + 1 for side in sides)
    if min(left) < 1:
        places = " × ".join([str(window.size)] * len(sides))
        msg = f"{layer} slides a window of {places} over shape {flow.shape}, which is smaller; take a smaller window"
        raise MisfitError(msg)
    return Flow((given, *left) if image else (*left, given))
