"""Which epoch is the best, and when to stop waiting for a better one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError, nearest
from dltrainer_jupyter.core.records import BestRecord
from dltrainer_jupyter.core.spec import EarlyStoppingSpec, RunSpec
from dltrainer_jupyter.core.terms import shown_names


class Measured(Protocol):
    """What a monitor needs to know of a metric."""

    @property
    def name(self) -> str:
        """As in the history, without ``val_``."""

    @property
    def higher_is_better(self) -> bool:
        """Whether more of it is better."""


class Verdict(NamedTuple):
    """What one epoch meant."""

    improved: bool
    enough: bool


class Judge:
    """Watches one metric. Its memory is part of the checkpoint, so that a resume can't forget the best.

    Parameters
    ----------
    metric : str
        Such as ``val_accuracy``.
    mode : {"min", "max"}
        Whether less or more is better.
    early_stopping : EarlyStoppingSpec, optional
        Never enough if left out. May be another one from some epoch on.
    """

    def __init__(self, metric: str, mode: Literal["min", "max"], early_stopping: EarlyStoppingSpec | None) -> None:
        self.metric = metric
        self.mode: Literal["min", "max"] = mode
        self.best: BestRecord | None = None
        self.early_stopping = early_stopping
        self._reference: float | None = None
        self._waited = 0

    def observe(self, epoch: int, step: int, values: Mapping[str, float]) -> Verdict:
        """Judge an epoch; one without the monitored metric changes nothing."""
        value = values.get(self.metric)
        if value is None:
            return Verdict(improved=False, enough=False)
        improved = self._better(value, self.best.value if self.best else None, 0.0)
        if improved:
            self.best = BestRecord(self.metric, self.mode, value, epoch, step)
        if self.early_stopping is None:
            return Verdict(improved, enough=False)
        if self._better(value, self._reference, self.early_stopping.min_delta):
            self._reference, self._waited = value, 0
        else:
            self._waited += 1
        return Verdict(improved, enough=self._waited >= self.early_stopping.patience)

    def start_waiting_anew(self) -> None:
        """Give a run that was extended its full patience again."""
        self._waited = 0

    def _better(self, value: float, than: float | None, by: float) -> bool:
        if not math.isfinite(value):
            return False
        if than is None:
            return True
        return value > than + by if self.mode == "max" else value < than - by

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs."""
        best = None if self.best is None else (self.best.value, self.best.epoch, self.best.step)
        return {"best": best, "reference": self._reference, "waited": self._waited}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        best = state["best"]
        self.best = None if best is None else BestRecord(self.metric, self.mode, *best)
        self._reference, self._waited = state["reference"], state["waited"]


def choose_monitor(
    spec: RunSpec,
    metrics: Sequence[Measured],
    *,
    validates: bool,
    measures_itself: bool = False,
    targets: Sequence[str | int] = (),
) -> tuple[str, Literal["min", "max"]]:
    """Give the monitored metric and whether less or more of it is better.

    Left out, it is the first metric on the validation set, or the validation loss; on the training set where
    nothing is validated. Each of several targets has a loss of its own where none is named. A recipe that measures by
    itself may have metrics nobody knows beforehand.

    Raises
    ------
    UnknownNameError
        If the specification monitors something that nobody measures.
    ConfigurationError
        If a recipe that measures by itself leaves open whether less or more is better.
    """
    if measures_itself and spec.monitor is not None:
        return spec.monitor, spec.monitor_mode or _mode_by_name(spec.monitor)
    more_is_better = {metric.name: metric.higher_is_better for metric in metrics}
    parts = ("val", "train") if validates else ("train",)
    known = [f"{part}_{name}" for part in parts for name in (*more_is_better, "loss", *shown_names(spec, targets))]
    name = spec.monitor or known[0]
    if name not in known:
        raise _unknown(name, known, parts, more_is_better)
    mode = "max" if more_is_better.get(name.split("_", 1)[1], False) else "min"
    return name, spec.monitor_mode or mode  # type: ignore[return-value]


def _unknown(name: str, known: Sequence[str], parts: Sequence[str], listed: Iterable[str]) -> UnknownNameError:
    """Say that nobody measures it; most likely it is a metric that there is, and that is only not listed."""
    listable = {f"{part}_{metric}": metric for part in parts for metric in registry.names("metrics")}
    near = nearest(name, [*known, *listable])
    hint = None
    if near in listable and near not in known:
        hint = f"To monitor {near}, list its metric: metrics: [{', '.join([*listed, listable[near]])}]."
    kind = "monitored metric"
    return UnknownNameError(kind, name, known, hint=hint)


def refuse_unmeasured(spec: RunSpec, monitor: str, values: Mapping[str, float]) -> None:
    """See that what was asked to be monitored is measured, once everything that will be has been.

    Raises
    ------
    UnknownNameError
        If it isn't and somebody waits for it: a recipe that measures by itself decides about names as it trains.
    """
    waited_for = spec.monitor is not None or spec.early_stopping is not None
    if waited_for and monitor not in values:
        kind = "monitored metric"
        raise UnknownNameError(kind, monitor, [name for name in values if name != "learning_rate"])


_LESS = ("loss", "error", "mae", "mse", "rmse", "perplexity", "nll")
_MORE = ("acc", "auc", "auroc", "f1", "precision", "recall", "iou", "dice", "map", "r2", "psnr", "ssim", "bleu")


def _mode_by_name(metric: str) -> Literal["min", "max"]:
    """Guess whether less or more of what a recipe measures by itself is better."""
    words = metric.lower().replace("/", "_").split("_")
    for mode, known in (("min", _LESS), ("max", _MORE)):
        if any(word.startswith(known) for word in words):
            return mode  # type: ignore[return-value]
    msg = f"monitor: whether less or more of '{metric}' is better can't be told by its name; set monitor_mode."
    raise ConfigurationError(msg)
