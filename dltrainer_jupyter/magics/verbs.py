"""The verbs behind ``%dltrain``: each calls the verb of ``tal`` and shows what came of it."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.core.states import ENDED
from dltrainer_jupyter.core.vocabulary import WORDS, Word
from dltrainer_jupyter.magics.binding import bind
from dltrainer_jupyter.magics.body import remember_source, user_names
from dltrainer_jupyter.magics.options import HELP, VerbLine, parse_verb_line
from dltrainer_jupyter.magics.shown import from_users_frames, say
from dltrainer_jupyter.magics.tables import Shown
from dltrainer_jupyter.magics.usage import line_help, usage, verb_help
from dltrainer_jupyter.tal import (
    catalogue,
    check_plugin,
    compare,
    configuration,
    doctor,
    form,
    get,
    reload_plugins,
    restore,
    runs,
    sync,
)
from dltrainer_jupyter.tal.control import Control
from dltrainer_jupyter.tal.mentions import resolved
from dltrainer_jupyter.tal.places import are_paths, is_there
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.syncing import NOTHING_LEFT
from dltrainer_jupyter.views import summary, test_runs
from dltrainer_jupyter.views.tracking import trackers_of

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_PATIENCE = 2.0
"""Seconds to wait for the trainer's answer; the request stands whether it comes or not."""
_EXPRESSION = "<dltrain expression>"
_NAME_OR_PATH = re.compile(r"[\w.~/\\][\w.~/\\:-]*")


def run_verb(shell: InteractiveShell, line: str) -> Any:
    """Do what a ``%dltrain`` line asks; ``panel``, ``resume`` and ``clone`` bind the run as its cell does.

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
    _answer(getattr(run, word.name)(**given.options))


def _form(shell: InteractiveShell, word: Word, given: VerbLine) -> Any:
    _nothing(word, [it for it in given.words if "=" not in it])
    written = configuration.parse_assignments(given.words)
    values = resolved(written, shell.user_ns, "the notebook has no variable", user_names(shell.user_ns))
    return form(config=values)


def _answer(control: Control) -> None:
    """Say what becomes of a request; at once that it has to wait, if it has."""
    note = control.note
    if note is not None:
        say(note)
    answer = control.answer(_PATIENCE)
    if answer != note:
        say(answer)


def _resume(shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    run = _one_run(word, given.words)
    record, checkpoints = run.record, run.checkpoints
    control = run.resume(**given.options)
    bind(shell, run)
    if record.state in ENDED and control.status == "requested":
        # A trainer takes its time until it is at work.
        say(summary.resuming(record, checkpoints))
    say(control.answer(_PATIENCE))


def _set(_shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    pairs = [it for it in given.words if "=" in it]
    run = _one_run(word, [it for it in given.words if "=" not in it])
    _answer(run.set(**configuration.parse_assignments(pairs)))


def _clone(shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    changes = configuration.parse_assignments([it for it in given.words if "=" in it])
    run = _one_run(word, [it for it in given.words if "=" not in it])
    made = run.clone(**given.options | changes)
    bind(shell, made)
    registry.find("faces", "show")(made)


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


def _sync(_shell: InteractiveShell, _word: Word, given: VerbLine) -> None:
    found = sync(given.words or None, wait=bool(given.options.get("wait")))
    say("\n".join(one.message for one in found) or NOTHING_LEFT)


def _runs(_shell: InteractiveShell, word: Word, given: VerbLine) -> Shown | None:
    _nothing(word, given.words)
    found = runs()
    if not found:
        say("There is no run yet. Start one with a %%dltrain cell; %%dltrain --help shows how.")
        return None
    trackers = trackers_of(found[0].store, [run.id for run in found])
    return Shown(summary.runs_table([run.record for run in found], trackers))


def _status(_shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    say(summary.status_line(_one_run(word, given.words).record))


def _panel(shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    run = _one_run(word, given.words)
    show = registry.find("faces", "show")
    bind(shell, run)
    show(run)


def _show(_shell: InteractiveShell, word: Word, given: VerbLine) -> Shown:
    run = _one_run(word, given.words)
    store = run.store
    history = (store.epochs(run.id), run.checkpoints, store.events(run.id))
    return Shown(*summary.page(run.record, *history, run.spec, trackers=store.tracking(run.id)))


def _compare(_shell: InteractiveShell, word: Word, given: VerbLine) -> Any:
    if not given.words:
        msg = f"Expected %dltrain {usage(word)}, got no run."
        raise ConfigurationError(msg)
    return compare(given.words)


def _report(_shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    *words, file = given.words or [""]
    if not file or len(words) > 1:
        got = " ".join(given.words) or "nothing"
        msg = f"Expected %dltrain {usage(word)}, a file such as report.html, got {got}."
        raise ConfigurationError(msg)
    run = get(words[0] if words else None)
    say(f"Wrote {run.report(file)}.")


def _predict(shell: InteractiveShell, word: Word, given: VerbLine) -> Any:
    if len(given.words) != 1:
        got = " ".join(given.words) or "nothing"
        msg = f"Expected %dltrain {usage(word)}, an expression such as x_test[:5], got {got}."
        raise ConfigurationError(msg)
    x = _evaluated(shell, given.words[0])
    model = get(given.options.get("run")).trained(given.options.get("checkpoint", "best"))
    return model.predict_files(x) if are_paths(x) else model.predict(x)


def _test(shell: InteractiveShell, word: Word, given: VerbLine) -> Shown:
    if len(given.words) > 1:
        msg = f"Expected %dltrain {usage(word)}, such as (x_test, y_test) or 'digits', got {' '.join(given.words)}."
        raise ConfigurationError(msg)
    data = _evaluated(shell, given.words[0]) if given.words else None
    run = get(given.options.get("run"))
    found = run.test(data, given.options.get("checkpoint", "best"))
    return Shown(*test_runs.test_run_page(found))


def _evaluated(shell: InteractiveShell, text: str) -> Any:
    """Evaluate an expression of the notebook's, or take it for the path that it is without quotes."""
    if text not in shell.user_ns and is_there(text):
        return text
    if _names_nothing(shell, text):
        msg = f"'{text}': there is no variable and no file or folder of that name."
        raise ConfigurationError(msg)
    try:
        code = compile(text, _EXPRESSION, "eval", dont_inherit=True)
    except SyntaxError as error:
        advice = " A path is put in quotes." if "/" in text else ""
        msg = f"'{text}' is no Python expression: {error.msg}.{advice}"
        raise ConfigurationError(msg) from None
    remember_source(_EXPRESSION, text)
    with from_users_frames(shell, _EXPRESSION):
        return eval(code, shell.user_ns)  # noqa: S307 - the person's own expression


def _names_nothing(shell: InteractiveShell, text: str) -> bool:
    """Tell whether a text can only be a name or a path, and the notebook knows nothing that it begins with."""
    name = text.partition(".")[0].partition("/")[0].partition("-")[0]
    return bool(_NAME_OR_PATH.fullmatch(text)) and name not in shell.user_ns and not hasattr(builtins, name)


def _parts(_shell: InteractiveShell, word: Word, given: VerbLine) -> Shown:
    assert word.parts is not None  # noqa: S101 - of every verb that lists parts
    if given.options.get("reload"):
        say(reload_plugins())
    if not given.words:
        return Shown(*catalogue.parts_page(word.parts, given.options.get("framework"), given.options.get("task")))
    if len(given.words) > 1:
        _nothing(word, given.words)
    return Shown(*catalogue.part_page(catalogue.part(word.parts, given.words[0])))


def _check_plugin(_shell: InteractiveShell, word: Word, given: VerbLine) -> None:
    if len(given.words) != 1:
        msg = f"Expected %dltrain {usage(word)}, got {' '.join(given.words) or 'nothing'}."
        raise ConfigurationError(msg)
    say(repr(check_plugin(given.words[0])))


def _nothing(word: Word, words: list[str]) -> None:
    if words:
        msg = f"Expected %dltrain {usage(word)}, got {', '.join(repr(it) for it in words)}."
        raise ConfigurationError(msg)


def _doctor(_shell: InteractiveShell, _word: Word, given: VerbLine) -> Shown:
    found = doctor(*given.words)
    return Shown(found.table(), found.sentence())


_VERBS: dict[str, Callable[[InteractiveShell, Word, VerbLine], Any]] = {
    **dict.fromkeys(("pause", "suspend", "stop", "checkpoint"), _control),
    "resume": _resume,
    "set": _set,
    "clone": _clone,
    "delete": _delete,
    "restore": _restore,
    "sync": _sync,
    "form": _form,
    "runs": _runs,
    "status": _status,
    "panel": _panel,
    "show": _show,
    "compare": _compare,
    "report": _report,
    "predict": _predict,
    "test": _test,
    "doctor": _doctor,
    "check-plugin": _check_plugin,
    **dict.fromkeys((name for name, word in WORDS.items() if word.parts is not None), _parts),
}
