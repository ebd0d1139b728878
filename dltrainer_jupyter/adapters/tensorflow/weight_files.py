"""What files of Keras call the weights of a model, and those of a model somebody holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from keras.src.saving import saving_lib  # nothing public tells which variable lies where in a file

from dltrainer_jupyter.adapters.tensorflow.naming import named_weights
from dltrainer_jupyter.adapters.tensorflow.state import check_variables, load_variables, save_variables, weights_of
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import NamedArrays

_NO_WEIGHT = "$other"
"""Under this key stands what a file holds besides weights: states of generators and metrics."""


class _Places(saving_lib.H5IOStore):  # type: ignore[misc] # Keras ships no types
    """Stands in for a file, and notes what would be written where."""

    def __init__(self) -> None:
        self.written: dict[str, dict[str, Any]] = {}

    def __bool__(self) -> bool:
        return True

    def make(self, path: str, metadata: Any = None) -> dict[str, Any]:  # noqa: ARG002 - as Keras calls it
        """Give where the variables of one layer go."""
        return self.written.setdefault(path, {})


def names_in_files(nets: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Say where each weight lies in files of Keras 3, and what files of Keras 2 call it.

    Returns
    -------
    dict of str to tuple of str
        By the names that checkpoints use.
    """
    found: dict[str, tuple[str, ...]] = {}
    others: list[str] = []
    for net_name, net in nets.items():
        lies_at = _places_of(net)
        older = dict(_older_names(net))
        for weight, variable in named_weights(net).items():
            also = [*lies_at.pop(id(variable), ()), *older.get(id(variable), ())]
            found[f"{net_name}.{weight}"] = tuple(f"{net_name}.{name}" for name in [weight, *also])
        others += [f"{net_name}.{place}" for places in lies_at.values() for place in places]
    return found | ({_NO_WEIGHT: tuple(others)} if others else {})


def _places_of(net: Any) -> dict[int, list[str]]:
    store = _Places()
    saving_lib._save_state(  # noqa: SLF001 - see above
        net, weights_store=store, assets_store=None, inner_path="", visited_saveables=set()
    )
    places: dict[int, list[str]] = {}
    for path, written in store.written.items():
        for key, variable in written.items():
            place = f"{path}/vars/{key}".lstrip("/").replace("/", ".")
            places.setdefault(id(variable), []).append(place)
    return places


def _older_names(net: Any) -> Iterator[tuple[int, list[str]]]:
    """Give what files of Keras 2 call weights: the outermost layer, and what is inside it."""
    for layer in getattr(net, "layers", ()):
        for variable in layer.weights:
            parts = variable.path.split("/")
            if parts[0] == net.name and len(parts) > 1:
                parts = parts[1:]
            while layer.name in parts:
                parts = parts[parts.index(layer.name) + 1 :]
            yield id(variable), [".".join([layer.name, *parts])]


class OwnWeights:
    """The weights of a Keras model that somebody holds.

    Parameters
    ----------
    model : keras.Model
        Is written to in place.

    Raises
    ------
    ConfigurationError
        If it isn't built, so that it has no weights yet.
    """

    endings = (".keras", ".weights.h5")
    has_shared = False

    def __init__(self, model: Any) -> None:
        if not getattr(model, "built", True) or not model.weights:
            msg = "model: it has no weights before it is built; call it on some data, or model.build(shape), first."
            raise ConfigurationError(msg)
        self._nets = {"model": model}

    def names(self) -> dict[str, tuple[str, ...]]:
        """Give what files call each of them."""
        return names_in_files(self._nets)

    def arrays(self) -> NamedArrays:
        """Copy them."""
        return save_variables(weights_of(self._nets), {})

    def write(self, arrays: NamedArrays) -> None:
        """Give them other values."""
        variables = weights_of(self._nets)
        check_variables(variables, arrays, "model")
        load_variables(variables, arrays)

    def save(self, path: Path) -> None:
        """Write the model, or its weights alone."""
        model = self._nets["model"]
        model.save(path) if path.suffix == ".keras" else model.save_weights(path)
