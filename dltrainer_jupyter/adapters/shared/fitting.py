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
