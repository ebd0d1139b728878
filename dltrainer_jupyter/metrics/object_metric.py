"""A metric object of the user's own, in torchmetrics' style."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.metrics.decisions import harden
from dltrainer_jupyter.metrics.shapes import single_number, without_column

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_PLAIN = (bool, int, float, str, type(None))
_TENSOR = "$tensor"
_UNKNOWN = object()


class ObjectMetric:
    """Calls ``update(preds, target)`` once a batch, with tensors, and ``compute()`` at the end.

    A column (n, 1) is handed over as (n,), and the targets of a classification are whole numbers, as torchmetrics wants
    both.

    Parameters
    ----------
    metric : object
        Has ``update(preds, target)``, ``compute()`` and ``reset()``; copied.
    name : str
        Name of the metric.
    task : {"classification", "regression"}
        What is trained.
    to_tensor : callable
        Makes the framework's tensor of a NumPy array.
    higher_is_better : bool
        Whether more is better.

    Attributes
    ----------
    stateful : bool
        Whether a resumed run goes on in the middle of an epoch: true where its ``state_dict()`` (if it
        has one, with ``load_state_dict``) or else its attributes are plain values, arrays and tensors. If false, the
        value of an epoch that was interrupted covers only what came after the resume.
    validation_only : bool
        False.

    Raises
    ------
    ConfigurationError
        If the object can't be copied.
    """

    validation_only = False

    def __init__(
        self, metric: Any, name: str, task: Task, to_tensor: Callable[[Array], Any], *, higher_is_better: bool
    ) -> None:
        try:
            self._metric = copy.deepcopy(metric)
        except (TypeError, copy.Error, pickle.PicklingError) as error:
            msg = (
                f"metrics: {name} can't be copied ({error}), but a run measures with a copy of its own; "
                "keep files, locks and generators out of it."
            )
            raise ConfigurationError(msg) from error
        self.name = name
        self.higher_is_better = higher_is_better
        self._task = task
        self._to_tensor = to_tensor
        self._samples = 0
        self._metric.reset()
        self._has_state_dict = all(callable(getattr(metric, verb, None)) for verb in ("state_dict", "load_state_dict"))
        if self._has_state_dict and callable(getattr(self._metric, "persistent", None)):
            # torchmetrics leaves its sums out of state_dict() unless asked to keep them in.
            self._metric.persistent(True)  # noqa: FBT003 - torchmetrics' own signature
        self.stateful = _is_plain(self._values())

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:
        """Take in consecutive batches, one call of the object's ``update`` each.

        Parameters
        ----------
        outputs, targets : numpy.ndarray, shape (sum(sizes), ...)
            Raw outputs of the model and encoded targets.
        sizes : sequence of int
            Samples in each batch.
        """
        outputs, targets = without_column(outputs), without_column(targets)
        if self._task == "classification":
            targets = harden(outputs, targets).astype(np.int64, copy=False)
        start = 0
        for size in sizes:
            stop = start + size
            self._metric.update(self._to_tensor(outputs[start:stop]), self._to_tensor(targets[start:stop]))
            start = stop
        self._samples += start

    def compute(self) -> float:
        """Give the value; NaN if nothing was taken in.

        Raises
        ------
        ConfigurationError
            If the object computes more than one number.
        """
        if not self._samples:
            return float("nan")
        return single_number(self._metric.compute(), f"{self.name}.compute()")

    def reset(self) -> None:
        """Forget everything."""
        self._metric.reset()
        self._samples = 0

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on; nothing of the object if it isn't ``stateful``."""
        values = self._values()
        self.stateful = self.stateful and _is_plain(values)
        if not self.stateful:
            return {}
        updates = [module._update_count for module in self._counting_modules()]  # noqa: SLF001 - see load_state
        return {"samples": self._samples, "values": _to_arrays(values), "updates": updates}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; from nothing where there was none to save."""
        self.reset()
        if not state:
            return
        self._samples = int(state["samples"])
        values = self._to_tensors(state["values"])
        if self._has_state_dict:
            self._metric.load_state_dict(values)
        else:
            vars(self._metric).update(values)
        for module, count in zip(self._counting_modules(), state["updates"], strict=True):
            # torchmetrics counts the calls of update() outside its state_dict(), and warns where there were none.
            module._update_count = count  # noqa: SLF001

    def _values(self) -> Any:
        """Give what the object keeps; what isn't plain if that can't be told."""
        if self._has_state_dict:
            return dict(self._metric.state_dict())
        return getattr(self._metric, "__dict__", _UNKNOWN)

    def _counting_modules(self) -> list[Any]:
        """Find the metrics of torchmetrics: the object itself, and those it is made of."""
        modules = self._metric.modules() if callable(getattr(self._metric, "modules", None)) else ()
        return [module for module in modules if hasattr(module, "_update_count")]

    def _to_tensors(self, value: Any) -> Any:
        """Undo :func:`_to_arrays`."""
        if isinstance(value, dict):
            if value.keys() == {_TENSOR}:
                return self._to_tensor(np.array(value[_TENSOR]))
            return {key: self._to_tensors(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._to_tensors(item) for item in value)
        return copy.deepcopy(value)


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "detach")


def _is_plain(value: Any) -> bool:
    """Say whether a value can be written into a checkpoint and read back as it was."""
    if type(value) is dict:
        return all(isinstance(key, str | int) and _is_plain(item) for key, item in value.items())
    if type(value) in {list, tuple}:
        return all(_is_plain(item) for item in value)
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biuf"
    return type(value) in _PLAIN or _is_tensor(value)


def _to_arrays(value: Any) -> Any:
    """Copy a plain value, with a marked NumPy array in the place of each tensor."""
    if _is_tensor(value):
        return {_TENSOR: np.array(value.detach().cpu().numpy())}
    if isinstance(value, dict):
        return {key: _to_arrays(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_to_arrays(item) for item in value)
    return copy.deepcopy(value)
