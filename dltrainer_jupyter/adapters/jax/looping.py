"""A loop compiled around a step, which it makes as often as it is told: several in one call.

How often is data, so that one program makes any number of steps, and a split of them into calls changes no bit. Inside
the loop a step finds its batch, state and learning rates lying ready, and leaves what it gives; what the next one needs
is fetched, and what the last one gave put away, beside it. So the compiler sees the same step as outside a loop, and
makes the same bits of it. Were a batch cut where it is used, or a loss put away where it is computed, the two would be
fused, and sums come in another order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.extend.core import Jaxpr, subjaxprs

from dltrainer_jupyter.adapters.jax.placement import Placed, gathered
from dltrainer_jupyter.adapters.jax.shown import Shown
from dltrainer_jupyter.core.protocols import StepOutput, Stretch

_MOST_STEPS = 1024
_MOST_BYTES = 2 * 2**20
"""Bounds of what one call holds. Its memory is filled and brought to the host as a whole, however few steps there are:
where losses, outputs and targets of a step are larger, the time of a step isn't spent on the call."""

Kept = TypeVar("Kept")
"""What one step hands to the next."""
Where = tuple[Placed, Any, Any, Any]
"""Samples, their order, where in it the first batch begins, and how many there are."""


class Rows(NamedTuple):
    """What the steps of one call gave, in an array with room for more."""

    held: jax.Array
    """Shape (room, ...)."""
    steps: int

    @property
    def nbytes(self) -> int:
        """Bytes on the device."""
        return int(self.held.nbytes)


def most_steps(step: Jaxpr, shown: Shown) -> int:
    """Say how many steps of a kind a call can hold; 1 for one that is no good in a loop.

    Parameters
    ----------
    step : Jaxpr
        What a step does.
    shown : Shown
        Shapes of what it gives.
    """
    if not (_can_be_looped(step) and _can_be_joined(shown)):
        return 1
    held: int = sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(shown))
    return max(1, min(_MOST_STEPS, _MOST_BYTES // max(held, 1)))


def where(stretch: Stretch) -> Where:
    """Give what the loop has to know of a stretch, besides the size of its batches."""
    return stretch.placed, stretch.order, stretch.start, stretch.steps


def looped(
    step: Callable[[Kept, Any], tuple[Kept, Any]],
    begin: Kept,
    ready: Callable[[Kept, Any], Kept],
    stretch: Where,
    *,
    size: int,
    room: int,
) -> tuple[Kept, Any]:
    """Make the steps of a stretch; traced.

    Parameters
    ----------
    step : callable
        Makes one of what is kept and of a batch; gives what is kept then, and what it shows.
    begin : Kept
        What the first one takes.
    ready : callable
        Prepares what is kept for the step of an index.
    stretch : Where
        Which batches.
    size : int
        Samples in each.
    room : int
        Most steps there may be.

    Returns
    -------
    tuple
        What the last step left, and what all of them showed, in rows.
    """
    placed, order, start, steps = stretch

    def cut(index: Any) -> tuple[Any, Any, None]:
        return *gathered(placed, order, start + index * size, size=size), None

    def make(index: Any, before: tuple[Kept, Any, Any, Any]) -> tuple[Kept, Any, Any, Any]:
        kept, batch, output, shown = before
        shown = _put(shown, output, jnp.maximum(index - 1, 0))
        following = jnp.minimum(index + 1, steps - 1)
        upcoming = cut(following)
        kept, output = step(kept, batch)
        return ready(kept, following), upcoming, output, shown

    first = cut(0)
    _, forms = jax.eval_shape(step, begin, first)
    carried = ready(begin, 0), first, _zeros(forms), _zeros(forms, room)
    kept, _, output, shown = jax.lax.fori_loop(0, steps, make, carried)
    return kept, _put(shown, output, steps - 1)


def shown_by(shown: Shown, stretch: Stretch) -> StepOutput:
    """Give what the steps of a stretch showed, as steps do."""
    rows: Shown = jax.tree.map(lambda held: Rows(held, stretch.steps), shown)
    return rows.output(stretch.size, stretch.steps)


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


def _zeros(forms: Any, *more: int) -> Any:
    return jax.tree.map(lambda form: jnp.zeros((*more, *form.shape), form.dtype), forms)


def _put(shown: Any, output: Any, index: Any) -> Any:
    return jax.tree.map(partial(jax.lax.dynamic_update_index_in_dim, index=index, axis=0), shown, output)


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


def _can_be_joined(shown: Shown) -> bool:
    """Tell whether a step gives one loss, and outputs and targets in arrays of as many samples."""
    numbers, batches = jax.tree.leaves((shown.loss, shown.terms)), (shown.outputs, shown.targets, shown.noted)
    return all(given.shape == () for given in numbers) and all(
        isinstance(given, jax.ShapeDtypeStruct) and given.shape for given in jax.tree.leaves(batches)
    )
