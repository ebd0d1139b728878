"""What a tracker holds of an attempt whose last steps were made again."""

from __future__ import annotations

from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.states import Verb
from dltrainer_jupyter.store.store import Store


def rewound(store: Store, run: RunRecord, sent: int, tracker: str) -> str | None:
    """Say which steps a tracker holds as the attempt before made them.

    Parameters
    ----------
    store : Store
        Where the run is.
    run : RunRecord
        The run; its newest attempt knows by now where it went on from.
    sent : int
        The last step the tracker holds.
    tracker : str
        Its name.

    Returns
    -------
    str or None
        A sentence; None if it holds none, or the steps come out the same again.
    """
    attempt = store.attempts(run.id)[-1]
    went_on = attempt.resumed_from_step or 0
    if went_on >= sent:
        return None
    changed = [
        control.step
        for control in store.controls(run.id)
        if control.kind == Verb.SET
        and control.status == "done"
        and control.step is not None
        and control.requested_at >= attempt.started_at
        and control.step < sent
    ]
    if run.exact and run.resume == "exact" and not changed:
        return None
    return (
        f"'{tracker}' holds steps {went_on + 1:,} to {sent:,} as the attempt before made them: attempt {run.attempt} "
        f"went on from step {went_on:,}, and may have made them differently."
    )
