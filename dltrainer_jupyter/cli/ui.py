"""``dltrain ui``: the web page, from a Jupyter server with nothing else in it."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from typing import Any

import psutil

from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError

_LAST_PORT = 65535
_NO_SUCH_ADDRESS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


def serve(ip: str, port: int, *, open_browser: bool) -> None:
    """Serve the page until Ctrl-C.

    Parameters
    ----------
    ip : str
        Address to listen on.
    port : int
        Port to listen on; 0 lets the system choose one.
    open_browser : bool
        Whether to show the page at once.

    Raises
    ------
    ConfigurationError
        If nobody can listen there.
    MissingPackageError
        Without the extra ``jupyter``.
    """
    # Before the second that the server's own imports take.
    _try_to_listen(ip, port)
    try:
        from dltrainer_jupyter.cli.page_server import PageServer
    except ModuleNotFoundError as error:
        msg = (
            f"The web page needs the package '{error.name}', which isn't installed: "
            'pip install "dltrainer-jupyter[jupyter]"'
        )
        raise MissingPackageError(msg) from error
    PageServer.serve(ip, port, open_browser=open_browser)


def _try_to_listen(ip: str, port: int) -> None:
    """Refuse an address that can't be had; another one than asked for is never taken."""
    if not 0 <= port <= _LAST_PORT:
        msg = f"--port: expected a number from 0 to {_LAST_PORT}, got {port}."
        raise ConfigurationError(msg)
    try:
        _listen(ip, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            msg = f"Port {port} is in use{_by_whom(port)}. This one is free: dltrain ui --port {_free_port(ip, port)}"
        else:
            msg = f"Can't listen on port {port} of {ip}: {error.strerror}."
        raise ConfigurationError(msg) from error


def _listen(ip: str, port: int) -> None:
    """Listen for a moment, or raise why nobody can."""
    failures = [_failure(*found) for found in socket.getaddrinfo(ip, port, type=socket.SOCK_STREAM)]
    # A machine without IPv6 has a localhost all the same.
    missing = [it for it in failures if it is not None and it.errno in _NO_SUCH_ADDRESS]
    for failure in failures:
        if failure is not None and (failure not in missing or len(missing) == len(failures)):
            raise failure


def _free_port(ip: str, port: int) -> int:
    """Give the next port that can be had; 0, for which the system chooses one, after the last."""
    for other in range(port + 1, _LAST_PORT + 1):
        with contextlib.suppress(OSError):
            _listen(ip, other)
            return other
    return 0


def _failure(family: int, kind: int, protocol: int, _: str, address: Any) -> OSError | None:
    """Give the error of whoever listens at an address."""
    try:
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                # As the server does: connections of one that has just ended are no hindrance.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def _by_whom(port: int) -> str:
    """Name the process that listens on a port, where the system says it."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            mine = connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN
            if mine and connection.pid:
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return ""
