"""Whether model and data fit: what is said of it alike on every framework."""

from __future__ import annotations

from dltrainer_jupyter.core.errors import ConfigurationError


def check_labels(outputs: int, classes: int) -> None:
    """Raise if a model has fewer outputs than there are classes, whichever labels the batch at hand holds.

    Raises
    ------
    ConfigurationError
        Says both numbers.
    """
    if outputs < classes:
        msg = (
            f"Labels out of range: the data has labels up to {classes - 1}, but the model has {outputs} outputs; give "
            f"it {classes}."
        )
        raise ConfigurationError(msg)


def first_line(error: Exception, text: str | None = None) -> str:
    """Give what an error says first, without its full stop, to go on with; its class where it says nothing.

    Parameters
    ----------
    error : Exception
        Anything.
    text : str, optional
        What it says, where that is only a part of its message.

    Examples
    --------
    >>> first_line(ValueError("Shapes differ."))
    'Shapes differ'
    >>> first_line(ValueError())
    'ValueError'
    """
    lines = (str(error) if text is None else text).strip().splitlines()
    return (lines or [type(error).__name__])[0].rstrip(".")
