"""Hold samples back for validation: a pure function of the seed, the share and the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core import seeds
from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy.typing as npt

    Indices = npt.NDArray[np.int64]


def split(seed: int, n: int, share: float, classes: npt.NDArray[np.int64] | None = None) -> tuple[Indices, Indices]:
    """Divide samples into a training and a validation part.

    Parameters
    ----------
    seed : int
        The run's seed.
    n : int
        Number of samples.
    share : float
        Share held back, between 0 and 1.
    classes : numpy.ndarray of int64, shape (n,), optional
        Class of each sample. Each class is then divided alike (scikit-learn's ``StratifiedShuffleSplit``), if each has
        two samples or more and both parts have room for every class.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray) of int64
        Sorted indices of the training and of the validation samples.

    Raises
    ------
    ConfigurationError
        If one part would be empty.

    Examples
    --------
    >>> train, validation = split(0, 10, 0.2)
    >>> len(train), len(validation)
    (8, 2)
    """
    held_back = round(n * share)
    if not 0 < held_back < n:
        left = "validation" if held_back == 0 else "training"
        msg = (
            f"validation.split: {share:g} of {n:,} samples leaves none for {left}; "
            "change the split, give more samples, or train on all with validation: false."
        )
        raise ConfigurationError(msg)
    own_seed = seeds.derive(seed, "split")
    if classes is not None and _stratifiable(classes, held_back):
        from sklearn.model_selection import StratifiedShuffleSplit

        splitter = StratifiedShuffleSplit(n_splits=1, test_size=held_back, random_state=own_seed % 2**32)
        train, validation = next(splitter.split(np.empty((n, 0)), classes))
    else:
        order = np.random.Generator(np.random.Philox(own_seed)).permutation(n)
        train, validation = order[held_back:], order[:held_back]
    return np.sort(train).astype(np.int64), np.sort(validation).astype(np.int64)


def _stratifiable(classes: npt.NDArray[np.int64], held_back: int) -> bool:
    counts = np.unique(classes, return_counts=True)[1]
    return bool(counts.min() >= 2 and len(counts) <= min(held_back, len(classes) - held_back))  # noqa: PLR2004
