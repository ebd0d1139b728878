"""The verbs behind ``%dltrain``: each calls the verb of ``tal`` and shows what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.core.vocabulary import WORDS, Word
from dltrainer_jupyter.magics.binding import bind
from dltrainer_jupyter.magics.body import remember_source
from dltrainer_jupyter.magics.options import HELP, VerbLine, parse_verb_line
from dltrainer_jupyter.magics.shown import from_users_frames, say
from dltrainer_jupyter.magics.tables import Shown
from dltrainer_jupyter.magics.usage import line_help, usage, verb_help
from dltrainer_jupyter.tal import catalogue, compare, configuration, get, predict, restore, runs
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views import summary

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_PATIENCE = 2.0
"""Seconds to wait for the trainer's answer; the request stands whether it comes or not."""
_EXPRESSION = "<dltrain predict>"


def run_verb(shell: InteractiveShell, line: str) -> Any:
    """Do what a ``%dltrain`` line asks; ``panel`` and ``resume`` bind the run as its cell does.

    Parameters
    ----------
    shell : InteractiveShell
        Where an expression to predict is evaluated, and a run is bound.
    line : str
        What stands behind ``%dltrain``.

    Returns
    -------
    object
        What the line shows, if it is more than a sentence.

    Raises
    ------
    DLTrainerError
        If it can't be understood or done.
    """
    name, _, rest = line.strip().partition(" ")
    if name in {"", HELP.flag}:
        say(line_help())
        return None
    if name not in WORDS:
        kind = "verb"
        raise UnknownNameError(kind, name, WORDS)
    word = WORDS[name]
    given = parse_verb_line(word, rest)
    if HELP.attribute in given.options:
        say(verb_help(word))
        return None
    return _VERBS[name](shell, word, given)


def _one_run(word: Word, words: list[str]) -> Run:
    if len(words) > 1 or (word.names_its_run and not words):
        got = ", ".join(repr(it) for it in words) or "nothing"
        msg = f"Expected %dltrain {usage(word)}, got {got}."
        raise ConfigurationError(msg)
    return get(words[0] if words else None)


def _control(_shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    run = _one_run(word, given.words)
    say(getattr(run, word.name)(**given.options).answer(_PATIENCE))


def _resume(shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    run = _one_run(word, given.words)
    control = run.resume(**given.options)
    bind(shell, run)
    say(control.answer(_PATIENCE))


def _set(_shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    pairs = [it for it in given.words if "=" in it]
    run = _one_run(word, [it for it in given.words if "=" not in it])
    say(run.set(**configuration.parse_assignments(pairs)).answer(_PATIENCE))


def _delete(_shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    run = _one_run(word, given.words)
    title = summary.title(run.record)
    run.delete()
    say(f"Deleted {title}.")


def _restore(_shell: InteractiveShell, _word: Word, given: VerbLine) -> Shown | None:
    found = restore(given.words[0] if given.words else None, given.words[1:] or None)
    if not found:
        say(summary.NOTHING_TO_RESTORE)
        return None
    return Shown(summary.runs_table([run.record for run in found]))


def _runs(_shell: InteractiveShell, word: Word, given: VerbLine) -> Shown | None:
    _nothing(word, given.words)
    records = [run.record for run in runs()]
    if not records:
        say("There is no run yet. Start one with a %%dltrain cell; %%dltrain --help shows how.")
        return None
    return Shown(summary.runs_table(records))


def _status(_shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    say(summary.status_line(_one_run(word, given.words).record))


def _panel(shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    run = _one_run(word, given.words)
    show = registry.find("faces", "show")
    bind(shell, run)
    show(run)


def _show(_shell: InteractiveShell, word: Word, given: VerbLine) -> Shown:
    run = _one_run(word, given.words)
    return Shown(
        *summary.page(run.record, run.store.epochs(run.id), run.checkpoints, run.store.events(run.id), run.spec)
    )


def _compare(_shell: InteractiveShell, word: Word, given: VerbLine) -> Any:
    if not given.words:
        msg = f"Expected %dltrain {usage(word)}, got no run."
        raise ConfigurationError(msg)
    return compare(given.words)


def _predict(shell: InteractiveShell, word: Word, given: VerbLine) -> Any:
    if len(given.words) != 1:
        got = " ".join(given.words) or "nothing"
        msg = f"Expected %dltrain {usage(word)}, an expression such as x_test[:5], got {got}."
        raise ConfigurationError(msg)
    try:
        code = compile(given.words[0], _EXPRESSION, "eval", dont_inherit=True)
    except SyntaxError as error:
        msg = f"'{given.words[0]}' is no Python expression: {error.msg}."
        raise ConfigurationError(msg) from None
    remember_source(_EXPRESSION, given.words[0])
    with from_users_frames(shell, _EXPRESSION):
        x = eval(code, shell.user_ns)  # noqa: S307 - the person's own expression
    return predict(x, given.options.get("run"), given.options.get("checkpoint", "best"))


def _parts(_shell: InteractiveShell, word: Word, given: VerbLine) -> Shown:
    assert word.parts is not None  # noqa: S101 - of every verb that lists parts
    if not given.words:
        return Shown(*catalogue.parts_page(word.parts))
    if len(given.words) > 1:
        _nothing(word, given.words)
    part = catalogue.part(word.parts, given.words[0])
    return Shown(f"{part.name}: {part.description}", catalogue.settings_table(part))


def _nothing(word: Word, words: list[str]) -> None:
    if words:
        msg = f"Expected %dltrain {usage(word)}, got {', '.join(repr(it) for it in words)}."
        raise ConfigurationError(msg)


_VERBS: dict[str, Callable[[InteractiveShell, Word, VerbLine], Any]] = {
    **dict.fromkeys(("pause", "suspend", "stop", "checkpoint"), _control),
    "resume": _resume,
    "set": _set,
    "delete": _delete,
    "restore": _restore,
    "runs": _runs,
    "status": _status,
    "panel": _panel,
    "show": _show,
    "compare": _compare,
    "predict": _predict,
    **dict.fromkeys((name for name, word in WORDS.items() if word.parts is not None), _parts),
}
