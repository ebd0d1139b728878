"""What PyTorch brings to several losses and regularizations: its layers' results, and a choice made on the device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from dltrainer_jupyter.adapters.shared.layer_names import Point
from dltrainer_jupyter.adapters.shared.parts import part_by_name
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import Part
from dltrainer_jupyter.core.terms import NamedTerm

Compare = Callable[[Any, Any], Any]


class PyTorchTools:
    """Makes the terms of one run.

    Parameters
    ----------
    compare_by : callable
        Makes a loss of a part by name, or of what the task chooses.
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
        self, compare_by: Callable[[Part | None], Compare], compare_own: Callable[[Any], Compare], device: torch.device
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
        return self._compare_by(term.part)

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
        try:
            for point in points:
                found = heard.setdefault(point.name, [])
                if point.method is None:
                    undo.append(point.owner.register_forward_hook(_noting(found)).remove)
                else:
                    undo.append(_listen_to(point.owner, point.method, found))
            yield heard
        finally:
            for forget in undo:
                forget()

    def unless(self, off: Any, value: torch.Tensor) -> torch.Tensor:
        """Give a value, or zero where it is off."""
        return torch.where(torch.as_tensor(off, device=value.device), torch.zeros_like(value), value)

    def check_number(self, value: Any, where: str) -> None:
        """Raise if a term is no single number."""
        if isinstance(value, torch.Tensor) and value.dim() == 0:
            return
        got = f"shape {tuple(value.shape)}; take its mean" if isinstance(value, torch.Tensor) else type(value).__name__
        msg = f"{where}: expected one number for the batch, as a tensor, got {got}."
        raise ConfigurationError(msg)


def _noting(found: list[Any]) -> Callable[[nn.Module, Any, Any], None]:
    def note(_module: nn.Module, _inputs: Any, output: Any) -> None:
        found.append(output)

    return note


def _listen_to(owner: Any, method: str, found: list[Any]) -> Callable[[], None]:
    """Put a method in front of a method, in the object alone."""
    own = vars(owner)
    before, call = own.get(method), getattr(owner, method)

    def told(*args: Any, **kwargs: Any) -> Any:
        output = call(*args, **kwargs)
        found.append(output)
        return output

    own[method] = told

    def undo() -> None:
        if before is None:
            del own[method]
        else:
            own[method] = before

    return undo
