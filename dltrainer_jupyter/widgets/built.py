"""What the front end's build writes for panels and forms."""

from __future__ import annotations

from pathlib import Path

from dltrainer_jupyter.core.errors import MissingPackageError

_BUILT = Path(__file__).with_name("static")
PARTS = ("panel.js", "panel.css", "insight.js", "form-widget.js", "form-widget.css", "form.js", "form.css")
"""All that notebooks need."""


def built(name: str) -> str:
    """Read a part of the front end.

    Parameters
    ----------
    name : str
        Of the file, one of :data:`PARTS`.

    Raises
    ------
    MissingPackageError
        If the front end isn't built.
    """
    try:
        return (_BUILT / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        msg = f"The front end's {name} isn't built. In a copy of the sources run `make setup`, which needs Node.js."
        raise MissingPackageError(msg) from error
