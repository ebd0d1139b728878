"""The weights of a module that somebody holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax

from dltrainer_jupyter.adapters.jax.arrays import bare, to_raw
from dltrainer_jupyter.adapters.jax.nets import Net
from dltrainer_jupyter.adapters.jax.state import load_weights, weights_of
from dltrainer_jupyter.core.protocols import NamedArrays

if TYPE_CHECKING:
    from flax import nnx


class OwnWeights:
    """The weights of a Flax NNX module.

    Parameters
    ----------
    model : flax.nnx.Module
        Is written to in place.
    """

    has_shared = False

    def __init__(self, model: nnx.Module) -> None:
        self._model = model
        self._nets = {"model": Net(model, jax.devices()[0])}

    def names(self) -> dict[str, tuple[str, ...]]:
        """Give what files call each of them: the path to it."""
        return {name: (name,) for name in weights_of(self._nets)}

    def arrays(self) -> NamedArrays:
        """Copy them."""
        on_host = jax.device_get({name: bare(array) for name, array in weights_of(self._nets).items()})
        return {name: to_raw(array, name) for name, array in on_host.items()}

    def write(self, arrays: NamedArrays) -> None:
        """Give them other values."""
        load_weights(self._nets, arrays)
        self._nets["model"].write_to(self._model)
