"""Who looks at all a model says in a validation, and tells what it has learnt and where it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols.state import Array


class Examiner(Protocol):
    """A task's own view of a whole validation set, in one pass, with bounded memory."""

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:
        """Take in consecutive batches, as :class:`~dltrainer_jupyter.core.protocols.Metric` does.

        Parameters
        ----------
        outputs, targets : numpy.ndarray, shape (sum(sizes), ...)
            Raw outputs of the model and encoded targets of several batches, one after another.
        sizes : sequence of int
            Samples in each batch.
        """

    def reset(self) -> None:
        """Forget everything."""

    def summary(self) -> dict[str, Any]:
        """Say what was found in the whole set, in JSON types, NaN where a number isn't defined."""

    def examples(self) -> Mapping[str, Array]:
        """Give what was found of the examples that are kept: columns of equal length, ``index`` among them."""


@runtime_checkable
class Explains(Protocol):
    """What a predictor has besides if it can show where on an image it looked (Selvaraju et al., 2017)."""

    def heatmaps(self, inputs: Array, targets: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Compute Grad-CAM.

        Parameters
        ----------
        inputs : numpy.ndarray, shape (n, *input_shape)
            Preprocessed images.
        targets : numpy.ndarray of int64, shape (n,)
            The class to explain, for each.

        Returns
        -------
        numpy.ndarray of float32, shape (n, height, width)
            From 0 to 1, as large as the images.

        Raises
        ------
        ConfigurationError
            If the model has no layer whose outputs lie like an image.
        """
