"""A ``tf.data.Dataset``: read from its beginning, batched where its elements are single samples."""

from __future__ import annotations

from typing import Any

from dltrainer_jupyter.data.foreign.generators import Readings
from dltrainer_jupyter.data.foreign.structure import leaves


def tf_readings(dataset: Any, batch_size: int, seed: int, *, alone: bool) -> Readings:
    """Make passes of a data set.

    Parameters
    ----------
    dataset : tf.data.Dataset
        Of batches, or of samples: elements whose parts have no axis in common, such as an image and its class number.
    batch_size : int
        Samples in a batch, where it gives samples.
    seed : int
        The run's seed.
    alone : bool
        Whether nobody else draws in this process.
    """
    batched = dataset.batch(batch_size).prefetch(1) if _gives_samples(dataset) else dataset
    count = int(batched.cardinality())
    # TensorFlow's ways of saying endless and unknown are negative.
    return Readings(lambda: batched, seed, alone=alone, batches=count if count > 0 else None, subject=dataset)


def _gives_samples(dataset: Any) -> bool:
    """Tell whether elements are single samples: a part is a plain number, or the first axes differ."""
    shapes = [leaf.shape for leaf in leaves(dataset.element_spec)]
    if any(shape.rank is None for shape in shapes):
        return False
    return any(shape.rank == 0 for shape in shapes) or len({shape[0] for shape in shapes}) > 1
