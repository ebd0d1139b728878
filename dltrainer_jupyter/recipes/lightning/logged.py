"""What a module logs, reduced over the epoch by Lightning's own collections, so that numbers equal the Trainer's.

Unlike the Trainer's, nothing comes to the host before somebody asks: not even what is for a progress bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.recipes.lightning.values import Decoder, encode

if TYPE_CHECKING:
    from dltrainer_jupyter.recipes.lightning.library import Library

_HOST_ONLY = ("epoch", "step")
"""Names that mean something to Lightning's loggers alone; a history has columns of its own for them."""

_REDUCTIONS = {
    **{f"torch.{name}": getattr(torch, name) for name in ("mean", "min", "max", "sum")},
    **{function.__name__: function for function in (min, max, sum)},
}


class Logged:
    """What was logged in this epoch, in training and in validation, and what anybody may read of it.

    Parameters
    ----------
    library : Library
        Pieces of the package the module comes from.
    """

    def __init__(self, library: Library) -> None:
        self._training = library.results(training=True)
        self._validation = library.results(training=False)
        self.current = self._training
        self._callback: dict[str, torch.Tensor] = {}
        self._log: dict[str, torch.Tensor] = {}
        self._bar: dict[str, torch.Tensor] = {}
        # As Lightning's own code calls them.
        self._current_fx: str | None = None
        self._first_loop_iter: bool | None = None
        self._first_of_training: bool | None = None

    # --- along the training -------------------------------------------------------------------------

    def begin_batch(self, batch: Any) -> None:
        """Expect what is logged of a batch."""
        self._first_loop_iter = self._first_loop_iter is None
        self.current.batch, self.current.batch_size = batch, None

    def end_batch(self) -> None:
        """Make what was logged of the batch readable."""
        self._take(on_step=True)
        self.current.batch = self.current.batch_size = None

    def end_batches(self) -> None:
        """Mean epochs from now on."""
        self._first_loop_iter = None

    def end_epoch(self) -> dict[str, torch.Tensor]:
        """Make the epoch's values readable, and give them by the names they were logged under."""
        self._take(on_step=False)
        self._current_fx = None
        return {
            metric.meta.name: value
            for metric, value in self._valid(on_step=False)
            if metric.meta.name not in _HOST_ONLY
        }

    def forget(self) -> None:
        """Begin a new epoch."""
        self.current.reset()
        self._first_loop_iter = self._current_fx = None

    def last_values(self) -> dict[str, torch.Tensor]:
        """Give what was logged in this epoch's steps alone: the last value of each."""
        return {
            metric.meta.name: metric._forward_cache  # noqa: SLF001 - nothing public holds it
            for _, metric in self.current.valid_items()
            if metric.meta.on_step
            and not metric.meta.on_epoch
            and metric._forward_cache is not None  # noqa: SLF001 - as above
            and metric.meta.name not in _HOST_ONLY
        }

    def validate(self) -> None:
        """Collect what validation logs."""
        self.current = self._validation
        self._first_of_training = self._first_loop_iter

    def train(self) -> None:
        """Collect what training logs again."""
        self.current = self._training
        self._first_loop_iter = self._first_of_training

    # --- for Lightning's own code -------------------------------------------------------------------

    def should_reset_tensors(self, fx: str) -> bool:
        """Say whether a hook logs for the first time in an epoch."""
        return self._current_fx != fx and self._first_loop_iter in {None, True}

    # --- for whoever reads --------------------------------------------------------------------------

    def callback_metrics(self) -> dict[str, torch.Tensor]:
        """Give what is meant for decisions."""
        self._take(on_step=self._first_loop_iter is not None)
        return self._callback

    def logged_metrics(self) -> dict[str, torch.Tensor]:
        """Give what is meant for loggers."""
        self._take(on_step=self._first_loop_iter is not None)
        return self._log

    def progress_bar_metrics(self) -> dict[str, float]:
        """Give what is meant for people, on the host."""
        self._take(on_step=self._first_loop_iter is not None)
        return {name: value.item() for name, value in self._bar.items()}

    def _valid(self, *, on_step: bool) -> Iterator[tuple[Any, torch.Tensor]]:
        for _, metric in self.current.valid_items():
            value = self.current._get_cache(metric, on_step)  # noqa: SLF001 - the reduction itself
            if isinstance(value, torch.Tensor):
                yield metric, value

    def _take(self, *, on_step: bool) -> None:
        for metric, value in self._valid(on_step=on_step):
            meta = metric.meta
            forked = meta.forked_name(on_step)
            if meta.logger:
                self._log[forked] = value
            if self.current.training or (meta.on_epoch and not on_step):
                self._callback[meta.name] = self._callback[forked] = value
            if meta.prog_bar:
                self._bar[forked] = value

    # --- state --------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Give the sums so far."""
        return {
            "training": {key: _entry(metric) for key, metric in self._training.items()},
            "validation": {key: _entry(metric) for key, metric in self._validation.items()},
            "readable": encode({"callback": self._callback, "log": self._log, "bar": self._bar}),
            "fx": self._current_fx,
            "first": self._first_loop_iter,
        }

    def load_state(self, state: Mapping[str, Any], module: torch.nn.Module, reduce: Any, decoder: Decoder) -> None:
        """Go on from sums.

        Parameters
        ----------
        state : mapping
            Of :meth:`state`.
        module : LightningModule
            Holds the metric objects that were logged.
        reduce : callable
            The strategy's, which every entry mentions.
        decoder : Decoder
            Makes tensors.
        """
        for results, kept in ((self._training, state["training"]), (self._validation, state["validation"])):
            results.clear()
            for key, entry in kept.items():
                results[key] = _restored(results, key, entry, module=module, reduce=reduce, decoder=decoder)
        readable = decoder(state["readable"])
        self._callback, self._log, self._bar = readable["callback"], readable["log"], readable["bar"]
        self._current_fx, self._first_loop_iter = state["fx"], state["first"]


_FLAGS = ("prog_bar", "logger", "on_step", "on_epoch", "enable_graph", "add_dataloader_idx", "metric_attribute")
_KEPT = ("value", "cumulated_batch_size", "_computed", "_forward_cache", "has_reset", "_update_count")


def _entry(metric: Any) -> dict[str, Any]:
    """Describe one logged quantity: how it is reduced, and its sums unless a metric object holds them."""
    meta = metric.meta
    kept = [name for name in _KEPT if name in vars(metric) and (metric.is_tensor or name != "value")]
    return {
        "fx": meta.fx,
        "name": meta.name,
        "flags": {flag: getattr(meta, flag) for flag in _FLAGS},
        "reduction": next(name for name, function in _REDUCTIONS.items() if function is meta.reduce_fx),
        "is_tensor": metric.is_tensor,
        "sums": encode({name: vars(metric)[name] for name in kept}),
    }


def _restored(
    results: Any, key: str, entry: Mapping[str, Any], *, module: torch.nn.Module, reduce: Any, decoder: Decoder
) -> Any:
    """Log something under the same terms, then put the sums in their place."""
    flags = dict(entry["flags"])
    value: Any = torch.zeros(()) if entry["is_tensor"] else module.get_submodule(flags["metric_attribute"])
    results.log(
        entry["fx"],
        entry["name"],
        value,
        reduce_fx=_REDUCTIONS[entry["reduction"]],
        sync_dist_fn=reduce,
        batch_size=1,
        **flags,
    )
    metric = results.pop(key)
    vars(metric).update(decoder(entry["sums"]))
    return metric


def to_host(values: Mapping[str, torch.Tensor]) -> dict[str, float]:
    """Bring what was logged to the host.

    Raises
    ------
    ConfigurationError
        If a metric object gave something else than one number.
    """
    if several := [name for name, value in values.items() if value.numel() != 1]:
        msg = f"self.log: '{several[0]}' has {values[several[0]].numel()} values, and a history has one an epoch."
        raise ConfigurationError(msg)
    return {name: float(value) for name, value in values.items()}
