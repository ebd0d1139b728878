"""``%dltrain`` and ``%%dltrain``: what stands in a cell as a call of ``tal``, and its result in the cell.

What lives here: reading cells, showing answers and errors, completion. What does not: what a verb does (``tal``), its
words (``core.vocabulary``), and the panel (``widgets``). Loading the extension imports nothing of that; the first use
does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.magic import no_var_expand

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_NAME = "dltrain"
_USERS_FRAME = 2
"""Frames from the magic to the person's cell, in which IPython expands ``$name`` and ``{expression}``."""


def load(shell: InteractiveShell) -> None:
    """Register the magics and their completion; called by ``%load_ext``."""
    unload(shell)

    @no_var_expand
    def dltrain(line: str, cell: str | None = None) -> Any:
        """Train a neural network beside the notebook; ``%dltrain --help`` and ``%%dltrain --help`` say how."""
        if cell is None:
            from dltrainer_jupyter.magics.verbs import run_verb

            # The expression to predict is Python, in which braces mean something else; a form takes $name itself.
            expand = line.split()[:1] not in (["predict"], ["form"])
            return run_verb(shell, shell.var_expand(line, _USERS_FRAME) if expand else line)  # type: ignore[no-untyped-call]
        from dltrainer_jupyter.magics.cell import run_cell

        return run_cell(shell, shell.var_expand(line, _USERS_FRAME), cell)  # type: ignore[no-untyped-call]

    shell.magics_manager.register_function(dltrain, magic_kind="line_cell", magic_name=_NAME)
    shell.input_transformers_cleanup.append(with_body)
    shell.Completer.custom_matchers.append(completions)


def unload(shell: InteractiveShell) -> None:
    """Take back what :func:`load` registered; called by ``%unload_ext``."""
    for magics in shell.magics_manager.magics.values():
        magics.pop(_NAME, None)
    if with_body in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(with_body)
    if completions in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(completions)


def with_body(lines: list[str]) -> list[str]:
    r"""Give a ``%%dltrain`` cell that is only its first line a body, which IPython demands.

    Examples
    --------
    >>> with_body(["%%dltrain --help\n"])
    ['%%dltrain --help\n', '\n']
    """
    return [*lines, "\n"] if len(lines) == 1 and lines[0].startswith(f"%%{_NAME}") else lines


@context_matcher(identifier=f"IPCompleter.{_NAME}")  # type: ignore[untyped-decorator]
def completions(context: CompletionContext) -> SimpleMatcherResult:
    """Complete verbs, options, names of runs and of parts; what else may fit Python is kept out then."""
    found: list[str] = []
    # Every press of the key in every cell comes here: only our own lines cost anything.
    if f"%{_NAME}" in context.full_text:
        from dltrainer_jupyter.magics.completion import candidates

        found = candidates(context.text_until_cursor, context.token, context.full_text, context.cursor_line)
    return {"completions": [SimpleCompletion(name) for name in found], "suppress": True, "ordered": True}
