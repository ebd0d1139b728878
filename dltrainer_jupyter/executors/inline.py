"""Here and now: the call returns when the training ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from dltrainer_jupyter.executors import worker
from dltrainer_jupyter.loop.doorbell import Doorbell


class InlineExecutor:
    """Trains in the calling thread. Ctrl-C suspends the run with a checkpoint; a second one gives it up.

    Parameters
    ----------
    owns_process : bool, default False
        Whether nothing else draws random numbers in this process, as in a command of its own.
    """

    name = "inline"
    needs_pickling = False

    def __init__(self, *, owns_process: bool = False) -> None:
        self._owns_process = owns_process

    def start(self, store_url: str, run_id: str) -> None:
        """Train, and return when the run has ended."""
        bell = Doorbell()
        with suspending_on_signals(bell):
            worker.main(store_url, run_id, executor=self.name, bell=bell, owns_process=self._owns_process)


@contextmanager
def suspending_on_signals(bell: Doorbell) -> Iterator[None]:
    """Let SIGINT and SIGTERM ask for a suspension; the second SIGINT interrupts as usual.

    A signal only raises a flag that the loop looks at between steps: an exception in the middle of a step would leave
    a state nobody may save.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _frame: FrameType | None) -> None:
        bell.suspend = True
        # Ringing takes a lock the interrupted thread may hold; another thread can wait for it.
        threading.Thread(target=bell.ring, daemon=True).start()
        signal.signal(number, before[number] if number == signal.SIGINT else signal.SIG_DFL)

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
