"""What a module keeps in plain Python attributes: counters, lists of outputs, states of metric objects.

No ``state_dict`` holds them. Those that change while the module trains belong to its state; those that change and
can't be saved are named.
"""

from __future__ import annotations

import random
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import nn

from dltrainer_jupyter.recipes.lightning.values import Decoder, UnsavableError, encode

if TYPE_CHECKING:
    from dltrainer_jupyter.recipes.lightning.library import Library

_DEEPEST = 4
_KEPT_ELSEWHERE = (nn.Module, nn.Parameter, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler)
_OURS = "dltrainer_jupyter."
"""Where objects come from that the adapter gave the module."""
_OF_HYPERPARAMETERS = ("_hparams", "_hparams_initial", "_hparams_name", "_log_hyperparams")
"""What ``save_hyperparameters`` sets, and what is made when somebody first asks; kept under their own names."""
_OF_TORCHMETRICS = ("_cache", "_is_synced", "_to_sync", "_should_unsync", "_enable_grad")
"""Switches that a metric object turns while it computes, and turns back."""


class _Attribute(NamedTuple):
    owner: nn.Module
    name: str
    value: Any


class Attributes:
    """Watches the plain attributes of a module and of all modules in it.

    Parameters
    ----------
    module : LightningModule
        As it was built; what differs later has changed in training.
    library : Library
        Tells which attributes are Lightning's own.

    Attributes
    ----------
    lost : list of str
        Names of those that had changed when they were last looked at, and that a checkpoint can't hold.
    """

    def __init__(self, module: nn.Module, library: Library) -> None:
        self._module = module
        own = library.module()
        self._not_theirs = {*vars(own), *_OF_TORCHMETRICS, *_OF_HYPERPARAMETERS}
        self.lost: list[str] = []
        self._built = {name: _print_of(found.value) for name, found in self._found()}

    def _found(self) -> Iterator[tuple[str, _Attribute]]:
        for path, owner in self._module.named_modules():
            for name, value in vars(owner).items():
                if name not in self._not_theirs:
                    yield f"{path}.{name}" if path else name, _Attribute(owner, name, value)

    def state(self) -> dict[str, Any]:
        """Give those that have changed, and the names of those that have gone; name those that can't be saved."""
        kept: dict[str, Any] = {}
        lost: list[str] = []
        gone = set(self._built)
        for full, found in self._found():
            gone.discard(full)
            before = self._built.get(full)
            if before is not None and before == _print_of(found.value):
                continue
            try:
                kept[full] = encode(found.value, full)
            except UnsavableError:
                lost.append(full)
        self.lost = lost
        return {"values": kept, "gone": sorted(gone)}

    def load_state(self, state: Mapping[str, Any], decoder: Decoder) -> None:
        """Put changed ones in their place; one that is as it was saved stays the object it is."""
        for full in state["gone"]:
            owner, name = self._owner(full)
            vars(owner).pop(name, None)
        for full, kept in state["values"].items():
            owner, name = self._owner(full)
            if not (name in vars(owner) and _same(vars(owner)[name], kept)):
                vars(owner)[name] = decoder(kept)

    def _owner(self, full: str) -> tuple[nn.Module, str]:
        path, _, name = full.rpartition(".")
        return self._module.get_submodule(path), name


def _same(value: Any, kept: Any) -> bool:
    """Say whether a value would be saved as this."""
    try:
        return _equal(encode(value), kept)
    except UnsavableError:
        return False


def _equal(first: Any, second: Any) -> bool:
    if type(first) is not type(second):
        return False
    if isinstance(first, np.ndarray):
        return bool(first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes())
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(_equal, first, second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(_equal(first[key], second[key]) for key in first)
    return bool(first == second or (first != first and second != second))  # noqa: PLR0124 - NaN


_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic)


def _print_of(value: Any, depth: int = 0) -> Any:
    """Give something that differs once a value has changed, as far as that can be told cheaply.

    Holds what it identifies, so that nothing else can come to lie at the same address.
    """
    printed: Any = _Held(value)
    if isinstance(value, _KEPT_ELSEWHERE) or type(value).__module__.startswith(_OURS):
        pass  # saved where they belong, or a second name for what is
    elif isinstance(value, _PLAIN):
        printed = type(value), repr(value)
    elif isinstance(value, torch.Tensor):
        # Operations in place are counted, except on those that were made for inference.
        printed = _Held(value), 0 if value.is_inference() else value._version  # noqa: SLF001 - public nowhere
    elif isinstance(value, np.ndarray):
        printed = _Held(value), zlib.crc32(value.tobytes())
    elif isinstance(value, random.Random | np.random.Generator | torch.Generator):
        printed = _dice(value)
    elif depth < _DEEPEST:
        printed = _inside(value, depth + 1)
    return printed


def _dice(value: random.Random | np.random.Generator | torch.Generator) -> Any:
    """Give the state of a generator of random numbers."""
    if isinstance(value, random.Random):
        return value.getstate()
    if isinstance(value, torch.Generator):
        return value.get_state().numpy().tobytes()
    return repr(value.bit_generator.state)


def _inside(value: Any, depth: int) -> Any:
    """Look into containers, and into the attributes of plain objects."""
    if isinstance(value, Mapping):
        return type(value), tuple((repr(key), _print_of(item, depth)) for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset | deque):
        return type(value), tuple(_print_of(item, depth) for item in value)
    if hasattr(value, "__dict__") and not callable(value):
        return _Held(value), _print_of(vars(value), depth)
    return _Held(value)


class _Held:
    """An object compared by identity."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self._value is other._value

    def __hash__(self) -> int:
        return id(self._value)
