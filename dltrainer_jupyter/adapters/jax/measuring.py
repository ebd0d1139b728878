"""Several batches measured in one call."""

from __future__ import annotations

from typing import Any

import jax

from dltrainer_jupyter.adapters.jax.compiled import Steps
from dltrainer_jupyter.adapters.jax.looping import Where, looped, most_steps, shown_by, where
from dltrainer_jupyter.adapters.jax.shown import Shown
from dltrainer_jupyter.core.protocols import Batch, StepOutput, Stretch, TrainState


class Measuring:
    """Measures batches that follow each other; nothing changes.

    Parameters
    ----------
    steps : Steps
        Measures single ones.

    Attributes
    ----------
    most : int or None
        Batches that one call can hold, as far as some have been looked at; 1 where single ones are better.
    """

    def __init__(self, steps: Steps) -> None:
        self.most: int | None = None
        self._steps = steps
        self._compiled = jax.jit(self._loop, static_argnames=("size", "room"))

    def look_at(self, state: TrainState, batch: Batch) -> Shown:
        """Trace measuring, and see how many batches a call can hold; give the shapes of what it shows."""
        traced = self._steps.traced_measuring(state, batch)
        most = most_steps(traced.jaxpr.jaxpr, traced.out_info)
        self.most = most if self.most is None else min(most, self.most)
        return traced.out_info  # type: ignore[no-any-return]

    def measure(self, state: TrainState, stretch: Stretch) -> StepOutput:
        """Measure the batches of a stretch, at most :attr:`most`, of samples on the device, and wait for that."""
        room = self.most or stretch.steps
        shown = self._compiled(self._steps.shown_to(state), where(stretch), size=stretch.size, room=room)
        return shown_by(jax.block_until_ready(shown), stretch)  # type: ignore[no-untyped-call]

    def _loop(self, measured: tuple[Any, Any], stretch: Where, *, size: int, room: int) -> Any:
        def step(kept: tuple[()], batch: Any) -> tuple[tuple[()], Any]:
            return kept, self._steps.measuring(*measured, batch, size=size)

        return looped(step, (), lambda kept, _: kept, stretch, size=size, room=room)[1]
