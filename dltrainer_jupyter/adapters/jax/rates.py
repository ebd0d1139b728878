"""The learning rates of a run's optimizers, as far as somebody outside may set them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.adapters.jax.learning import Optimizer
from dltrainer_jupyter.adapters.jax.optimizers import injected_rates

if TYPE_CHECKING:
    import numpy.typing as npt


class Rates:
    """What each optimizer came with; several rates in one keep their proportions.

    Parameters
    ----------
    optimizers : mapping of str to Optimizer
        Fresh.
    """

    def __init__(self, optimizers: Mapping[str, Optimizer]) -> None:
        self._own = {
            name: {place: np.asarray(rate) for place, rate in injected_rates(optimizer.kept["slots"]).items()}
            for name, optimizer in optimizers.items()
        }

    @property
    def base(self) -> float | None:
        """The rate of the first optimizer; None where it doesn't show one."""
        rates = next(iter(self._own.values()), None)
        return _base(rates) if rates else None

    def at(self, rate: npt.ArrayLike) -> dict[str, dict[Any, npt.NDArray[Any]]]:
        """Say what to put where, for a base rate or for each of several.

        Parameters
        ----------
        rate : array_like of float

        Returns
        -------
        dict of str to dict
            For each optimizer arrays of the shape of ``rate``, by their places in its state.
        """
        wanted = np.asarray(rate, np.float64)
        return {
            name: {
                place: (wanted * (float(own) / base) if (base := _base(rates)) else wanted).astype(own.dtype)
                for place, own in rates.items()
            }
            for name, rates in self._own.items()
        }


def _base(rates: Mapping[Any, npt.NDArray[Any]]) -> float:
    """Give the rate an optimizer came with: that of its first part that learns at all."""
    return next((float(rate) for rate in rates.values() if rate), 0.0)
