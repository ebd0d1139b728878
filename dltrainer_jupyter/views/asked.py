"""What is asked of a run that can't obey yet."""

from __future__ import annotations

from dltrainer_jupyter.core.records import ControlRecord, RunRecord
from dltrainer_jupyter.core.states import State, Verb

_UNTIL_THEN = frozenset({"waiting", "starting"})
"""Phases of a run whose trainer isn't at work: there is none yet, it loads, or it waits before it tries again."""
_DONE = {
    Verb.PAUSE: "pauses",
    Verb.SUSPEND: "is suspended",
    Verb.STOP: "stops",
    Verb.CHECKPOINT: "writes a checkpoint",
    Verb.SET: "takes over the change",
}


def note(control: ControlRecord, run: RunRecord) -> str | None:
    """Say why a request hasn't been answered, and when it will be.

    Parameters
    ----------
    control : ControlRecord
        The request.
    run : RunRecord
        The run it was made of.

    Returns
    -------
    str or None
        None once it is answered, and while a trainer is there to answer at once.

    Examples
    --------
    >>> note(control, run)  # doctest: +SKIP
    "Run 'digits-cnn' is still starting; it pauses before its first step."
    """
    is_starting = run.state is State.PENDING or (run.state is State.RUNNING and run.progress.phase in _UNTIL_THEN)
    done = _DONE.get(Verb(control.kind))
    if control.status != "requested" or done is None or not is_starting:
        return None
    which = "next" if run.progress.step else "first"
    return f"Run '{run.name}' is still starting; it {done} before its {which} step."
