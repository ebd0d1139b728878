"""Small agreements about shapes between our arrays and other people's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


def without_column(array: Array) -> Array:
    """Give a single column, shape (n, 1), as (n,), which is how other packages write one value a sample."""
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array  # noqa: PLR2004 - a column


def single_number(value: Any, call: str) -> float:
    """Give the number that a metric of the user's own came to.

    Parameters
    ----------
    value : float, numpy.ndarray or tensor of one element
        What it returned.
    call : str
        What returned it, for the message: ``"MyMetric.compute()"``.

    Raises
    ------
    ConfigurationError
        If it isn't one number.
    """
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError):  # NumPy's, Python's and torch's way of refusing
        found = f"shape {tuple(value.shape)}" if hasattr(value, "shape") else type(value).__name__
        msg = f"metrics: {call} must give one number, but gave {found}; average it, or pass a metric for each."
        raise ConfigurationError(msg) from None
