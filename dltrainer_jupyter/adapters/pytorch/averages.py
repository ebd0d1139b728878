"""The moving average of a net's weights, kept beside it and measured in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.arrays import from_raw, to_raw
from dltrainer_jupyter.adapters.pytorch.slots import like
from dltrainer_jupyter.adapters.pytorch.state import Place, device_of, places, unchanged_buffers, write
from dltrainer_jupyter.adapters.shared.averages import averaged_name, decay_at
from dltrainer_jupyter.core.protocols import NamedArrays
from dltrainer_jupyter.core.spec import AverageSpec

_Pair = tuple[torch.Tensor, torch.Tensor]
"""A tensor of the average, and the net's."""


class Average:
    """The exponential moving average of a net's parameters and buffers.

    A buffer may be made, or made anew, while a model trains, so buffers are looked up at each update; one whose shape
    has changed begins its average anew. Whole numbers are copied.

    Parameters
    ----------
    name : str
        The net's.
    net : torch.nn.Module
        Whose weights are averaged; the average begins with them.
    spec : AverageSpec
        How fast it follows.
    counts_on : torch.device, optional
        Keep the number of updates on this device, for updates of which only the device knows whether they happened.
    """

    def __init__(self, name: str, net: nn.Module, spec: AverageSpec, counts_on: torch.device | None = None) -> None:
        self._net = {name: net}
        self._spec = spec
        self._counts_on = counts_on
        self._replaced: list[_Pair] = []
        self.restart()

    def restart(self) -> None:
        """Begin with the weights the net has now."""
        here = places(self._net)
        self._parameters = {
            name: place.tensor for name, place in here.items() if isinstance(place.tensor, nn.Parameter)
        }
        self._buffers: dict[str, Place] = {name: place for name, place in here.items() if name not in self._parameters}
        self._values = {name: p.tensor.detach().clone() for name, p in here.items() if p.tensor is not None}
        self._pairs = _by_kind((self._values[name], parameter) for name, parameter in self._parameters.items())
        self._count(0)

    def _count(self, updates: int) -> None:
        device = self._counts_on
        self._updates = updates if device is None else torch.tensor(updates, dtype=torch.float32, device=device)

    @property
    def updates(self) -> int:
        """Updates the average has been through."""
        return int(self._updates)

    # --- following ------------------------------------------------------------------------------------

    @torch.no_grad()
    def update(self, left_out: torch.Tensor | None = None) -> None:
        """Follow the net's weights by one update.

        Parameters
        ----------
        left_out : torch.Tensor, shape (), optional
            1 where the update of the weights did not happen, else 0; given if and only if counts lie on the device,
            which needn't be waited for then.
        """
        pairs = [*self._pairs, *_by_kind(self._pairs_of_buffers())]
        if left_out is None:
            share = 1 - decay_at(self._spec, int(self._updates))
            self._updates += 1
            for values, targets in pairs:
                if values[0].is_floating_point():
                    torch._foreach_lerp_(values, targets, share)
                else:
                    torch._foreach_copy_(values, targets)
            return
        happened = 1 - left_out
        share_on_device = (1 - decay_at(self._spec, self._updates, smaller=_smaller)) * happened
        self._updates += happened
        for values, theirs in pairs:
            # A number that is left out may be infinite, and no part of it, not even none, may be added.
            targets = [torch.where(happened > 0, new, old) for old, new in zip(values, theirs, strict=True)]
            if values[0].is_floating_point():
                share = share_on_device.to(values[0].dtype)
                torch._foreach_mul_(values, 1 - share)
                torch._foreach_add_(values, torch._foreach_mul(targets, share))  # noqa: SLF001 - torch.optim uses it as well
            else:
                torch._foreach_copy_(values, targets)

    def _pairs_of_buffers(self) -> Iterator[_Pair]:
        for name, (module, key, _) in self._buffers.items():
            tensor = module._buffers[key]  # noqa: SLF001 - getattr may be the model's own
            if tensor is None:
                continue
            value = self._values.get(name)
            if value is None or (value.shape, value.dtype) != (tensor.shape, tensor.dtype):
                value = self._values[name] = tensor.detach().clone()
            yield value, tensor

    # --- in the net's place -----------------------------------------------------------------------------

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the net have the averaged weights for a while; its own come back at the end, bit for bit.

        Values are exchanged, never tensors: optimizers, hooks and flattened weights point at these.
        """
        with unchanged_buffers(self._net):
            pairs: list[_Pair] = [(self._values[name], parameter) for name, parameter in self._parameters.items()]
            pairs += self._pairs_of_buffers()
            self._replaced = [(tensor, tensor.detach().clone()) for _, tensor in pairs]
            _write_all((tensor, value) for value, tensor in pairs)
            try:
                yield
            finally:
                _write_all(self._replaced)
                self._replaced = []

    @contextmanager
    def given_back(self) -> Iterator[None]:
        """Let the net have its own weights again for a while, if it is :meth:`in_place` that is interrupted."""
        averaged = [(tensor, tensor.detach().clone()) for tensor, _ in self._replaced]
        _write_all(self._replaced)
        try:
            yield
        finally:
            _write_all(averaged)

    # --- state ------------------------------------------------------------------------------------------

    def save(self) -> NamedArrays:
        """Copy the averaged weights, under names of their own."""
        names = {averaged_name(name): value for name, value in self._values.items()}
        return {name: to_raw(value, name) for name, value in names.items()}

    def load(self, saved: NamedArrays, updates: int) -> None:
        """Go on from saved averages.

        Parameters
        ----------
        saved : dict of str to RawArray
            By the names of the weights they are averages of; checked already, and those of other nets may be there.
        updates : int
            As :attr:`updates` was.
        """
        for name, parameter in self._parameters.items():
            self._values[name].copy_(like(parameter, from_raw(saved[name])))
        for name, place in self._buffers.items():
            self._values.pop(name, None)
            if name in saved:
                value = from_raw(saved[name]).to(device_of(place.module, self._net))
                self._values[name] = value
        self._count(updates)


def _by_kind(pairs: Iterable[_Pair]) -> list[tuple[list[torch.Tensor], list[torch.Tensor]]]:
    """Sort pairs by dtype and device, so that one call does for all of a kind."""
    kinds: dict[tuple[torch.dtype, torch.device], tuple[list[torch.Tensor], list[torch.Tensor]]] = {}
    for value, target in pairs:
        values, targets = kinds.setdefault((value.dtype, value.device), ([], []))
        values.append(value)
        targets.append(target)
    return list(kinds.values())


def _smaller(decay: float, warming: torch.Tensor) -> torch.Tensor:
    return warming.clamp(max=decay)


def _write_all(pairs: Iterable[_Pair]) -> None:
    """Write into each tensor the value beside it."""
    for tensor, value in pairs:
        write(tensor, value)
