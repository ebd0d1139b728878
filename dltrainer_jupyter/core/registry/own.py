"""Parts that belong to one run: within its training, and predictions with it, they go before all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from dltrainer_jupyter.core.registry.entry import Entry
from dltrainer_jupyter.core.registry.kinds import Kind

Parts = Mapping[tuple[Kind, str], Entry]
"""By kind and name, with the framework in front where the part belongs to one."""

_NONE: Parts = MappingProxyType({})
_OWN: ContextVar[Parts] = ContextVar("dltrainer_own_parts", default=_NONE)


@contextmanager
def using(parts: Parts) -> Iterator[None]:
    """Let this thread find some parts first, whoever else has registered their names."""
    token = _OWN.set(parts)
    try:
        yield
    finally:
        _OWN.reset(token)


def entry(kind: Kind, full_name: str) -> Entry | None:
    """Give a part of the run's own, if it has one of that name."""
    return _OWN.get().get((kind, full_name))


def names(kind: Kind) -> set[str]:
    """List the names of the run's own parts of one kind."""
    return {name for one, name in _OWN.get() if one == kind}
