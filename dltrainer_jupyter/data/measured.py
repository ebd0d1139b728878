"""Data to measure a trained model on: as in its training, so that nothing is fitted, encoded or held back anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Samples, Signature
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.data.preprocessing import apply_chain

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array


@dataclass
class AsTrained:
    """Brings raw samples and targets into the form that a model was trained on.

    Parameters
    ----------
    signature : Signature
        The model's.
    """

    signature: Signature
    left_out: int = 0
    """Samples of classes that training never saw."""
    unseen: set[str] = field(default_factory=set)
    """Those classes."""

    def samples(self, inputs: Any, targets: Array) -> Samples:
        """Preprocess and encode; samples of classes unseen in training are left out, and noted.

        Raises
        ------
        ConfigurationError
            If they don't fit the model, or none of them has a class that it knows.
        """
        prepared = apply_chain(self.signature.preprocessing, inputs)
        if len(prepared) != len(targets):
            msg = f"data: expected a target for each sample, got {len(prepared):,} inputs and {len(targets):,} targets."
            raise ConfigurationError(msg)
        encoded, is_known = self._encoded(targets)
        if not is_known.all():
            self.left_out += int((~is_known).sum())
            names = np.asarray(targets).reshape(len(targets), -1)[~is_known]
            self.unseen.update(map(str, np.unique(names)[:1000].tolist()))
            prepared, encoded = prepared[is_known], encoded[is_known]
        return Samples(prepared, encoded)

    def dataset(self, inputs: Any, targets: Array) -> Dataset:
        """Give everything as one part."""
        return Dataset(self.samples(inputs, targets), None, self.signature)

    @property
    def notes(self) -> list[str]:
        """What was left out, in sentences."""
        if not self.left_out:
            return []
        some = few_of(sorted(self.unseen))
        return [f"{self.left_out:,} samples are of classes unseen in training ({some}) and left out."]

    def _encoded(self, targets: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Encode targets, and say of each sample whether the model knows its class."""
        task, outputs = self.signature.task, self.signature.outputs
        everything = np.ones(len(targets), bool)
        if task == "detection":
            return targets.astype(np.float32), everything
        if targets.ndim == 2 and targets.shape[1] == 1:  # noqa: PLR2004 - a column
            targets = targets[:, 0]
        if task == "regression":
            if targets.dtype.kind not in "biuf":
                msg = f"data: expected numbers as targets, as in training, got {targets.dtype}."
                raise ConfigurationError(msg)
            values = targets.astype(np.float32).reshape(len(targets), -1)
            if outputs and values.shape[1] != outputs:
                msg = f"data: expected {outputs:,} values a sample, as in training, got {values.shape[1]:,}."
                raise ConfigurationError(msg)
            return values, everything
        classes = self._classes(targets)
        most = max(outputs, 2) if outputs else np.inf
        known: npt.NDArray[np.bool_] = np.all(((classes >= 0) & (classes < most)).reshape(len(classes), -1), axis=1)
        if outputs == 1:
            return classes.astype(np.float32)[:, None], known
        return classes, known

    def _classes(self, targets: Array) -> npt.NDArray[np.int64]:
        """Give the index of each class; -1 for one unseen in training."""
        if targets.dtype.kind in "US" or self.signature.encoded:
            where = {name: at for at, name in enumerate(self.signature.labels)}
            names, indices = np.unique(targets.astype(np.str_), return_inverse=True)
            found: npt.NDArray[np.int64] = np.array([where.get(str(name), -1) for name in names], np.int64)[indices]
            return found.reshape(targets.shape)
        if targets.dtype.kind not in "biuf":
            msg = f"data: expected classes as targets, as in training, got {targets.dtype}."
            raise ConfigurationError(msg)
        whole = targets.astype(np.int64)
        return np.where(whole == targets, whole, -1)


_MEASURED: ContextVar[AsTrained | None] = ContextVar("the model that data is made ready for", default=None)


@contextmanager
def as_trained(ready: AsTrained) -> Iterator[None]:
    """Have data sources that are loaded meanwhile give all they have as one part, in the form of a model's training.

    Parameters
    ----------
    ready : AsTrained
        Who brings it into that form.
    """
    token = _MEASURED.set(ready)
    try:
        yield
    finally:
        _MEASURED.reset(token)


def measured() -> AsTrained | None:
    """Give who makes data ready for a trained model, if that is what it is for."""
    return _MEASURED.get()
