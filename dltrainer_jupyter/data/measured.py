"""Data to measure a trained model on: as in its training, so that nothing is fitted, encoded or held back anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Samples, Signature
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.core.structures import mapped, samples_in
from dltrainer_jupyter.data.prepared import Preparation
from dltrainer_jupyter.data.preprocessing import Prepared
from dltrainer_jupyter.data.structured import Name, Named, matched, packed

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
    _noted: set[int] = field(default_factory=set)
    """Numbers of samples that were left out, of those that have some."""

    def __post_init__(self) -> None:
        # Here, as samples may come in threads that know nothing of the run's own steps.
        self._prepare = Preparation(self.signature)

    def samples(self, inputs: Any, targets: Any, numbers: npt.NDArray[np.int64] | None = None) -> Samples:
        """Preprocess and encode; samples of classes unseen in training are left out, and noted.

        Parameters
        ----------
        inputs, targets : array-like, or several
            As they came.
        numbers : numpy.ndarray of int64, shape (n,), optional
            Of samples that may be read more than once, so that each is noted once.

        Raises
        ------
        ConfigurationError
            If they don't fit the model, or none of them has a class that it knows.
        """
        # Of several inputs in a loader's batches nobody tells more than the loader does.
        as_they_are = is_several(inputs) and not self.signature.inputs
        prepared = Prepared(inputs) if as_they_are else self._prepare(inputs)
        if len(prepared) != samples_in(targets):
            inputs, targets = len(prepared), samples_in(targets)
            msg = f"data: expected a target for each sample, got {inputs:,} inputs and {targets:,} targets."
            raise ConfigurationError(msg)
        encoded, is_known = self._all_encoded(targets)
        self._note(is_known, numbers)
        found = Samples(prepared.inputs, mapped(encoded, prepared.repeated))
        return found if is_known.all() else found.at(prepared.repeated(is_known))

    def _all_encoded(self, targets: Any) -> tuple[Any, npt.NDArray[np.bool_]]:
        """Encode one target or several, say of which samples the model knows the classes, and name the others."""
        names = self.signature.target_names
        if is_several(targets) and not names:
            return targets, np.ones(samples_in(targets), bool)
        parts: Mapping[Name, Any] = matched(targets, names, "targets") if names else {None: targets}
        found, known = Named(), np.ones(samples_in(targets), bool)
        for name, part in parts.items():
            values = np.asarray(part)
            found[name], is_known = _encoded(values, self.signature.of_target(name))
            known &= is_known
            if not is_known.all():
                self.unseen.update(map(str, np.unique(values.reshape(len(values), -1)[~is_known])[:1000].tolist()))
        return packed(found), known

    def _note(self, is_known: npt.NDArray[np.bool_], numbers: npt.NDArray[np.int64] | None) -> None:
        if numbers is None:
            self.left_out += int((~is_known).sum())
            return
        anew = set(numbers[~is_known].tolist()) - self._noted
        self._noted |= anew
        self.left_out += len(anew)

    def dataset(self, inputs: Any, targets: Any) -> Dataset:
        """Give everything as one part."""
        return Dataset(self.samples(inputs, targets), None, self.signature)

    @property
    def notes(self) -> list[str]:
        """What was left out, in sentences."""
        if not self.left_out:
            return []
        some = few_of(sorted(self.unseen))
        return [f"{self.left_out:,} samples are of classes unseen in training ({some}) and left out."]


def _encoded(targets: Array, signature: Signature) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Encode targets, and say of each sample whether the model knows its class."""
    task, outputs = signature.task, signature.outputs
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
    classes = _classes(targets, signature)
    most = max(outputs, 2) if outputs else np.inf
    known: npt.NDArray[np.bool_] = np.all(((classes >= 0) & (classes < most)).reshape(len(classes), -1), axis=1)
    if outputs == 1:
        return classes.astype(np.float32)[:, None], known
    return classes, known


def _classes(targets: Array, signature: Signature) -> npt.NDArray[np.int64]:
    """Give the index of each class; -1 for one unseen in training."""
    if targets.dtype.kind in "US" or signature.encoded:
        where = {name: at for at, name in enumerate(signature.labels)}
        names, indices = np.unique(targets.astype(np.str_), return_inverse=True)
        found: npt.NDArray[np.int64] = np.array([where.get(str(name), -1) for name in names], np.int64)[indices]
        return found.reshape(targets.shape)
    if targets.dtype.kind not in "biuf":
        msg = f"data: expected classes as targets, as in training, got {targets.dtype}."
        raise ConfigurationError(msg)
    with np.errstate(invalid="ignore"):  # what has no place there is no class
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
