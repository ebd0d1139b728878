"""What objects of the user's own remember: kept where they say how, and noticed where they don't."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import cloudpickle
import numpy as np
import torch
from torch import nn

from dltrainer_jupyter.core.protocols import Follower

_KEPT_OTHERWISE = {"_parameters", "_buffers", "_modules", "training"}
"""Attributes of modules that a checkpoint keeps, or that evaluation sets."""
_COMPARED = 65_536
"""Tensors of so many elements are compared by value, larger ones by whether they are the same, and arrays by a sum."""


class Memory:
    """The Python state of a run's own loss and recipe.

    One with ``state_dict`` and ``load_state_dict`` goes on with what it gives. The attributes of others are looked at
    from time to time; one that changes is lost in a resume, which then isn't exact.

    Parameters
    ----------
    objects : mapping of str to object
        By what they are: ``"loss"``, ``"recipe"``.
    kept : iterable of torch.nn.Module or torch.optim.Optimizer
        What a checkpoint keeps, wherever else it is mentioned.
    """

    def __init__(self, objects: Mapping[str, Any], kept: Iterable[Any] = ()) -> None:
        self._kept = list(kept)
        # A follower is asked for its state by the loop.
        own = {what: thing for what, thing in objects.items() if not isinstance(thing, Follower)}
        self._saving = {what: thing for what, thing in own.items() if _saves_itself(thing)}
        self._watched = {what: thing for what, thing in own.items() if what not in self._saving and vars_of(thing)}
        self._seen = {what: self._fingerprints(thing) for what, thing in self._watched.items()}
        self._changing: str | None = None

    def changing(self) -> str | None:
        """Name an attribute that has changed since it was first seen, or None."""
        for what, thing in self._watched.items():
            seen, now = self._seen[what], self._fingerprints(thing)
            changed = sorted(name for name in seen.keys() & now.keys() if seen[name] != now[name])
            if changed and self._changing is None:
                self._changing = f"the attribute '{changed[0]}' of the {what} {type(thing).__name__}"
            # What comes up later may be a cache; it is compared from now on.
            self._seen[what] = now | seen
        return self._changing

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Undo at the end what objects write to their attributes meanwhile."""
        before = {what: dict(vars(thing)) for what, thing in self._watched.items()}
        states = self.save()
        try:
            yield
        finally:
            self.changing()
            for what, attributes in before.items():
                mine = vars(self._watched[what])
                mine.clear()
                mine.update(attributes)
            self.load(states)

    def save(self) -> dict[str, Any]:
        """Give the state of those who know how to keep one."""
        return {what: thing.state_dict() for what, thing in self._saving.items()}

    def load(self, saved: Mapping[str, Any]) -> None:
        """Let them go on from a state."""
        for what, thing in self._saving.items():
            if what in saved:
                thing.load_state_dict(saved[what])

    def _fingerprints(self, thing: Any) -> dict[str, bytes]:
        """Give something for each attribute that changes when it does; what can't be pickled is left out."""
        kept = frozenset(map(id, (*_inside(self._kept), *self._saving.values(), *self._watched.values())))
        found = {}
        for name, value in vars_of(thing).items():
            buffer = io.BytesIO()
            try:
                _Fingerprint(buffer, kept).dump(value)
            except Exception:  # noqa: BLE001, S112 - an object may raise anything when it is to be pickled
                continue
            found[name] = buffer.getvalue()
        return found


def vars_of(thing: Any) -> dict[str, Any]:
    """Give the attributes an object has of its own; a function or a class has none that count."""
    is_code = isinstance(thing, type) or hasattr(thing, "__code__")
    return {} if is_code else {k: v for k, v in getattr(thing, "__dict__", {}).items() if k not in _KEPT_OTHERWISE}


def _saves_itself(thing: Any) -> bool:
    # A module's tensors are kept by their names, whether or not its state_dict has them.
    named = (callable(getattr(thing, name, None)) for name in ("state_dict", "load_state_dict"))
    return not isinstance(thing, nn.Module) and all(named)


def _inside(kept: Iterable[Any]) -> Iterator[Any]:
    """Give modules and optimizers with all parts of them that can be mentioned on their own."""
    for thing in kept:
        yield thing
        if isinstance(thing, nn.Module):
            yield from thing.modules()
            yield from thing.parameters()
            yield from thing.buffers()


class _Fingerprint(cloudpickle.Pickler):  # type: ignore[misc] # it ships no types
    def __init__(self, file: io.BytesIO, kept: frozenset[int]) -> None:
        super().__init__(file)
        self._kept = kept

    def persistent_id(self, obj: Any) -> Any:
        """Pass over what a checkpoint keeps already, and generators, which are watched while they draw."""
        if id(obj) in self._kept or isinstance(obj, torch.Generator):
            return type(obj).__name__
        if isinstance(obj, torch.Tensor) and obj.numel() > _COMPARED:
            return f"{id(obj)} {obj._version}"  # noqa: SLF001 - counts what is written in place
        if isinstance(obj, np.ndarray) and obj.size > _COMPARED and obj.dtype.kind in "biufc":
            return f"{obj.shape} {obj.dtype} {zlib.crc32(np.ascontiguousarray(obj).view(np.uint8).data)}"
        return None
