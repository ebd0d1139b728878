"""Processes forked from a clean server, for the workers of PyTorch's loaders.

A forked child of a process with threads may hang, and ``spawn`` imports the person's script again in every worker,
which starts the training a second time, or fails where nothing guards it. So workers are forked from a server of
our own: a fresh process that has imported PyTorch and nothing of the person's. Measured on two cores: the first
worker begins after 1.0 s, every later one after 0.03 s; a spawned one takes 1.8 s each time.
"""

from __future__ import annotations

import io
import os
import signal
import threading
import weakref
from multiprocessing import context, forkserver, popen_forkserver, process, reduction, spawn, util
from typing import Any

_PRELOADED = ["torch.utils.data", "dltrainer_jupyter.data.foreign.torch_workers"]


class ForkServer:
    """A server and those who use it: it ends with the last of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self.server: Any = forkserver.ForkServer()
        self.server.set_forkserver_preload(_PRELOADED)

    def enter(self) -> None:
        """Count a user in; the server starts with the first process."""
        with self._lock:
            self._users += 1

    def leave(self) -> None:
        """Count a user out, whose processes have ended."""
        with self._lock:
            self._users -= 1
            pid = self.server._forkserver_pid  # noqa: SLF001 - nothing public ends a server
            if not self._users and pid is not None:
                # It holds nothing, and by itself it would take its time to let go of PyTorch.
                os.kill(pid, signal.SIGKILL)
                self.server._stop()  # noqa: SLF001


_SERVER = ForkServer()


class _Popen(popen_forkserver.Popen):
    """Starts a process as the standard library does, but by our server, and without importing the main module."""

    _fds: list[int]
    """What the process inherits."""

    def _launch(self, process_obj: process.BaseProcess) -> None:
        preparation = spawn.get_preparation_data(process_obj.name)
        without_main = {key: value for key, value in preparation.items() if not key.startswith("init_main")}
        buffer = io.BytesIO()
        context.set_spawning_popen(self)
        try:
            reduction.dump(without_main, buffer)
            reduction.dump(process_obj, buffer)
        finally:
            context.set_spawning_popen(None)
        self.sentinel, writing = _SERVER.server.connect_to_new_process(self._fds)
        # The child sees its parent's end by a second handle on the pipe that brings it what to do.
        self.finalizer = util.Finalize(self, _close, (os.dup(writing), self.sentinel))
        with open(writing, "wb", closefd=True) as pipe:  # noqa: PTH123 - a descriptor, not a path
            pipe.write(buffer.getbuffer())
        self.pid = forkserver.read_signed(self.sentinel)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


class _Process(process.BaseProcess):
    _start_method = "forkserver"

    def run(self) -> None:
        """Do what it was started for."""
        # The standard library hands each process the pipe whose end tells the server to go. With it they would keep
        # the server, and the server them, when their trainer is killed.
        known: Any = forkserver._forkserver  # noqa: SLF001
        os.close(known._forkserver_alive_fd)  # noqa: SLF001
        known._forkserver_alive_fd = None  # noqa: SLF001
        super().run()

    @staticmethod
    def _Popen(process_obj: process.BaseProcess) -> _Popen:  # noqa: N802 - the standard library's name
        return _Popen(process_obj)


class ServedContext(context.BaseContext):
    """Makes processes, queues and events for one loader.

    Attributes
    ----------
    leave : callable
        Lets the server go, which ends with its last user; for when the loader's processes have ended.
    """

    _name = "forkserver"
    Process: Any = _Process

    def __init__(self) -> None:
        _SERVER.enter()
        # Also where whoever made this failed before anybody could close it.
        self.leave = weakref.finalize(self, _SERVER.leave)
