"""Telling somebody outside how a run ended: a description posted to a webhook."""

from __future__ import annotations

import http.client
import json
import logging
import math
import threading
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import RunNotFoundError, StoreError
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.executors import secret_file
from dltrainer_jupyter.store.store import Store

_LOG = logging.getLogger(__name__)

TIMEOUT = 5.0
"""Seconds an answer may take."""
PAUSES = (1.0, 4.0)
"""Seconds between one try and the next; there is one try more."""
_MESSAGE = 300
"""Characters of an error that are told."""
_SERVER_ERROR, _TOO_MANY = 500, 429


def tell(store: Store, run_id: str) -> threading.Thread | None:
    """Tell of a run's end, if somebody wants to know of this one; returns at once.

    What can't be delivered becomes an event of the run. The process lives until it is known, some seconds; one that
    is ending already waits here.

    Returns
    -------
    threading.Thread or None
        Who tells.
    """
    try:
        run = store.run(run_id)
        if run.spec.notify is None or run.state not in run.spec.notify.on:
            return None
        webhook = secret_file.load(Path(run.folder)).get("notify.webhook")
    except RunNotFoundError:
        return None
    except (OSError, ValueError, StoreError) as error:
        _LOG.warning("The end of run %s could not be told: %s", run_id, error)
        return None
    # A trainer's thread is a daemon, whose children would be cut short by the end of a script.
    tell = partial(_deliver, store, run, webhook)
    thread = threading.Thread(target=tell, name=f"dltrain-tell-{run_id}", daemon=False)
    try:
        thread.start()
    except RuntimeError:
        # Python starts no threads any more.
        tell()
        return None
    return thread


def describe(run: RunRecord) -> dict[str, Any]:
    """Describe how a run ended; ``text`` and ``content`` hold the sentence that chat services show."""
    value = run.best.value if run.best and math.isfinite(run.best.value) else None
    best = run.best and {"metric": run.best.metric, "value": value, "epoch": run.best.epoch}
    error = run.error and next(iter(run.error.message.splitlines()), "")[:_MESSAGE]
    progress = run.progress
    text = f"Run '{run.name}' ({run.id}) {_HOW[run.state]} in epoch {progress.epoch} of {progress.epochs}"
    text += f" after {_duration(progress.train_seconds)}."
    text += f" Best {run.best.metric}: {run.best.value:.4g}." if run.best else ""
    text += f" {error}" if error else ""
    return {
        "run": run.name,
        "id": run.id,
        "state": str(run.state),
        "epoch": progress.epoch,
        "epochs": progress.epochs,
        "step": progress.step,
        "best": best,
        "error": error,
        "seconds": round(progress.train_seconds, 1),
        "text": text,
        "content": text,
    }


_HOW = {
    State.COMPLETED: "completed",
    State.STOPPED: "was stopped",
    State.SUSPENDED: "was suspended",
    State.FAILED: "failed",
    State.LOST: "was lost: its trainer died",
}


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _deliver(store: Store, run: RunRecord, webhook: str | None) -> None:
    problem = "the file with its address is gone" if webhook is None else _post(webhook, describe(run))
    if problem is None:
        return
    message = f"The webhook could not be told that the run {run.state.said}: {problem}."
    try:
        store.add_event(run.id, "notice", message)
    except (RunNotFoundError, StoreError) as error:
        _LOG.warning("%s %s", message, error)


def _post(webhook: str, body: dict[str, Any]) -> str | None:
    """Post, several times if need be; return what went wrong, which never holds the address."""
    # Neither files nor other schemes, and no way on to somewhere else.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    request = urllib.request.Request(  # noqa: S310 - the schemes are those of the handlers above
        webhook, json.dumps(body).encode(), {"Content-Type": "application/json", "User-Agent": "dltrainer-jupyter"}
    )
    never = threading.Event()
    problem = None
    for pause in (*PAUSES, None):
        try:
            opener.open(request, timeout=TIMEOUT).close()
        except urllib.error.HTTPError as error:
            error.close()
            problem = f"it answered {error.code}"
            if error.code < _SERVER_ERROR and error.code != _TOO_MANY:
                return problem
        except urllib.error.URLError as error:
            problem = _reason(error.reason)
        except (OSError, http.client.HTTPException, ValueError) as error:
            problem = _reason(error)
        else:
            return None
        if pause is not None:
            never.wait(pause)
    return problem


def _reason(error: object) -> str:
    """Say what went wrong in words that no address can be in."""
    known = error.strerror if isinstance(error, OSError) else None
    return str(known or type(error).__name__)
