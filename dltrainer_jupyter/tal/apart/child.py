"""A worker's process as seen from outside: a line goes in, a line comes out, in a given time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading

from dltrainer_jupyter.core.errors import WorkerDiedError, WorkerError, WorkerTimeoutError
from dltrainer_jupyter.core.registry import plug_ins
from dltrainer_jupyter.executors.process import search_path

_TAIL = 500
"""Characters of what the process said last that an error shows."""
_CONSIDERATE = {
    # Frameworks would take all of a GPU's memory, also from those who train on it.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    # Threads that wait for the next request don't spin.
    "OMP_WAIT_POLICY": "PASSIVE",
}


class Child:
    """A process of this one's user, joined by pipes that nobody else can open.

    It ends with this process, however that ends: its input ends then.
    """

    def __init__(self) -> None:
        self._said = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - lives as long as the process
        self._gave_up = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dltrainer_jupyter.tal.apart.worker_main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,
            env=_CONSIDERATE | os.environ | plug_ins.environment() | {"PYTHONPATH": search_path()},
        )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def is_usable(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None and not self._gave_up

    def ask(self, line: bytes, seconds: float) -> bytes:
        """Send a line and wait for the answer.

        Raises
        ------
        WorkerTimeoutError
            If it took longer; the process is gone then.
        WorkerDiedError
            If the process ended instead.
        """
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101
        self._said.truncate(0)
        timer = threading.Timer(seconds, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except OSError:
            answer = b""  # it ended before it had read all
        finally:
            timer.cancel()
        if answer.endswith(b"\n"):
            return answer
        raise self._death(seconds)

    def end(self) -> None:
        """End the process, with those it has started."""
        self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was written and never read
                pipe.close()  # type: ignore[union-attr]
        self._said.close()

    def _give_up(self) -> None:
        self._gave_up = True
        self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def _death(self, seconds: float) -> WorkerError:
        """Say why there is no answer."""
        code = self._process.wait()
        if self._gave_up:
            msg = (
                f"There was no answer within {seconds:g} s, so the process that was to give it was ended. Raise "
                "predict_timeout (DLTRAINER_PREDICT_TIMEOUT), or predict fewer samples at a time."
            )
            return WorkerTimeoutError(msg)
        if code == -signal.SIGKILL:
            why = "was killed, most likely because the memory ran out. Free memory, or predict fewer samples at a time"
        else:
            self._said.seek(0)
            tail = self._said.read().decode(errors="replace")[-_TAIL:].strip()
            why = f"ended with code {code}" + (f": {tail}" if tail else "")
        msg = f"The process that was to answer {why.rstrip('.')}. The next request starts a new one."
        return WorkerDiedError(msg)
