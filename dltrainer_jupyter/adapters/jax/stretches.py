"""Several steps in one call, with the learning rate that each of them has."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.adapters.jax.compiled import Arrays, Steps
from dltrainer_jupyter.adapters.jax.looping import Where, looped, most_steps, shown_by, where
from dltrainer_jupyter.adapters.jax.optimizers import injected_rates, with_rates
from dltrainer_jupyter.adapters.jax.rates import Rates
from dltrainer_jupyter.adapters.jax.shown import Shown
from dltrainer_jupyter.core.protocols import Batch, StepOutput, Stretch, TrainState

_Wanted = dict[str, list[Any]]
"""For each optimizer its learning rates, in the order of their places, each an array with a value a step."""


class Stretches:
    """Makes several steps that follow each other.

    Parameters
    ----------
    steps : Steps
        Single ones.
    rates : Rates
        The learning rates that may be set.

    Attributes
    ----------
    most : int or None
        Steps that one call can hold, as far as batches have been looked at; 1 where single ones are better.
    """

    def __init__(self, steps: Steps, rates: Rates) -> None:
        self.most: int | None = None
        self._steps = steps
        self._rates = rates
        self._compiled = jax.jit(self._loop, static_argnames=("size", "room"), donate_argnums=0)

    def look_at(self, state: TrainState, batch: Batch) -> Shown:
        """Trace a step, and see how many of its kind a call can hold; give the shapes of what it shows."""
        step = self._steps.traced(state, batch)
        after, shown = step.out_info
        alike = _forms(after) == _forms(self._steps.taken(state))
        most = most_steps(step.jaxpr.jaxpr, shown) if alike else 1
        self.most = most if self.most is None else min(most, self.most)
        return shown  # type: ignore[no-any-return]

    def learn(self, state: TrainState, stretch: Stretch, rates: npt.NDArray[np.float64] | None) -> StepOutput:
        """Make the steps of a stretch, and wait for them; the state holds what they compute.

        Parameters
        ----------
        state : TrainState
            What learns.
        stretch : Stretch
            At most :attr:`most` steps, of samples on the device.
        rates : numpy.ndarray of float64, shape (stretch.steps,), optional
            The learning rate of each; if left out it stays as it is.
        """
        sets_rates = rates is not None
        room = self.most or stretch.steps
        padded = np.zeros(room)
        padded[: stretch.steps] = rates if sets_rates else 0.0
        wanted = {name: list(places.values()) for name, places in self._rates.at(padded).items()}
        arrays, shown = self._compiled(
            self._steps.taken(state), where(stretch), (wanted, sets_rates), size=stretch.size, room=room
        )
        # Before anything can go wrong with what it computes: what it was computed from is gone.
        arrays.put_into(state)
        jax.block_until_ready((arrays, shown))  # type: ignore[no-untyped-call]
        return shown_by(shown, stretch)

    def _loop(
        self, arrays: Arrays, stretch: Where, rates: tuple[_Wanted, Any], *, size: int, room: int
    ) -> tuple[Arrays, Any]:
        step = partial(self._steps.compiled, size=size)
        return looped(step, arrays, partial(_with, rates), stretch, size=size, room=room)


def _with(rates: tuple[_Wanted, Any], arrays: Arrays, index: Any) -> Arrays:
    """Put the learning rates of a step into the optimizers, if there are any to be put."""
    wanted, are_given = rates
    optimizers = {}
    for name, kept in arrays.optimizers.items():
        chosen = {
            place: jnp.where(are_given, values[index], before)
            for (place, before), values in zip(injected_rates(kept["slots"]).items(), wanted[name], strict=True)
        }
        optimizers[name] = kept | {"slots": with_rates(kept["slots"], chosen)}
    return arrays._replace(optimizers=optimizers)


def _forms(arrays: Arrays) -> tuple[Any, list[Any]]:
    return jax.tree.structure(arrays), [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(arrays)]
