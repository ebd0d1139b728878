"""Names of parts and where their code is; nothing is imported before it is asked for.

Built-ins and other people's parts are found in the same way, in three sources, of which none goes before another:

================= ======================================================================================
``entry_points``  installed packages, this one among them: groups ``dltrainer.<kind>``
``folder``        the person's plug-in folder: files that put ``@register(…)`` in front of their classes
``notebook``      classes with ``@register(…)`` in front of them in a notebook
================= ======================================================================================

``lookup`` asks all of them; a name that two of them know is an error that names both. What lives here besides: what
makes a class a part (``faults``) and what it says of itself (``metadata``). What does not: what the parts do.
"""

from dltrainer_jupyter.core.registry.kinds import OF_A_FRAMEWORK, SINGULAR, Kind
from dltrainer_jupyter.core.registry.lookup import check, find, forget, is_ours, names, package

__all__ = [
    "OF_A_FRAMEWORK",
    "SINGULAR",
    "Kind",
    "check",
    "find",
    "forget",
    "is_ours",
    "names",
    "package",
]
