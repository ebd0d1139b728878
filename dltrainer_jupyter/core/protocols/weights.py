"""The port to weights in files that other programs wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols.state import NamedArrays, TrainState


class OwnWeights(Protocol):
    """The weights of a model that somebody holds, as ``model.<name>``, the names that checkpoints use.

    Attributes
    ----------
    has_shared : bool
        Whether several names are those of one weight that is shared, and a file needs them all.
    """

    has_shared: bool

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Say what files call each of them, as :meth:`KnowsWeightFiles.weight_names` does."""

    def arrays(self) -> NamedArrays:
        """Copy them."""

    def write(self, arrays: NamedArrays) -> None:
        """Give all of them other values of the same shapes and dtypes, in place."""


@runtime_checkable
class SavesWeights(Protocol):
    """What the weights of a model have besides if their framework has formats of its own, of one file.

    Attributes
    ----------
    endings : tuple of str
        By which these formats are told.
    """

    endings: tuple[str, ...]

    def save(self, path: Path) -> None:
        """Write a new file of the format that its ending tells."""


@runtime_checkable
class KnowsWeightFiles(Protocol):
    """What an adapter has besides if files of its framework have names of their own for weights."""

    def weight_names(self, state: TrainState) -> Mapping[str, tuple[str, ...]]:
        """Say what files call each weight.

        Returns
        -------
        mapping of str to tuple of str
            By the weight's name in a checkpoint, ``<net>.<name>``, with dots where a file may have slashes. A weight
            without names is in no file. Names of what is no weight here, but may be in a file, stand under any other
            key.
        """

    @classmethod
    def own_weights(cls, model: Any) -> OwnWeights:
        """Give the weights of a model of the framework's own, for :func:`dltrainer_jupyter.tal.load_weights`.

        Raises
        ------
        ConfigurationError
            If it has none yet.
        """
