"""The notebook's variables that stand for a run: ``run``, and the run's own name."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Collection
from typing import TYPE_CHECKING

from dltrainer_jupyter.magics.shown import say
from dltrainer_jupyter.tal.run import Run

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def bind(shell: InteractiveShell, run: Run, reads: Collection[str] = ()) -> None:
    """Bind a run to ``run`` and to its name; another variable of that name is replaced, and that is said.

    Parameters
    ----------
    shell : InteractiveShell
        The notebook's.
    run : Run
        The run.
    reads : collection of str, optional
        Variables that the cell reads: one of them that has the run's name stays, or the cell couldn't be run again.
    """
    for name in dict.fromkeys(("run", identifier(run.name))):
        there = shell.user_ns.get(name)
        is_replaced = there is not None and not isinstance(there, Run)
        if is_replaced and name in reads and name != "run":
            say(f"`{name}` stays the variable that this cell reads; the run is `run`, and tal.get({run.name!r}).")
            continue
        shell.user_ns[name] = run
        if is_replaced:
            say(f"`{name}` is the run now; it was a variable of type {type(there).__name__}.")


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
