"""Mentions in docstrings, ``:meth:`Run.pause```, as links of the site: an extension of griffe, which reads the code."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

_ROLE = re.compile(r":(?:attr|class|exc|func|meth|mod|obj):`(~?)([\w.]+)`")
_SHORT = {
    "Run": "dltrainer_jupyter.tal.run.handle.Run",
    "TrainedModel": "dltrainer_jupyter.tal.inference.TrainedModel",
    "tal": "dltrainer_jupyter.tal",
}
"""How docstrings may begin a name, and where that is defined."""


class Roles(Extension):
    """Writes mentions as mkdocs-autorefs knows them, before anything is rendered."""

    def on_object(self, *, obj: Object, **_more: Any) -> None:
        """Do so in the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            within = obj if obj.is_class else obj.parent
            obj.docstring.value = linked(obj.docstring.value, within.path if within is not None else "")


def linked(text: str, within: str = "") -> str:
    """Write mentions as links, which stay plain code where the site says nothing of the name.

    Parameters
    ----------
    text : str
        A docstring.
    within : str, default ""
        Path of the class or module in which a name without dots is looked for.

    Examples
    --------
    >>> linked("See :meth:`Run.pause`.")
    'See <autoref identifier="dltrainer_jupyter.tal.run.handle.Run.pause" optional><code>Run.pause</code></autoref>.'
    """

    def link(found: re.Match[str]) -> str:
        shortened, name = found.groups()
        first, dot, rest = name.partition(".")
        whole = _SHORT.get(first, f"{within}.{first}" if within and not dot else first) + dot + rest
        shown = name.rpartition(".")[2] if shortened else name
        return f'<autoref identifier="{whole}" optional><code>{shown}</code></autoref>'

    return _ROLE.sub(link, text)
