"""Whether panels can be drawn."""

from __future__ import annotations

from collections.abc import Iterator

from dltrainer_jupyter.core.errors import MissingPackageError
from dltrainer_jupyter.core.finding import Finding, fault, good
from dltrainer_jupyter.widgets.built import PARTS, built


def panel() -> Iterator[Finding]:
    """Look for the built front end, and for what brings it to the page."""
    try:
        for name in PARTS:
            built(name)
    except MissingPackageError as error:
        yield fault(
            str(error), "make front, in a copy of the sources; else pip install --force-reinstall dltrainer-jupyter"
        )
        return
    try:
        import anywidget  # noqa: F401 - what brings the panel to the page
    except ImportError as error:
        yield fault(f"anywidget can't be imported: {error}.", "pip install --upgrade --force-reinstall anywidget")
        return
    yield good("The panel is built, and a notebook can show it.")
