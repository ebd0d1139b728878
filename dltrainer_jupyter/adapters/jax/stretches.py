"""Several steps in one call: a loop compiled around the step, which it makes as often as it is told.

How often is data, so that one program makes any number of steps, and a split of them into calls changes no bit. Inside
the loop a step finds its batch, state and learning rates lying ready, and leaves what it gives; what the next one needs
is fetched, and what the last one gave put away, beside it. So the compiler sees the same step as outside a loop, and
makes the same bits of it. Were a batch cut where it is used, or a loss put away where it is computed, the two would be
fused, and sums come in another order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.extend.core import Jaxpr, subjaxprs

from dltrainer_jupyter.adapters.jax.compiled import Arrays, Steps
from dltrainer_jupyter.adapters.jax.optimizers import injected_rates, with_rates
from dltrainer_jupyter.adapters.jax.placement import Placed, gathered
from dltrainer_jupyter.adapters.jax.rates import Rates
from dltrainer_jupyter.core.protocols import Batch, StepOutput, Stretch, TrainState

_MOST_STEPS = 1024
_MOST_BYTES = 2 * 2**20
"""Bounds of what one call holds. Its memory is filled and brought to the host as a whole, however few steps there are:
where losses, outputs and targets of a step are larger, the time of a step isn't spent on the call."""

_Wanted = dict[str, list[Any]]
"""For each optimizer its learning rates, in the order of their places, each an array with a value a step."""


class Rows(NamedTuple):
    """What the steps of one call gave, in an array with room for more."""

    held: jax.Array
    """Shape (room, ...)."""
    steps: int

    @property
    def nbytes(self) -> int:
        """Bytes on the device."""
        return int(self.held.nbytes)


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
    most : int
        Steps that one call can hold, as far as batches have been looked at; 1 where single ones are better.
    """

    def __init__(self, steps: Steps, rates: Rates) -> None:
        self.most = _MOST_STEPS
        self._steps = steps
        self._rates = rates
        self._compiled = jax.jit(self._loop, static_argnames="size", donate_argnums=0)

    def look_at(self, state: TrainState, batch: Batch) -> tuple[Any, Any, Any]:
        """Trace a step, and see how many of its kind a call can hold; give the shapes of loss, outputs and targets."""
        step = self._steps.traced(state, batch)
        after, shown = step.out_info
        if (
            _can_be_looped(step.jaxpr.jaxpr)
            and _forms(after) == _forms(self._steps.taken(state))
            and _can_be_joined(shown)
        ):
            held = sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(shown))
            self.most = max(1, min(self.most, _MOST_BYTES // max(held, 1)))
        else:
            self.most = 1
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
        padded = np.zeros(self.most)
        padded[: stretch.steps] = rates if sets_rates else 0.0
        wanted = {name: list(places.values()) for name, places in self._rates.at(padded).items()}
        arrays, shown = self._compiled(
            self._steps.taken(state),
            (stretch.placed, stretch.order, stretch.start, stretch.steps),
            (wanted, sets_rates),
            size=stretch.size,
        )
        # Before anything can go wrong with what it computes: what it was computed from is gone.
        arrays.put_into(state)
        jax.block_until_ready((arrays, shown))  # type: ignore[no-untyped-call]
        loss, outputs, targets = (None if held is None else Rows(held, stretch.steps) for held in shown)
        return StepOutput(loss, outputs, targets, stretch.size, stretch.steps)

    # --- what is traced -------------------------------------------------------------------------------

    def _loop(
        self, arrays: Arrays, stretch: tuple[Placed, Any, Any, Any], rates: tuple[_Wanted, Any], *, size: int
    ) -> tuple[Arrays, Any]:
        placed, order, start, steps = stretch

        def cut(index: Any) -> tuple[Any, Any, None]:
            return *gathered(placed, order, start + index * size, size=size), None

        def step(index: Any, before: tuple[Arrays, Any, Any, Any]) -> tuple[Arrays, Any, Any, Any]:
            arrays, batch, output, shown = before
            shown = _put(shown, output, jnp.maximum(index - 1, 0))
            following = jnp.minimum(index + 1, steps - 1)
            upcoming = cut(following)
            arrays, output = self._steps.compiled(arrays, batch, size=size)
            return _with(rates, arrays, following), upcoming, output, shown

        first = cut(0)
        _, forms = jax.eval_shape(partial(self._steps.compiled, size=size), arrays, first)
        begin = _with(rates, arrays, 0), first, _zeros(forms), _zeros(forms, self.most)
        arrays, _, output, shown = jax.lax.fori_loop(0, steps, step, begin)
        return arrays, _put(shown, output, steps - 1)


def _zeros(forms: Any, *more: int) -> Any:
    return jax.tree.map(lambda form: jnp.zeros((*more, *form.shape), form.dtype), forms)


def _put(shown: Any, output: Any, index: Any) -> Any:
    return jax.tree.map(partial(jax.lax.dynamic_update_index_in_dim, index=index, axis=0), shown, output)


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


def _can_be_looped(step: Jaxpr) -> bool:
    """Tell whether a step is as good inside a loop.

    With convolutions it isn't: XLA's CPU compiler takes a slower one there, with other bits, and on a GPU the one to
    take is chosen by trying, for each program anew. Nor is a step that calls back into Python, which may expect to be
    the only one.
    """
    return not step.effects and not _convolves(step)


def _convolves(jaxpr: Jaxpr) -> bool:
    return any(equation.primitive.name == "conv_general_dilated" for equation in jaxpr.eqns) or any(
        _convolves(inner) for inner in subjaxprs(jaxpr)
    )


def _forms(arrays: Arrays) -> tuple[Any, list[Any]]:
    return jax.tree.structure(arrays), [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(arrays)]


def _can_be_joined(shown: tuple[Any, Any, Any]) -> bool:
    """Tell whether a step gives one loss, and outputs and targets in arrays of as many samples."""
    loss, *batches = shown
    return (loss is None or loss.shape == ()) and all(
        given is None or (isinstance(given, jax.ShapeDtypeStruct) and given.shape) for given in batches
    )


def fetched(values: Sequence[jax.Array | Rows]) -> list[npt.NDArray[Any]]:
    """Bring what steps gave to the host in one transfer.

    Returns
    -------
    list of numpy.ndarray
        One for each value, with an axis of steps in front.
    """
    on_host = jax.device_get([value.held if isinstance(value, Rows) else value for value in values])
    return [
        host[: value.steps] if isinstance(value, Rows) else np.asarray(host)[None]
        for value, host in zip(values, on_host, strict=True)
    ]
