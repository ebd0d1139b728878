"""What PyTorch brings to several losses and regularizations: its layers' results, and a choice made on the device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.precision import HALVES
from dltrainer_jupyter.adapters.shared.layer_names import Point
from dltrainer_jupyter.adapters.shared.parts import part_by_name
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import Part
from dltrainer_jupyter.core.structures import leaves
from dltrainer_jupyter.core.terms import NamedTerm

Compare = Callable[[Any, Any], Any]


class PyTorchTools:
    """Makes the terms of one run.

    Parameters
    ----------
    compare_by : callable
        Makes a loss of a part by name, or of what the task chooses, for one of several targets.
    compare_own : callable
        Makes the user's own loss a function of outputs and targets that may come in columns.
    device : torch.device
        Where the run computes.

    Attributes
    ----------
    own_terms : dict of str to object
        What the user's own terms are, by name: they may remember something.
    """

    keeps = True

    def __init__(
        self,
        compare_by: Callable[[Part | None, str | int | None], Compare],
        compare_own: Callable[[Any], Compare],
        device: torch.device,
    ) -> None:
        self.own_terms: dict[str, Any] = {}
        self._compare_by = compare_by
        self._compare_own = compare_own
        self._device = device

    def named(self, term: NamedTerm) -> Any:
        """Make a regularization that is registered."""
        assert term.part is not None  # noqa: S101 - the task chooses losses only
        return part_by_name("regularizations", term.part, term.key, "pytorch")

    def loss(self, term: NamedTerm) -> Compare:
        """Make a loss that is registered, or that the task chooses."""
        return self._compare_by(term.part, term.target)

    def own_loss(self, given: Any, name: str) -> Compare:
        """Make a loss of the user's a function of outputs and targets."""
        return self._compare_own(self.own(given, name))

    def own(self, given: Any, name: str) -> Any:
        """Bring what is the user's to the device, and remember it."""
        self.own_terms[name] = given.to(self._device) if isinstance(given, nn.Module) else given
        return self.own_terms[name]

    def plain(self, net: nn.Module) -> nn.Module:
        """Give the model."""
        return net

    def layers(self, net: nn.Module) -> dict[str, nn.Module]:
        """Give the layers inside a net by name."""
        return {name: module for name, module in net.named_modules() if name}

    def parameters(self, net: nn.Module) -> dict[str, torch.Tensor]:
        """Give what a net learns by name."""
        return {name: parameter for name, parameter in net.named_parameters() if parameter.requires_grad}

    @contextmanager
    def listening(self, points: Iterable[Point]) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Note what is given at each point, by hooks that are there for this pass alone."""
        heard: dict[str, list[Any]] = {}
        undo: list[Callable[[], None]] = []
        given: list[tuple[str, torch.Tensor, int]] = []
        try:
            for point in points:
                note = _noting(point.name, heard.setdefault(point.name, []), given)
                if point.method is None:
                    undo.append(point.owner.register_forward_hook(lambda *called, note=note: note(called[-1])).remove)
                else:
                    undo.append(_listen_to(point.owner, point.method, note))
            yield heard
            _refuse_changed(given)
        finally:
            for forget in undo:
                forget()

    def unless(self, off: Any, value: torch.Tensor) -> torch.Tensor:
        """Give a value, or zero where it is off."""
        return torch.where(torch.as_tensor(off, device=value.device), torch.zeros_like(value), value)

    def number(self, value: Any, where: str) -> torch.Tensor:
        """Give a term's value in 32 bits at least; raise if it is no single number."""
        if isinstance(value, torch.Tensor) and value.dim() == 0:
            return value.float() if value.dtype in HALVES else value
        got = f"shape {tuple(value.shape)}; take its mean" if isinstance(value, torch.Tensor) else type(value).__name__
        msg = f"{where}: expected one number for the batch, as a tensor, got {got}."
        raise ConfigurationError(msg)


def _noting(name: str, found: list[Any], given: list[tuple[str, torch.Tensor, int]]) -> Callable[[Any], None]:
    """Make what takes down a result, and how often its tensors had been changed by then."""

    def note(output: Any) -> None:
        found.append(output)
        given.extend((name, it, it._version) for it in leaves(output) if isinstance(it, torch.Tensor))  # noqa: SLF001 - nothing public tells

    return note


def _refuse_changed(given: Iterable[tuple[str, torch.Tensor, int]]) -> None:
    """Raise if a result isn't any more what it was when its layer gave it."""
    for name, tensor, version in given:
        if tensor._version != version:  # noqa: SLF001 - as above
            msg = (
                f"on: what '{name}' gives is changed in place by what comes after it, so it is gone when a loss or a "
                "metric asks for it; make that without inplace=True, or name the layer that changes it."
            )
            raise ConfigurationError(msg)


def _listen_to(owner: Any, method: str, note: Callable[[Any], None]) -> Callable[[], None]:
    """Put a method in front of a method, in the object alone."""
    own = vars(owner)
    before, call = own.get(method), getattr(owner, method)

    def told(*args: Any, **kwargs: Any) -> Any:
        output = call(*args, **kwargs)
        note(output)
        return output

    own[method] = told

    def undo() -> None:
        if before is None:
            del own[method]
        else:
            own[method] = before

    return undo
