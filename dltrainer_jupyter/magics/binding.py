"""The notebook's variables that stand for a run: ``run``, and the run's own name."""

from __future__ import annotations

import keyword
import unicodedata
from typing import TYPE_CHECKING

from dltrainer_jupyter.magics.shown import say
from dltrainer_jupyter.tal.run import Run

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def bind(shell: InteractiveShell, run: Run) -> None:
    """Bind a run to ``run`` and to its name; another variable of that name is replaced, and that is said."""
    own = identifier(run.name)
    replaced = shell.user_ns.get(own)
    shell.user_ns["run"] = run
    shell.user_ns[own] = run
    if replaced is not None and not isinstance(replaced, Run):
        say(f"`{own}` is the run now; it was a variable of type {type(replaced).__name__}.")


def identifier(name: str) -> str:
    """Give the variable a run of this name is bound to.

    Examples
    --------
    >>> identifier("digits-cnn"), identifier("3 layers"), identifier("class")
    ('digits_cnn', '_3_layers', 'class_')
    """
    # Python reads identifiers in this form.
    text = unicodedata.normalize("NFKC", name)
    text = "".join(character if f"_{character}".isidentifier() else "_" for character in text)
    if keyword.iskeyword(text):
        return f"{text}_"
    return text if text.isidentifier() else f"_{text}"
