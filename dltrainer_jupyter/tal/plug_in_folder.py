"""The plug-in folder, in sentences."""

from __future__ import annotations

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.registry import plug_ins


def reload_plugins() -> str:
    """Read the plug-in folder again: new files appear, changed ones are run anew when they are next used.

    Runs that have been started keep the code they were started with.

    Returns
    -------
    str
        What has changed, in a sentence.

    Examples
    --------
    >>> tal.reload_plugins()  # doctest: +SKIP
    'Read /home/me/.local/share/dltrainer/plugins: model.py is new.'
    """
    changes = plug_ins.reload()
    words = [f"{name} is new" for name in changes.added]
    words += [f"{name} has changed" for name in changes.changed]
    words += [f"{name} is gone" for name in changes.gone]
    try:
        folder = plug_ins.folder()
    except ConfigurationError as error:
        return str(error)
    if folder is None or not folder.exists():
        return f"There is no plug-in folder {folder}; put files there whose classes have @register in front of them."
    there = ", ".join(one.name for one in plug_ins.current().plug_ins) or "no plug-in"
    return f"Read {folder}: {', '.join(words) or (there if changes.first else 'nothing has changed')}."


def problems() -> list[str]:
    """Say what of the plug-in folder can't be used, and why, a line each."""
    return [str(one) for one in plug_ins.current().problems]
