"""Which values dropout leaves: drawn from a run's own generators, also from inside a compiled graph."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from typing import Protocol
from weakref import WeakValueDictionary

import torch


class Source(Protocol):
    """Generators of a run."""

    number: int
    """As :func:`numbered` gave it."""

    def on(self, device: torch.device) -> torch.Generator:
        """Give the generator of a device."""


def draw_mask(x: torch.Tensor, shape: Sequence[int] | None, keep: float, source: Source) -> torch.Tensor:
    """Draw 1 / ``keep`` with probability ``keep``, else 0.

    Parameters
    ----------
    x : torch.Tensor
        Whose dtype and device the mask has, and its shape and strides too unless a shape is given.
    shape : sequence of int, optional
        Of the mask.
    keep : float
        Above 0, at most 1.
    source : Source
        What is drawn from.
    """
    if torch.compiler.is_compiling():
        mask: torch.Tensor = torch.ops.dltrainer_jupyter.draw_mask(x.detach(), shape or (), keep, source.number)
        return mask
    return _drawn(x, shape, keep, source)


def _drawn(x: torch.Tensor, shape: Sequence[int] | None, keep: float, source: Source) -> torch.Tensor:
    mask = x.new_empty(shape) if shape else torch.empty_like(x)
    return mask.bernoulli_(keep, generator=source.on(x.device)).div_(keep)


# --- for compiled graphs ------------------------------------------------------------------------------
# A graph takes no generator, and an operation of ours that holds one would be the same for two runs. So it is given
# a number by which the generators are found.

_numbered: WeakValueDictionary[int, Source] = WeakValueDictionary()
_numbering = threading.Lock()


def numbered(source: Source) -> int:
    """Give generators the smallest number that is free: graphs are cached by it."""
    with _numbering:
        number = next(number for number in itertools.count() if number not in _numbered)
        _numbered[number] = source
    return number


_LIBRARY = torch.library.Library("dltrainer_jupyter", "FRAGMENT")  # type: ignore[no-untyped-call]
_LIBRARY.define(  # type: ignore[no-untyped-call]
    "draw_mask(Tensor like, SymInt[] shape, float keep, int source) -> Tensor",
    # So that two that look alike are not taken for one, and that none is recorded into a CUDA graph, which would draw
    # the same values at each replay. Older PyTorch has no such mark, and refuses to record what draws.
    tags=(torch.Tag.nondeterministic_seeded, *filter(None, [getattr(torch.Tag, "cudagraph_unsafe", None)])),
)


@torch.library.impl(_LIBRARY, "draw_mask", "CompositeExplicitAutograd")
def _draw_by_number(like: torch.Tensor, shape: Sequence[int], keep: float, source: int) -> torch.Tensor:
    return _drawn(like, shape, keep, _numbered[source])


@torch.library.register_fake("dltrainer_jupyter::draw_mask", lib=_LIBRARY)  # type: ignore[untyped-decorator]
def _shaped(like: torch.Tensor, shape: Sequence[int], keep: float, source: int) -> torch.Tensor:  # noqa: ARG001 - drawn later
    return like.new_empty(shape) if shape else torch.empty_like(like)
