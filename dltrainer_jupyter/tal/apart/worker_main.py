"""What a worker's process runs: ``python -m dltrainer_jupyter.tal.apart.worker_main``.

It reads requests from its input and writes answers to its output, a line of JSON each. When its input ends, whoever
started it is gone, however that came about, and it leaves at once.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import IO, Any

from dltrainer_jupyter.core.registry import plug_ins
from dltrainer_jupyter.tal.apart.errands import ERRANDS, LENGTHY
from dltrainer_jupyter.tal.apart.failures import told
from dltrainer_jupyter.views.words import finite

_GRACE = 5.0
"""Seconds after which a request that took too long ends the process by itself, if nobody else did."""
_NICE = 5
_FIRST_TO_GO = 500
"""How much sooner than others the process is ended when the machine runs out of memory (``oom_score_adj``)."""


def main() -> None:
    """Answer requests, one after the other, until nobody is left who could ask."""
    asked, answers = _take_over()
    _be_first_to_go()
    requests = queue.SimpleQueue[bytes]()
    threading.Thread(target=_listen, args=(asked, requests), daemon=True).start()
    while True:
        line = requests.get()
        answers.write(_answered(json.loads(line)) + b"\n")
        answers.flush()


def _answered(request: dict[str, Any]) -> bytes:
    """Do an errand."""
    # A thread of C code, which no Python code can keep from ending this process.
    faulthandler.dump_traceback_later(request["seconds"] + _GRACE, exit=True)
    if request["errand"] in LENGTHY:
        _stand_back()
    try:
        plug_ins.refresh()  # whoever asks may know of a file that was put there a moment ago
        answer = ERRANDS[request["errand"]](**request["arguments"])
        return json.dumps({"answer": finite(answer)}, allow_nan=False).encode()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a person's own model may raise anything; who asked is told
        return json.dumps({"error": told(error)}).encode()
    finally:
        faulthandler.cancel_dump_traceback_later()


def _take_over() -> tuple[IO[bytes], IO[bytes]]:
    """Keep input and output for the conversation: what a model prints goes where errors go."""
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return asked, answers


def _listen(asked: IO[bytes], requests: queue.SimpleQueue[bytes]) -> None:
    """Take requests as they come, so that their end is noticed while one is being answered."""
    for line in asked:
        requests.put(line)
    if hasattr(os, "killpg") and os.getpid() == os.getpgrp():
        os.killpg(0, signal.SIGKILL)  # with the processes of a loader, if there are some
    os._exit(0)


@functools.cache
def _stand_back() -> None:
    """Leave the processor to those who train; a worker that is asked for this once is asked for little else."""
    if hasattr(os, "nice"):
        os.nice(_NICE)


def _be_first_to_go() -> None:
    """Leave memory to those who train."""
    with contextlib.suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text(str(_FIRST_TO_GO))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
