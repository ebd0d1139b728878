"""The operations of portable recipes, on PyTorch."""

from __future__ import annotations

from typing import Any

import torch

from dltrainer_jupyter.core.protocols import LossFunction, TrainState


class PyTorchOps:
    """What a recipe may ask of PyTorch.

    Parameters
    ----------
    skip_non_finite : bool
        Leave out the update of a batch whose loss is NaN or infinite. This looks at each loss before its update,
        which makes a GPU wait; on the CPU it is free.
    """

    def __init__(self, *, skip_non_finite: bool) -> None:
        self._skip_non_finite = skip_non_finite

    def update(self, state: TrainState, loss_fn: LossFunction, *, wrt: str, using: str) -> tuple[TrainState, Any, Any]:
        """Compute the loss of one net, its gradient, and let one optimizer apply it.

        Returns
        -------
        state : TrainState
            The same object, changed in place.
        loss : torch.Tensor, shape ()
            Detached.
        outputs : torch.Tensor
            Detached.
        """
        optimizer: torch.optim.Optimizer = state.optimizers[using]
        optimizer.zero_grad(set_to_none=True)
        loss, outputs = loss_fn(state.nets)
        if not (self._skip_non_finite and not torch.isfinite(loss).item()):
            # With a single net everything that learns belongs to it, and looking for paths to it would take time.
            inputs = None if len(state.nets) == 1 else [p for p in state.nets[wrt].parameters() if p.requires_grad]
            loss.backward(inputs=inputs)
            optimizer.step()
        return state, loss.detach(), outputs.detach()
