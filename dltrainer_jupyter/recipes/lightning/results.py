"""Lightning's collection of what is logged, which looks at the terms of a quantity once instead of at each batch."""

from __future__ import annotations

import functools
from typing import Any

import torch


@functools.cache
def direct(collection: type) -> type:
    """Make a class of collections that add up what is logged under the terms of the last time directly.

    Lightning writes the terms down anew for each value, compares them with those there are, and walks through all that
    belongs to the quantity to bring it to the device of the value.

    Parameters
    ----------
    collection : type
        Lightning's ``_ResultCollection``, of one of the packages it comes in.
    """

    class DirectResults(collection):  # type: ignore[misc]
        def __init__(self, *, training: bool) -> None:
            super().__init__(training)
            self._terms: dict[str, tuple[Any, dict[str, Any]]] = {}

        def log(self, fx: str, name: str, value: Any, *, batch_size: int | None = None, **terms: Any) -> None:
            """Add a value to the sums of a quantity; see ``LightningModule.log``."""
            key = f"{fx}.{name}"
            metric, known = self._terms.get(key, (None, None))
            if (
                metric is not None
                and metric is self.get(key)
                and known == terms
                and type(value) is torch.Tensor
                and value.device == metric.value.device
            ):
                self.update_metrics(key, value.detach(), self._extract_batch_size(metric, batch_size, metric.meta))
                return
            super().log(fx, name, value, batch_size=batch_size, **terms)
            # Sets of data with an index of their own, and objects that measure, are Lightning's to look after.
            if key in self and self[key].is_tensor and not terms.get("enable_graph"):
                self._terms[key] = (self[key], terms)

    return DirectResults
