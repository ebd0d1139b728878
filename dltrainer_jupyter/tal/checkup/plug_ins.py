"""Whether the plug-in folder's files can be used."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from dltrainer_jupyter.core.finding import Finding, fault, good
from dltrainer_jupyter.core.registry import plug_ins as folder


def plug_ins() -> Iterator[Finding]:
    """Read the plug-in folder; nothing in it is run."""
    found = folder.current()
    for one in found.problems:
        yield fault(str(one), f"dltrain check-plugin {shlex.quote(str(one.path))}")
    if not found.problems:
        count = len(found.plug_ins)
        said = f"{count} plug-in{'s' if count > 1 else ''} of your own can be used."
        yield good(said if count else "There is no plug-in of your own.")
