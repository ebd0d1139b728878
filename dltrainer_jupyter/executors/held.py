"""What a process holds for runs it started: objects that were handed over, and trainers that can be rung."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dltrainer_jupyter.loop.doorbell import Doorbell


@dataclass(frozen=True)
class Handover:
    """Objects on their way to a trainer in the same process."""

    packed: bytes | None
    """To be written into the run's folder; None if the objects can't be pickled."""
    objects: Mapping[str, Any] | None
    """To be trained as they are, without pickling; None if a copy is made of ``packed``."""


@dataclass
class _Held:
    handovers: dict[str, Handover] = field(default_factory=dict)
    bells: dict[str, Doorbell] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_HELD = _Held()


def hand_over(run_id: str, handover: Handover) -> None:
    """Leave objects for the trainer of a run."""
    with _HELD.lock:
        _HELD.handovers[run_id] = handover


def handed_over(run_id: str) -> Handover | None:
    """Give what was left for a run; it stays, for a later attempt in this process."""
    with _HELD.lock:
        return _HELD.handovers.get(run_id)


def forget(run_id: str) -> None:
    """Let go of a run's objects."""
    with _HELD.lock:
        _HELD.handovers.pop(run_id, None)


def hang(run_id: str, bell: Doorbell) -> None:
    """Make a trainer's bell known to its process."""
    with _HELD.lock:
        _HELD.bells[run_id] = bell


def take_down(run_id: str, bell: Doorbell) -> None:
    """Forget a trainer's bell, unless another trainer of the run has hung up its own."""
    with _HELD.lock:
        if _HELD.bells.get(run_id) is bell:
            del _HELD.bells[run_id]


def ring(run_id: str) -> bool:
    """Ring a trainer of this process; say whether there is one."""
    with _HELD.lock:
        bell = _HELD.bells.get(run_id)
    if bell is not None:
        bell.ring()
    return bell is not None


def suspend_all() -> None:
    """Ask every trainer of this process to write a checkpoint and leave."""
    with _HELD.lock:
        bells = list(_HELD.bells.values())
    for bell in bells:
        bell.suspend = True
        bell.ring()
