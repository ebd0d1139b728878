"""Ports for servers that have to be told theirs before they start."""

from __future__ import annotations

import random
import socket

_RANGE = range(20_000, 32_000)
"""Below those that systems give to whoever asks for any port, so that nobody else comes by it in between."""
_CHANCE = random.SystemRandom()


def free_port() -> int:
    """Find a port of this machine that nobody listens at, nor is likely to before a server has started there."""
    for port in _CHANCE.sample(_RANGE, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    msg = "expected a free port among a hundred, all are taken"
    raise OSError(msg)
