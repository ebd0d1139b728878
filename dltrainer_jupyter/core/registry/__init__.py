"""Names of parts and where their code is; nothing is imported before it is asked for.

Built-ins and other people's parts are found in the same way, in three sources, of which none goes before another:

================= ======================================================================================
``entry_points``  installed packages, this one among them: groups ``dltrainer.<kind>``
``folder``        the person's plug-in folder: files that put ``@register(…)`` in front of their classes
``notebook``      classes with ``@register(…)`` in front of them in a notebook
================= ======================================================================================

``own`` holds the copies that a run keeps of its parts, which go before all sources in its training; ``lookup`` asks
all of them. A name that two sources know is an error that names both. What lives here besides: what makes a class a
part (``faults``) and what it says of itself (``metadata``). What does not: what the parts do.
"""

from dltrainer_jupyter.core.registry.declaring import register
from dltrainer_jupyter.core.registry.kinds import KEYS, LISTED, OF_A_FRAMEWORK, SINGULAR, Kind
from dltrainer_jupyter.core.registry.lookup import (
    check,
    entry_of,
    find,
    forget,
    is_ours,
    names,
    others,
    package,
    unknown,
)
from dltrainer_jupyter.core.registry.metadata import Metadata, metadata
from dltrainer_jupyter.core.registry.own import using

__all__ = [
    "KEYS",
    "LISTED",
    "OF_A_FRAMEWORK",
    "SINGULAR",
    "Kind",
    "Metadata",
    "check",
    "entry_of",
    "find",
    "forget",
    "is_ours",
    "metadata",
    "names",
    "others",
    "package",
    "register",
    "unknown",
    "using",
]
