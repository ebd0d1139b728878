"""How many operations a layer takes for one sample, by the textbook.

A multiply-add counts as two operations. Biases and activations, which are few, are left out; what pools, or only
moves values, counts as nothing or isn't known, as each framework's own table says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Shape = Sequence[int | None]

_FIXED, _COMPUTED = 2, 7
"""Operations a value takes to be normalised: by statistics that are there (scale and shift), and by those of the
sample: mean 1, variance 3, and then subtract, scale and shift."""


def matrices(weights: int, uses: int | None) -> int | None:
    """Count what multiplying by matrices takes.

    Parameters
    ----------
    weights : int
        How many numbers the matrices hold, or the kernels of a convolution.
    uses : int or None
        How often each of them is used for one sample: places of an image, steps of a sequence.

    Returns
    -------
    int or None
        None if that isn't known.

    Examples
    --------
    >>> matrices(64 * 10, 1)
    1280
    """
    return None if uses is None else 2 * weights * uses


def places(shape: Shape | None, channels: int) -> int | None:
    """Say how many places a sample of so many channels has; None if its shape isn't known.

    Examples
    --------
    >>> places((16, 8, 8), 16), places((None, 8), 8) is None
    (64, True)
    """
    values = size(shape)
    return None if values is None or not channels else values // channels


def size(shape: Shape | None) -> int | None:
    """Count the values of a sample."""
    if shape is None or None in shape:
        return None
    return math.prod(length for length in shape if length is not None)


def normalisation(shape: Shape | None, *, fixed: bool) -> int | None:
    """Count what normalising each value takes, by fixed statistics or by those of the sample."""
    values = size(shape)
    return None if values is None else values * (_FIXED if fixed else _COMPUTED)


def attention(queries: int, keys: int, width: int) -> int:
    """Count the scores and the sums they weigh (Vaswani et al., 2017); projections are matrices.

    Parameters
    ----------
    queries, keys : int
        Lengths of the sequences.
    width : int
        Of all heads together.
    """
    return 2 * matrices_between(queries, keys, width)


def matrices_between(rows: int, columns: int, width: int) -> int:
    """Count a product of two matrices."""
    return 2 * rows * columns * width
