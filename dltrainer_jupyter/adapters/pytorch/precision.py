"""Mixed precision: computing in 16 bits while weights stay in 32, and the scale that keeps small gradients from 0."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError

_DTYPES = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}
HALVES = frozenset(_DTYPES.values())


class Precision:
    """How a run computes.

    Parameters
    ----------
    wanted : {"32-true", "bf16-mixed", "16-mixed"}
        As the specification says it.
    device : torch.device
        Where it computes.

    Raises
    ------
    ConfigurationError
        If the device can't.
    """

    def __init__(self, wanted: str, device: torch.device) -> None:
        self._device = device
        self._dtype = _DTYPES.get(wanted)
        self.scales = self._dtype is torch.float16
        if self._dtype is not None and not self._works():
            others = ", ".join(name for name in ("32-true", *_DTYPES) if name != wanted)
            msg = f"precision: PyTorch {torch.__version__} can't compute in {wanted} on {device}; choose {others}."
            raise ConfigurationError(msg)

    def _works(self) -> bool:
        try:
            one = torch.ones(1, 1, device=self._device)
            with self.autocast():
                computed = one @ one
        except RuntimeError:
            return False
        # Where a dtype isn't supported autocast only warns, and computes in 32 bits.
        return computed.dtype == self._dtype

    def autocast(self) -> AbstractContextManager[Any]:
        """Compute in 16 bits, meanwhile and on this thread, what bears it."""
        return nullcontext() if self._dtype is None else torch.autocast(self._device.type, self._dtype)

    def scaler(self) -> torch.amp.GradScaler:
        """Make a scale for the gradients of one optimizer."""
        return torch.amp.GradScaler(self._device.type)


class LossScales:
    """A dynamic loss scale for each optimizer (Micikevicius et al., 2018).

    Each has its own, because a scale may not change while gradients of its optimizer accumulate.

    Parameters
    ----------
    precision : Precision
        Makes them.
    """

    def __init__(self, precision: Precision) -> None:
        self._precision = precision
        self._scalers: dict[str, torch.amp.GradScaler] = {}

    def of(self, using: str) -> torch.amp.GradScaler:
        """Give the scale of an optimizer, by its name."""
        found = self._scalers.get(using)
        if found is None:
            found = self._scalers[using] = self._precision.scaler()
        return found

    def step(self, optimizer: torch.optim.Optimizer, using: str) -> torch.Tensor:
        """Let an optimizer apply its gradients if they are finite, and adapt the scale.

        Returns
        -------
        torch.Tensor, shape ()
            1 where the update was left out because a gradient overflowed, else 0; on the device.
        """
        scaler = self.of(using)
        scaler.step(optimizer)
        left_out: torch.Tensor
        (left_out,) = scaler._found_inf_per_device(optimizer).values()  # noqa: SLF001 - asking get_scale() would wait
        scaler.update()
        return left_out

    def state(self) -> dict[str, dict[str, Any]]:
        """Give every scale and how long it has held."""
        return {using: scaler.state_dict() for using, scaler in self._scalers.items()}

    def load_state(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Go on from a state."""
        self._scalers.clear()
        for using, saved in state.items():
            self.of(using).load_state_dict(dict(saved))


def check_scales(saved: Mapping[str, Any], *, scaling: bool) -> None:
    """Raise if a checkpoint has loss scales and the run doesn't scale.

    Raises
    ------
    CheckpointError
        Says how to mend it.
    """
    if saved and not scaling:
        msg = "The checkpoint has a loss scale, and this run needs none; set precision: 16-mixed as it was."
        raise CheckpointError(msg)
