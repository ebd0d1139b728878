"""``self.log`` that looks at the terms of a quantity once, instead of at each batch."""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from dltrainer_jupyter.recipes.lightning.logged import Logged


class DirectLog:
    """Adds a value to the sums it belongs to, where it is logged under the same terms as the last time.

    Lightning's ``log`` finds the terms out anew for each value, down to the signature of ``training_step``, compares
    them with those there are, and walks through all that belongs to the quantity to bring it to the value's device.
    Whatever isn't plainly the same again is left to it.

    Parameters
    ----------
    module : LightningModule
        Who logs.
    logged : Logged
        Where the sums are.
    """

    def __init__(self, module: Any, logged: Logged) -> None:
        self._module = module
        self._logged = logged
        self._known: dict[tuple[str, str], tuple[Any, dict[str, Any]]] = {}

    def __call__(self, name: str, value: Any, *arguments: Any, batch_size: int | None = None, **terms: Any) -> None:
        """Log a value; see ``LightningModule.log``."""
        logged, under = self._logged, self._module._current_fx_name  # noqa: SLF001 - as Lightning's own asks
        metric, known = self._known.get((under, name), (None, None))
        results = logged.current
        if (
            metric is None
            or arguments
            or known != terms
            or metric is not results.get(f"{under}.{name}")
            or type(value) is not torch.Tensor
            or value.numel() != 1
            or value.device != metric.value.device
            or logged.should_reset_tensors(under)
        ):
            self._by_lightning(name, value, *arguments, batch_size=batch_size, **terms)
            return
        size = results._extract_batch_size(metric, batch_size, metric.meta)  # noqa: SLF001 - as Lightning's own does
        metric.forward(value.detach().squeeze(), size)
        metric.has_reset = False
        logged._current_fx = under  # noqa: SLF001 - as above

    def _by_lightning(self, name: str, value: Any, *arguments: Any, **terms: Any) -> None:
        original_log(self._module)(name, value, *arguments, **terms)
        under = self._module._current_fx_name  # noqa: SLF001 - as above
        metric = self._logged.current.get(f"{under}.{name}")
        # Values of several loaders, and objects that measure, are Lightning's to look after.
        if metric is not None and metric.is_tensor and not arguments and not terms.get("enable_graph"):
            terms.pop("batch_size")
            self._known[under, name] = metric, terms

    def __reduce__(self) -> tuple[Callable[[Any], Any], tuple[Any]]:
        # A copy of the module, which its own code may make at any time, logs as any module does.
        return original_log, (self._module,)


def original_log(module: Any) -> MethodType:
    """Give a module's own ``log``."""
    return MethodType(type(module).log, module)
