"""What a module finds under ``self.trainer``: what a Trainer with one device, no logger and no callbacks tells it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Course
from dltrainer_jupyter.core.spec import RunSpec

if TYPE_CHECKING:
    import torch

    from dltrainer_jupyter.recipes.lightning.library import Library
    from dltrainer_jupyter.recipes.lightning.logged import Logged


class NoSuchTrainerPartError(ConfigurationError, AttributeError):
    """A module asked its trainer for something that only Lightning's own Trainer has."""


class _Accelerators:
    is_distributed = False


class StandIn:
    """In place of a ``lightning.Trainer``.

    Parameters
    ----------
    module : LightningModule
        What is trained.
    library : Library
        Pieces of the package it comes from.
    device : torch.device
        Where it is.
    precision : Precision
        Lightning's plugin, through which backward passes and updates go.
    logged : Logged
        What the module logs, for whoever reads it.

    Attributes
    ----------
    current_epoch : int
        Counted from 0.
    global_step : int
        Updates made by optimizers.
    num_training_batches : int or float
        Batches in an epoch; infinite where it isn't known.
    """

    barebones = fast_dev_run = sanity_checking = testing = predicting = False
    is_global_zero = True
    received_sigterm = False
    global_rank = local_rank = node_rank = 0
    world_size = num_devices = num_nodes = 1
    max_steps = -1
    min_steps = max_time = None
    min_epochs = 0
    check_val_every_n_epoch = 1
    log_every_n_steps = 50
    logger = log_dir = progress_bar_callback = None
    num_val_batches: tuple[int | float, ...] = ()
    _accelerator_connector = _Accelerators

    def __init__(self, module: Any, library: Library, device: torch.device, precision: Any, logged: Logged) -> None:
        self.lightning_module = self.model = module
        self.precision_plugin = precision
        self.strategy = library.strategy(device=device, precision_plugin=precision)
        self.strategy.connect(module)
        self.profiler = library.profiler()
        self._library = library
        self._logged = logged
        self.loggers: list[Any] = []
        self.callbacks: list[Any] = []
        self.datamodule: Any = None
        self.training, self.validating = True, False
        self.is_last_batch = False
        self.current_epoch = self.global_step = 0
        self.max_epochs = 1
        self.num_training_batches: int | float = math.inf
        self.accumulate_grad_batches = 1
        self.gradient_clip_val: float | None = None
        self.gradient_clip_algorithm: Any = None
        self.precision = "32-true"
        self.default_root_dir = str(Path.cwd())
        self._length_known = False

    # --- from the loop ------------------------------------------------------------------------------

    def follow(self, course: Course) -> None:
        """Take in where the training stands."""
        self.current_epoch = course.epoch - 1
        self.max_epochs = course.epochs
        known = course.steps_per_epoch
        self.num_training_batches = math.inf if known is None else known
        self._length_known = True

    def heed(self, spec: RunSpec) -> None:
        """Take in what the specification says and a module may ask for."""
        self.accumulate_grad_batches = spec.gradient_accumulation
        self.precision = spec.precision
        if (clipping := spec.gradient_clipping) is not None:
            self.gradient_clip_val = clipping.norm or clipping.value
            self.gradient_clip_algorithm = self._library.clipping("value" if clipping.norm is None else "norm")
        if spec.validation is not False:
            self.check_val_every_n_epoch = spec.validation.interval

    # --- for the module -----------------------------------------------------------------------------

    @property
    def optimizers(self) -> list[Any]:
        """Those that ``configure_optimizers`` made."""
        return list(self.strategy.optimizers)

    @property
    def lr_scheduler_configs(self) -> list[Any]:
        """Schedulers with how they are stepped."""
        return list(self.strategy.lr_scheduler_configs)

    @property
    def estimated_stepping_batches(self) -> int | float:
        """Updates in the whole training."""
        if not self._length_known:
            msg = (
                "self.trainer.estimated_stepping_batches isn't known while the optimizers are made; give the "
                "scheduler its number of steps as an argument of the module."
            )
            raise NoSuchTrainerPartError(msg)
        if math.isinf(self.num_training_batches):
            return self.max_steps
        return math.ceil(self.num_training_batches / self.accumulate_grad_batches) * max(self.max_epochs, 1)

    @property
    def callback_metrics(self) -> dict[str, torch.Tensor]:
        """What was logged, by name."""
        return self._logged.callback_metrics()

    @property
    def logged_metrics(self) -> dict[str, torch.Tensor]:
        """What was logged and not kept from loggers."""
        return self._logged.logged_metrics()

    @property
    def progress_bar_metrics(self) -> dict[str, float]:
        """What was logged for the progress bar."""
        return self._logged.progress_bar_metrics()

    @property
    def evaluating(self) -> bool:
        """Whether it validates."""
        return self.validating

    @property
    def should_stop(self) -> bool:
        """Whether the training is asked to stop."""
        return False

    @should_stop.setter
    def should_stop(self, value: bool) -> None:
        if value:
            msg = "self.trainer.should_stop can't be set here; use early_stopping, or run.stop()."
            raise NoSuchTrainerPartError(msg)

    # --- for Lightning's own code -------------------------------------------------------------------

    @property
    def _results(self) -> Any:
        return self._logged.current

    @property
    def _logger_connector(self) -> Logged:
        return self._logged

    def __getattr__(self, name: str) -> Any:
        msg = (
            f"self.trainer.{name} isn't there: this training runs without Lightning's Trainer. Leave it out of the "
            "module."
        )
        raise NoSuchTrainerPartError(msg)
