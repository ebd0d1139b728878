"""Whether the plug-in folder's files can be read."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from dltrainer_jupyter.core.finding import Finding, fault, good, note
from dltrainer_jupyter.core.registry import plug_ins as folder


def plug_ins() -> Iterator[Finding]:
    """Read the plug-in folder; nothing in it is run, so what its files do when they are imported isn't known."""
    where = folder.folder()  # a setting that can't be used is no file to be checked
    found = folder.current()
    for one in found.problems:
        yield fault(str(one), f"dltrain check-plugin {shlex.quote(str(one.path))}")
    count = len(found.plug_ins)
    if count == 1:
        tried = f"dltrain check-plugin {shlex.quote(str(found.plug_ins[0].path))}, which tries it"
        yield note("1 plug-in of your own was found and read, not run.", tried)
    elif count:
        tried = f"dltrain check-plugin FILE, which tries one of {where}"
        yield note(f"{count} plug-ins of your own were found and read, not run.", tried)
    elif not found.problems:
        yield good("There is no plug-in of your own.")
