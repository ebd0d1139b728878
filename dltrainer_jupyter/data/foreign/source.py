"""Data that comes in batches of somebody else's: recognised, opened, described."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Partition, Samples
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.foreign.generators import Once, Readings, length
from dltrainer_jupyter.data.foreign.loader import Loader
from dltrainer_jupyter.data.foreign.recognition import are_arrays, is_pair, kind_of
from dltrainer_jupyter.data.foreign.signature import signature_of
from dltrainer_jupyter.data.foreign.stream import ForeignStream
from dltrainer_jupyter.data.foreign.structure import for_framework
from dltrainer_jupyter.data.foreign.validation import samples_beside

_REUSE = {"function", "generator", "iterable", "PyDataset"}
"""Kinds whose code may fill the same memory again and again."""


class Foreign:
    """A loader, a framework's data set, a generator or a function that makes one; or a pair to train and validate on.

    Of a pair, the second may be arrays: ``(x_val, y_val)``.

    Parameters
    ----------
    owns_process : bool
        Whether nobody else draws random numbers in this process.
    """

    def __init__(self, *, owns_process: bool) -> None:
        self._alone = owns_process

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:
        """Open what was handed over, and look at its first batch.

        Parameters
        ----------
        spec : RunSpec
            What is trained.
        objects : mapping
            ``objects["data"]`` is what :func:`~dltrainer_jupyter.data.foreign.recognition.is_foreign` accepts.

        Returns
        -------
        Dataset
            Of streams, or of a stream and samples to validate on; close them when they are no longer needed.

        Raises
        ------
        ConfigurationError
            If its batches can't be trained on, loaders and arrays are mixed in another way, or a generator is asked
            for more than it can give.
        """
        (training, validation), doubt = _parts(objects["data"]), None
        partition: Partition | None = None
        if "data module" in (kind_of(training), kind_of(validation)):
            if validation is not None:
                msg = "validation: a data module has its own; give it a val_dataloader."
                raise ConfigurationError(msg)
            from dltrainer_jupyter.data.foreign.datamodule import opened

            training, validation, doubt = opened(training, spec, alone=self._alone)
        if kind_of(training) == "torch data set" and validation is None and spec.validation is not False:
            from dltrainer_jupyter.data.foreign.torch_samples import divided

            training, validation, partition = divided(training, spec)
        if kind_of(training) == "generator" and spec.steps_per_epoch is None and spec.epochs > 1:
            msg = (
                f"data: a generator gives its batches once, and {spec.epochs} epochs need them as often; pass the "
                "function that makes it, or say with steps_per_epoch how many of its batches are an epoch."
            )
            raise ConfigurationError(msg)
        if kind_of(validation) == "generator":
            msg = (
                "validation: a generator gives its batches only once, and every validation needs them; "
                "pass the function that makes it."
            )
            raise ConfigurationError(msg)
        train = self._stream(training, spec, spec.steps_per_epoch, shuffle=True, doubt=doubt)
        held_back: ForeignStream | Samples | None = None
        try:
            train.look()
            signature = signature_of(spec, train.first, train.subject)
            if spec.validation is not False and are_arrays(validation):
                held_back = samples_beside(train.first, validation)
            elif spec.validation is not False and validation is not None:
                held_back = self._stream(validation, spec, None, shuffle=False)
        except BaseException:
            train.close()
            raise
        return Dataset(train, held_back, signature, partition=partition)

    def _stream(
        self, data: Any, spec: RunSpec, steps: int | None, *, shuffle: bool, doubt: str | None = None
    ) -> ForeignStream:
        change = partial(for_framework, framework=spec.framework, copies=kind_of(data) in _REUSE)
        return ForeignStream(self._loader(data, spec, shuffle=shuffle), steps, change, doubt)

    def _loader(self, data: Any, spec: RunSpec, *, shuffle: bool) -> Loader:
        kind, alone = kind_of(data), self._alone
        if kind == "generator":
            return Once(data)
        if kind == "function":
            return Readings(data, spec.seed, alone=alone)
        if kind == "iterable":
            return Readings(lambda: data, spec.seed, alone=alone, batches=length(data))
        if kind == "tf.data":
            from dltrainer_jupyter.data.foreign.tf_data import TfData

            return TfData(data, spec.batch_size, spec.seed)
        if kind == "PyDataset":
            from dltrainer_jupyter.data.foreign.keras_sequence import KerasSequence

            return KerasSequence(data, spec.seed, alone=alone)
        from dltrainer_jupyter.data.foreign.torch_samples import torch_loader

        return torch_loader(data, spec, shuffle=shuffle, alone=alone)


def _parts(given: Any) -> tuple[Any, Any]:
    """Give what to train on and what to validate on; None where nothing was handed over for that."""
    if not isinstance(given, tuple | list):
        return given, None
    if not is_pair(given):
        found = ", ".join(type(part).__name__ for part in given)
        msg = (
            f"data: expected a loader, or (loader, loader) or (loader, (x_val, y_val)) to train and to validate on, "
            f"got ({found}); both must be loaders, or the second a pair of arrays."
        )
        raise ConfigurationError(msg)
    return given[0], given[1]
