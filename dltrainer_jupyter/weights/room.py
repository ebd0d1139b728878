"""Whether the weights in a file fit into memory, asked before any are read."""

from __future__ import annotations

from dltrainer_jupyter.data.files import bounds


def refuse_too_large(size: int, name: str, key: str) -> None:
    """Raise if weights don't fit into memory.

    Parameters
    ----------
    size : int
        Bytes of the arrays.
    name : str
        What to call the file.
    key : str
        What messages call the setting.

    Raises
    ------
    ConfigurationError
        Says how much would be needed and how much there is.
    """
    bounds.refuse_too_large(size, f"{key}: {name}", "take a smaller model or a machine with more memory")
