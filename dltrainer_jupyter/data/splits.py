"""Hold samples back for validation: a pure function of the seed, of what is asked for, and of targets and groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core import seeds
from dltrainer_jupyter.core.errors import ConfigurationError, brief, did_you_mean
from dltrainer_jupyter.core.protocols import Partition
from dltrainer_jupyter.core.spec import RunSpec, ValidationSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

    Indices = npt.NDArray[np.int64]

TRAIN, VALIDATION, TEST = "train", "validation", "test"
_CALLED = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("validation", "valid", "val", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing"), TEST),
}
"""What people write into a column that says which part a row belongs to."""


def divide(
    spec: RunSpec,
    n: int,
    classes: npt.NDArray[np.int64] | None = None,
    *,
    columns: Mapping[str, Array] | None = None,
    groups: Array | None = None,
) -> Partition:
    """Divide samples as a specification asks for.

    Parameters
    ----------
    spec : RunSpec
        Its seed and its validation decide.
    n : int
        Number of samples.
    classes : numpy.ndarray of int64, shape (n,), optional
        Class of each sample, of data that has some.
    columns : mapping, optional
        Columns of a table by name, shape (n,) each; ``validation.groups`` and others name them.
    groups : numpy.ndarray, shape (n,), optional
        Group of each sample, where they were handed over instead of a column.

    Returns
    -------
    Partition
        Sorted indices; samples of a test part are in neither.

    Raises
    ------
    ConfigurationError
        If a part would be empty, a column isn't there, or samples can't be divided in the way that is asked for.

    Examples
    --------
    >>> found = divide(RunSpec(model="mlp", data="x", validation={"folds": 5, "fold": 1}), 10)
    >>> len(found.train), len(found.validation)
    (8, 2)
    """
    asked = spec.validation
    if asked is False:
        return Partition(np.arange(n), np.arange(0), "nothing held back")
    _refuse_place(asked)
    if asked.column is not None:
        return _given(_column(asked.column, columns, n, "column"), asked.column)
    if asked.groups is not None and groups is None:
        groups = _column(asked.groups, columns, n, "groups")
    if isinstance(asked.stratify, str):
        classes = np.unique(_as_text(_column(asked.stratify, columns, n, "stratify")), return_inverse=True)[1]
    elif asked.stratify and classes is None:
        msg = "validation.stratify: expected classes to divide alike, but the targets are none; name a column instead."
        raise ConfigurationError(msg)
    if asked.stratify is False:
        classes = None
    must = bool(asked.stratify)
    if must and classes is not None:
        _check_stratifiable(classes, asked)
    if groups is not None:
        return _grouped(spec.seed, asked, np.asarray(groups), classes if must else None, n)
    if asked.folds is not None:
        return _fold(spec.seed, asked, n, classes, must=must)
    train, validation = split(spec.seed, n, asked.split, classes)
    alike = classes is not None and _stratifiable(classes, len(validation))
    return Partition(train, validation, f"{asked.split:.0%} {'of each class ' if alike else ''}held back")


def as_given(spec: RunSpec, n: int, beside: int) -> Partition:
    """Give the partition of data that brings what to validate on.

    Parameters
    ----------
    spec : RunSpec
        Its validation must not ask for samples to be held back in another way.
    n, beside : int
        Samples to train on and to validate on.

    Raises
    ------
    ConfigurationError
        If it does: such folds would all be the same.

    Examples
    --------
    >>> as_given(RunSpec(model="mlp", data="x"), 3, 2).validation.tolist()
    [3, 4]
    """
    asked = () if spec.validation is False else spec.validation.divides
    if unheeded := [key for key in asked if key != "validation"]:
        msg = (
            f"validation.{unheeded[0]}: the data brings samples to validate on, so none are held back; leave "
            f"{unheeded[0]} out, or give data without them."
        )
        raise ConfigurationError(msg)
    return one_after_the_other(n, beside, "validation samples given")


def one_after_the_other(n: int, beside: int, how: str) -> Partition:
    """Give a partition of samples to train on and, counted on after them, of those to validate on."""
    everything = np.arange(n + beside, dtype=np.int64)
    return Partition(everything[:n], everything[n:], how)


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
        order = _generator(seed).permutation(n)
        train, validation = order[held_back:], order[:held_back]
    return np.sort(train).astype(np.int64), np.sort(validation).astype(np.int64)


def _refuse_place(asked: ValidationSpec) -> None:
    """Raise if files to validate on are named, and the data isn't one of files that has read them."""
    if asked.validation is not None:
        msg = (
            f"validation.validation: this data has no place of its own to validate on, got {brief(asked.validation)}; "
            "leave it out, and a share is held back."
        )
        raise ConfigurationError(msg)


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seeds.derive(seed, "split")))


def _stratifiable(classes: npt.NDArray[np.int64], held_back: int) -> bool:
    counts = np.unique(classes, return_counts=True)[1]
    return bool(counts.min() >= 2 and len(counts) <= min(held_back, len(classes) - held_back))  # noqa: PLR2004


def _check_stratifiable(classes: npt.NDArray[np.int64], asked: ValidationSpec) -> None:
    """Raise if classes can't be divided alike though somebody asks for it."""
    counts = np.unique(classes, return_counts=True)[1]
    least = asked.folds or 2
    if counts.min() < least:
        msg = (
            f"validation.stratify: each class needs {least} samples or more to be divided alike, and one has "
            f"{counts.min()}; leave stratify out, or such classes."
        )
        raise ConfigurationError(msg)
    if asked.folds is None and asked.groups is None:
        n = len(classes)
        held_back = round(n * asked.split)
        if len(counts) > min(held_back, n - held_back):
            msg = (
                f"validation.stratify: {len(counts):,} classes don't fit into both parts of {n:,} samples at a split "
                f"of {asked.split:g}; change the split, or leave stratify out."
            )
            raise ConfigurationError(msg)


def _fold(seed: int, asked: ValidationSpec, n: int, classes: npt.NDArray[np.int64] | None, *, must: bool) -> Partition:
    """Hold one of several equal parts back."""
    folds = int(asked.folds or 0)
    if folds > n:
        msg = f"validation.folds: {folds:,} parts can't be made of {n:,} samples."
        raise ConfigurationError(msg)
    order = _generator(seed).permutation(n)
    alike = classes is not None and (must or int(np.unique(classes, return_counts=True)[1].min()) >= folds)
    if alike:
        assert classes is not None  # noqa: S101 - said in the line above
        # Class after class, dealt out one by one: each fold gets its share of each, and folds differ by one at most.
        order = order[np.argsort(classes[order], kind="stable")]
    validation = np.sort(order[asked.fold :: folds])
    train = np.setdiff1d(np.arange(n), validation)
    return Partition(
        train.astype(np.int64),
        validation.astype(np.int64),
        f"part {asked.fold + 1} of {folds}{' of each class' if alike else ''} held back",
    )


def _grouped(
    seed: int, asked: ValidationSpec, groups: Array, classes: npt.NDArray[np.int64] | None, n: int
) -> Partition:
    """Divide whole groups, so that none has samples in both parts."""
    if groups.shape != (n,):
        msg = f"validation.groups: expected one group for each of {n:,} samples, got an array of shape {groups.shape}."
        raise ConfigurationError(msg)
    names, members = np.unique(_as_text(groups), return_inverse=True)
    wanted = asked.folds or 2
    if len(names) < wanted:
        msg = f"validation.groups: expected {wanted} groups or more, got {len(names)}."
        raise ConfigurationError(msg)
    rng = _generator(seed)
    if classes is not None:
        from sklearn.model_selection import StratifiedGroupKFold

        folds = asked.folds or max(2, min(round(1 / asked.split), len(names)))
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seeds.derive(seed, "split") % 2**32)
        train, validation = list(splitter.split(np.empty((n, 0)), classes, members))[asked.fold if asked.folds else 0]
        validation = np.sort(validation)
    else:
        order, sizes = rng.permutation(len(names)), np.bincount(members)
        if asked.folds is not None:
            chosen = _packed(order, sizes, asked.folds)[asked.fold]
        else:
            # Group by group in random order, as long as that comes nearer to the share that is wanted.
            total, target, chosen = 0, asked.split * n, []
            for group in order:
                if abs(total + sizes[group] - target) < abs(total - target):
                    chosen.append(int(group))
                    total += int(sizes[group])
            if not chosen:
                chosen = [int(order[np.argmin(sizes[order])])]
            chosen = chosen[: len(names) - 1]
        validation = np.flatnonzero(np.isin(members, chosen))
    train = np.setdiff1d(np.arange(n), validation)
    if not len(train) or not len(validation):
        msg = f"validation.groups: {len(names)} groups can't be divided so that both parts have samples."
        raise ConfigurationError(msg)
    held = len(np.unique(members[validation]))
    return Partition(
        train.astype(np.int64), validation.astype(np.int64), f"{held:,} of {len(names):,} groups held back"
    )


def _packed(order: npt.NDArray[Any], sizes: npt.NDArray[Any], folds: int) -> list[list[int]]:
    """Deal groups out to folds, the largest first, each to the fold that has least."""
    largest = order[np.argsort(-sizes[order], kind="stable")]
    dealt: list[list[int]] = [[] for _ in range(folds)]
    filled = [0] * folds
    for group in largest:
        least = filled.index(min(filled))
        dealt[least].append(int(group))
        filled[least] += int(sizes[group])
    return dealt


def _given(column: Array, name: str) -> Partition:
    """Divide as a column says, row by row."""
    texts = np.char.strip(np.char.lower(_as_text(column)))
    words, where = np.unique(texts, return_inverse=True)
    unknown = [str(word) for word in words if str(word) not in _CALLED]
    if unknown:
        msg = (
            f"validation.column: '{name}' should say train, validation or test in each row, but says "
            f"{brief(unknown[0])}."
        )
        raise ConfigurationError(msg)
    part = np.array([_CALLED[str(word)] for word in words])[where]
    train, validation = np.flatnonzero(part == TRAIN), np.flatnonzero(part == VALIDATION)
    for found, word in ((train, TRAIN), (validation, VALIDATION)):
        if not len(found):
            msg = f"validation.column: no row says '{word}' in the column '{name}'."
            raise ConfigurationError(msg)
    return Partition(train.astype(np.int64), validation.astype(np.int64), f"as the column '{name}' says")


def _column(name: str, columns: Mapping[str, Array] | None, n: int, key: str) -> Array:
    if not columns:
        msg = f"validation.{key}: this data has no columns by name, so there is none called '{name}'."
        raise ConfigurationError(msg)
    if name not in columns:
        hint = did_you_mean(name, list(columns))
        msg = f"validation.{key}: the data has no column '{name}'.{hint} Columns: {brief(list(columns))}."
        raise ConfigurationError(msg)
    found = np.asarray(columns[name])
    if len(found) != n:
        msg = f"validation.{key}: the column '{name}' has {len(found):,} rows, expected {n:,}."
        raise ConfigurationError(msg)
    return found


def _as_text(values: Array) -> Array:
    return np.asarray(values).astype(np.str_)
