"""What training steps give back: the loss of each for the curve, their average and metrics for the epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.errors import NonFiniteLossError
from dltrainer_jupyter.core.protocols import Adapter, Metric, StepOutput
from dltrainer_jupyter.loop.collector import Collector, Taken


class Recorder:
    """Records steps.

    Parameters
    ----------
    adapter : Adapter
        Brings values to the host.
    metrics : sequence of Metric
        Updated with every step's outputs.
    on_nan : {"stop", "skip", "continue"}
        What a loss that isn't finite means: an error, a batch that doesn't count, or a batch like others.
    deferred : bool
        Wait with bringing values to the host; else every step is brought at once.
    """

    def __init__(self, adapter: Adapter, metrics: Sequence[Metric], on_nan: str, *, deferred: bool) -> None:
        self._collector = Collector(adapter, metrics, deferred=deferred)
        self._on_nan = on_nan
        self._losses: list[npt.NDArray[np.float32]] = []
        self._terms: dict[str, list[npt.NDArray[np.float32]]] = {}
        self._first_step = 0
        self._has_losses = False

    def begin_epoch(self) -> None:
        """Forget the sums of the last epoch."""
        self._collector.reset()

    def begin_curve(self, step: int) -> None:
        """Expect the loss of this step next."""
        self._first_step = step

    def record(self, output: StepOutput) -> None:
        """Take in what a step gave back, or several made in one call."""
        if self._collector.add(output):
            self.drain()

    def drain(self) -> None:
        """Bring everything that waits to the host.

        Raises
        ------
        NonFiniteLossError
            If a loss isn't finite and the run is to stop then; the losses up to it are in the curve.
        """
        taken = self._collector.take()
        self._has_losses |= bool(taken.measured.any())
        # A step may have no loss at all, which is no reason to stop.
        finite = np.isfinite(taken.losses) | ~taken.measured
        if self._on_nan == "stop" and not finite.all():
            self._refuse(taken, int(np.argmin(finite)))
        self._keep(taken, len(taken.losses))
        self._collector.count(taken._replace(counts=finite) if self._on_nan == "skip" else taken)

    def _keep(self, taken: Taken, count: int) -> None:
        self._losses.append(taken.losses[:count])
        for name, values in taken.terms.items():
            self._terms.setdefault(name, []).append(values[:count])

    def _refuse(self, taken: Taken, bad: int) -> None:
        step = self._first_step + sum(len(part) for part in self._losses) + bad
        self._keep(taken, bad + 1)
        terms = [f"{name} is {values[bad]}" for name, values in taken.terms.items() if not np.isfinite(values[bad])]
        which = f" ({', '.join(terms)})" if terms else ""
        msg = (
            f"The loss became {taken.losses[bad]} at step {step:,}{which}. Lower the learning rate, check the data, or "
            "set on_nan: skip."
        )
        raise NonFiniteLossError(msg, step)

    def take_curve(self) -> dict[str, tuple[int, npt.NDArray[np.float32]]]:
        """Give the losses on the host that nobody has taken yet, as the store wants them; empty if there are none.

        Steps of a recipe that gives no losses are counted all the same.
        """
        losses = np.concatenate([np.empty(0, np.float32), *self._losses])
        terms = {name: np.concatenate(values) for name, values in self._terms.items()}
        self._losses.clear()
        self._terms.clear()
        first, self._first_step = self._first_step, self._first_step + len(losses)
        if not len(losses) or not self._has_losses:
            return {}
        return {"train_loss": (first, losses)} | {f"train_{name}": (first, values) for name, values in terms.items()}

    def epoch_values(self) -> dict[str, float]:
        """Give the epoch's training loss, averaged over samples, and its metrics."""
        return self._collector.values("train")

    def state(self) -> dict[str, Any]:
        """Give the sums of the epoch so far; :meth:`drain` comes first."""
        return self._collector.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on in the middle of an epoch."""
        self._collector.load_state(state)
