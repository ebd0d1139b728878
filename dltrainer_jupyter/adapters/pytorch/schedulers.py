"""Schedulers of PyTorch's own, followed on a stand-in for the optimizer: the loop sets the rates of the real one."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch.optim.lr_scheduler import CyclicLR, LRScheduler, OneCycleLR, ReduceLROnPlateau

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Interval

_BY_STEP = (OneCycleLR, CyclicLR)
"""Those that are told lengths in batches."""
_RATES = frozenset({"params", "lr", "initial_lr"})
_SAME = 1e-9
"""How far factors of the rates of parameter groups may lie apart."""


class StandIn(torch.optim.Optimizer):
    """An optimizer with the groups of another, and nothing to optimize.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Fresh; its parameters aren't touched.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        groups = [
            {name: value for name, value in group.items() if name != "params"}
            | {"params": [torch.nn.Parameter(torch.zeros(()))], "lr": _rate_of(group)}
            for group in optimizer.param_groups
        ]
        super().__init__(groups, dict(optimizer.defaults))
        self._opt_called = True
        self.bases = [_rate_of(group) for group in optimizer.param_groups]

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Do nothing."""


StandIn.step._wrapped_by_lr_sched = True  # type: ignore[attr-defined] # noqa: SLF001 - else PyTorch warns of a scheduler that is moved


def _rate_of(group: dict[str, Any]) -> float:
    return float(group.get("initial_lr", group["lr"]))


class TorchRates:
    """The rates of a scheduler, as factors of those that its optimizer began with.

    Parameters
    ----------
    given : torch.optim.lr_scheduler.LRScheduler
        Copied, and left as it is.
    optimizer : torch.optim.Optimizer
        The run's; the scheduler was made for it, or for a stand-in.
    interval : {"step", "epoch"}, optional
        How often it steps; by default each epoch, one-cycle and cyclic schedules each step.

    Raises
    ------
    ConfigurationError
        If it belongs to another optimizer, or changes more than the rate.
    """

    absolute = False

    def __init__(self, given: LRScheduler, optimizer: torch.optim.Optimizer, interval: Interval | None) -> None:
        of = given.optimizer
        if of is not optimizer and not isinstance(of, StandIn):
            msg = (
                f"scheduler: this {type(given).__name__} belongs to another optimizer; hand over that as optimizer, or "
                f"a function: lambda optimizer: {type(given).__name__}(optimizer, …)."
            )
            raise ConfigurationError(msg)
        self.interval: Interval = interval or ("step" if isinstance(given, _BY_STEP) else "epoch")
        self.needs_metric = isinstance(given, ReduceLROnPlateau)
        self._before = StandIn(optimizer)
        self._given = given
        self._begin()
        self._check_others()

    def _begin(self) -> None:
        stand_in = StandIn(self._given.optimizer)
        for group, rate in zip(stand_in.param_groups, self._given.get_last_lr(), strict=True):
            group["lr"] = rate
        self._optimizer = stand_in
        self._scheduler: Any = copy.deepcopy(self._given, {id(self._given.optimizer): stand_in})
        self._done = 0

    def rate(self, count: int) -> float:
        """Give the factor after so many steps of the scheduler."""
        if not self.needs_metric:
            if count < self._done:
                self._begin()
            while self._done < count:
                self._scheduler.step()
                self._done += 1
                self._check_others()
        groups = zip(self._optimizer.param_groups, self._before.bases, strict=True)
        factors = [float(group["lr"]) / base for group, base in groups if base]
        if not factors or max(factors) - min(factors) > _SAME * max(abs(factors[0]), 1.0):
            msg = (
                f"scheduler: this {type(self._given).__name__} gives parameter groups rates in other proportions than "
                "the optimizer's, which can't be done; give each group its rate in the optimizer."
            )
            raise ConfigurationError(msg)
        return factors[0]

    def observe(self, value: float) -> None:
        """Take in the monitored metric."""
        self._scheduler.step(value)

    def _check_others(self) -> None:
        """Refuse a scheduler that turns at other settings than the rate."""
        for group, before in zip(self._optimizer.param_groups, self._before.param_groups, strict=True):
            for name in before.keys() & group.keys() - _RATES:
                if group[name] != before[name]:
                    msg = (
                        f"scheduler: this {type(self._given).__name__} changes '{name}' as well, and here the rate "
                        "alone changes; turn that off (cycle_momentum=False)."
                    )
                    raise ConfigurationError(msg)


def rates_of(given: Any, optimizer: torch.optim.Optimizer, interval: Interval | None) -> TorchRates | None:
    """Give the rates of a scheduler of PyTorch's; None for anything else.

    Raises
    ------
    ConfigurationError
        If it is a class, or can't be followed.
    """
    if isinstance(given, type) and issubclass(given, LRScheduler):
        msg = (
            f"scheduler: expected a scheduler, got the class {given.__name__}; give a function: "
            f"lambda optimizer: {given.__name__}(optimizer, …)."
        )
        raise ConfigurationError(msg)
    if not isinstance(given, LRScheduler):
        return None
    return TorchRates(given, optimizer, interval)
