"""Nets as a portable recipe sees them: called like functions, in training or out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class InMode:
    """A model that is always called with the same ``training``, which Keras asks for at each call.

    Parameters
    ----------
    net : keras.Model
        The model.
    training : bool
        Whether it is being trained.
    """

    def __init__(self, net: Any, *, training: bool) -> None:
        self._net = net
        self._training = training

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the model."""
        return self._net(*args, **{"training": self._training, **kwargs})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._net, name)


def in_mode(nets: Mapping[str, Any], *, training: bool) -> dict[str, Any]:
    """Give nets that know whether they are being trained."""
    return {name: InMode(plain(net), training=training) for name, net in nets.items()}


def plain(net: Any) -> Any:
    """Give the model itself."""
    return net._net if isinstance(net, InMode) else net  # noqa: SLF001 - a function of this module
