"""A module in training: its hooks in the Trainer's order, its steps, what it logs, and its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, Course, TrainState
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.recipes.lightning.hooks import DirectHooks, Hooks
from dltrainer_jupyter.recipes.lightning.keeping import unharmed
from dltrainer_jupyter.recipes.lightning.library import library_of
from dltrainer_jupyter.recipes.lightning.logged import Logged, to_host
from dltrainer_jupyter.recipes.lightning.memory import Memory
from dltrainer_jupyter.recipes.lightning.optimization import Automatic, Manual, Pieces, step_schedulers
from dltrainer_jupyter.recipes.lightning.refusals import check_module, check_optimizers
from dltrainer_jupyter.recipes.lightning.stand_in import StandIn

if TYPE_CHECKING:
    import torch

_TRANSFER = ("on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer")


class Fit:
    """What a Trainer's ``fit`` does, a batch at a time.

    Parameters
    ----------
    module : LightningModule
        On its device.
    spec : RunSpec, optional
        What a module may ask its trainer for.
    course : Course, optional
        How long the training will be, for schedulers that ask.
    datamodule : LightningDataModule, optional
        Where the data comes from.

    Attributes
    ----------
    optimizers : dict of str to torch.optim.Optimizer
        Named ``optimizer``, ``optimizer2`` …
    """

    def __init__(self, module: Any, *, spec: RunSpec | None, course: Course | None, datamodule: Any) -> None:
        check_module(module, spec)
        self.module = module
        self._library = library_of(module)
        device = module.device
        self._logged = Logged(self._library)
        plugin = self._library.precision()
        self._trainer = StandIn(module, self._library, device, plugin, self._logged)
        direct = spec is None or spec.fast.direct_calls
        self._hook = (DirectHooks if direct else Hooks)(module, self._library, self._trainer, self._logged)
        kind = Automatic if module.automatic_optimization else Manual
        self._optimization: Automatic | Manual = kind(self._library, plugin, self._hook)
        self._trainer.datamodule = datamodule
        if datamodule is not None:
            datamodule.trainer = self._trainer
        if course is not None:
            self._trainer.follow(course)
        if spec is not None:
            self._trainer.heed(spec)
        module.trainer = self._trainer
        self._validates = self._library.is_overridden("validation_step", module)
        self._indexed = {
            name: self._library.has_parameter(getattr(module, name), "batch_idx", min_args=2)
            for name in ("training_step", "validation_step")
        }
        self._set_up(device)
        made = self._trainer.strategy.optimizers
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            f"optimizer{number}" if number > 1 else "optimizer": optimizer
            for number, optimizer in enumerate(made, start=1)
            if not isinstance(optimizer, self._library.nothing_to_optimize)
        }
        self._optimization.attach(self._trainer, self.optimizers)
        self._transfers = [(name, owner) for name in _TRANSFER if (owner := self._owner_of(name)) is not None]
        self._memory = Memory(module, self._library, self._trainer, self._logged)
        self._batch = self._validated = 0
        self._expects_validation = False
        self._looks = True
        self._loaded: Mapping[str, Any] | None = None
        self._before_validation: dict[str, Any] | None = None

    def _set_up(self, device: torch.device) -> None:
        """Let the module make what it hasn't made yet, and its optimizers."""
        if self._library.is_overridden("prepare_data", self.module):
            self._hook("prepare_data")
        self._hook("setup", stage="fit")
        if self._library.is_overridden("configure_model", self.module):
            self._hook("configure_model")
        self.module.to(device)
        strategy = self._trainer.strategy
        strategy.optimizers, strategy.lr_scheduler_configs = self._library.configure(self.module)
        check_optimizers(self.module, strategy.optimizers)
        known = {id(parameter) for parameter in self.module.parameters()}
        for optimizer in strategy.optimizers:
            groups = [] if isinstance(optimizer, self._library.nothing_to_optimize) else optimizer.param_groups
            if strange := sum(id(parameter) not in known for group in groups for parameter in group["params"]):
                msg = (
                    f"configure_optimizers: {strange} parameters of {type(optimizer).__name__} don't belong to the "
                    "module, so no checkpoint would keep them; make them attributes of the module."
                )
                raise ConfigurationError(msg)

    def serve(self, state: TrainState, ops: Pieces) -> None:
        """Compute with these from now on."""
        self._optimization.serve(state, ops)

    def follow(self, course: Course) -> None:
        """Take in where the training stands, and how long it is."""
        self._trainer.follow(course)

    def length_in_use(self) -> str | None:
        """Say what of the module's was made for the length of the training; None if nothing was."""
        if not self._trainer.lr_scheduler_configs:
            return None
        return "the module has learning-rate schedulers of its own, which were made for the length it has."

    # --- before and after ---------------------------------------------------------------------------

    def begin(self, course: Course) -> None:
        """Call the start hooks; go on from what was loaded, if anything was."""
        self._trainer.follow(course)
        self._batch, self._expects_validation = course.consumed, course.validates and self._validates
        self._memory.begin()
        loaded, self._loaded = self._loaded, None
        if loaded is None:
            self._start()
            return
        with unharmed(self.module, list(self.optimizers.values())):
            self._hook("on_load_checkpoint", self._memory.extra_of(loaded))
            self._start()
        self._memory.load_state(loaded)

    def _start(self) -> None:
        # What they draw leaves no trace: they are called again whenever the training goes on.
        with self._optimization.drawing("start"):
            self._hook("on_fit_start")
            self._hook("on_train_start")

    def end(self) -> None:
        """Call the hooks after the last epoch."""
        with self._optimization.drawing():
            self._hook("on_train_end")
            self._hook("on_fit_end")
            if self._trainer.datamodule is not None:
                self._trainer.datamodule.teardown(stage="fit")
            self._hook("teardown", stage="fit")

    # --- training -----------------------------------------------------------------------------------

    def begin_epoch(self, course: Course) -> None:
        """Call the hook of an epoch's start."""
        self._trainer.follow(course)
        self._batch, self._expects_validation = 0, course.validates and self._validates
        self._memory.epoch_stepped = False
        with self._optimization.drawing():
            self._hook("on_train_epoch_start")

    def train_batch(self, given: Batch) -> torch.Tensor | None:
        """Learn from a batch; give the loss, on the device, where the module returns one."""
        trainer, index = self._trainer, self._batch
        batch = self._transferred(given)
        last = trainer.is_last_batch = index + 1 == trainer.num_training_batches
        self._logged.begin_batch(batch)
        if self._hook("on_train_batch_start", batch, index) == -1:
            msg = "on_train_batch_start returned -1, which can't be done here: an epoch has the batches its data has."
            raise ConfigurationError(msg)
        arguments = (batch, index) if self._indexed["training_step"] else (batch,)
        loss, outputs = self._optimization.step(index, arguments)
        if not self._optimization.accumulates:
            step_schedulers(trainer, self._hook, "step", index, on_plateau=False)
        if last:
            self._step_epoch()
        self._hook("on_train_batch_end", outputs, batch, index)
        self._logged.end_batch()
        if not (last and self._expects_validation):
            self._step_plateau(index)
        if last or trainer.num_training_batches == float("inf"):
            self._memory.note_modes()
        self._batch += 1
        if self._looks:
            # Once, so that even a short run tells; later at every checkpoint.
            self._looks = False
            self._memory.look()
        return loss

    def end_epoch(self) -> dict[str, float]:
        """Close an epoch."""
        self._step_epoch()
        if self._expects_validation and self._trainer.num_training_batches != float("inf"):
            # That of the last batch, which may watch what validation has logged.
            self._step_plateau(self._batch - 1)
        # What is logged for steps alone has no value of the epoch; the last one stands for it, but the loss has one.
        values = {name: value for name, value in self._logged.last_values().items() if name != "train_loss"}
        self._logged.end_batches()
        with self._optimization.drawing():
            self._hook("on_train_epoch_end")
        values |= self._logged.end_epoch()
        step_schedulers(self._trainer, self._hook, "epoch", self._batch - 1, on_plateau=True)
        self._logged.forget()
        self._trainer.current_epoch += 1
        return to_host(values)

    def _step_epoch(self) -> None:
        """Step the schedulers that count epochs, once an epoch: at its last batch, or after it if that is unknown."""
        if not self._memory.epoch_stepped:
            self._memory.epoch_stepped = True
            step_schedulers(self._trainer, self._hook, "epoch", self._batch, on_plateau=False)

    def _step_plateau(self, index: int) -> None:
        if not self._optimization.accumulates:
            step_schedulers(self._trainer, self._hook, "step", index, on_plateau=True)

    # --- validation ---------------------------------------------------------------------------------

    def begin_validation(self) -> None:
        """Call the hooks of a validation's start."""
        self._step_epoch()
        if not self._validates:
            return
        self._before_validation = self._memory.state()
        self._validated = 0
        self._logged.validate()
        self._trainer.training, self._trainer.validating = False, True
        if not self._optimization.accumulates:
            self._hook("on_validation_model_zero_grad")
        if self._library.is_overridden("on_validation_model_eval", self.module):
            self._hook("on_validation_model_eval")
        self._hook("on_validation_start")
        self._hook("on_validation_epoch_start")

    def validate_batch(self, given: Batch) -> None:
        """Measure a batch, in a validation."""
        if self._before_validation is None:
            return
        index = self._validated
        batch = self._transferred(given)
        self._logged.begin_batch(batch)
        self._hook("on_validation_batch_start", batch, index)
        outputs = self._hook("validation_step", *((batch, index) if self._indexed["validation_step"] else (batch,)))
        self._hook("on_validation_batch_end", outputs, batch, index)
        self._logged.end_batch()
        self._validated += 1

    def end_validation(self) -> dict[str, float]:
        """Close a validation."""
        if self._before_validation is None:
            return {}
        self._logged.end_batches()
        self._hook("on_validation_epoch_end")
        values = self._logged.end_epoch()
        self._hook("on_validation_end")
        self._logged.forget()
        if self._library.is_overridden("on_validation_model_train", self.module):
            self._hook("on_validation_model_train")
        self._logged.train()
        self._trainer.training, self._trainer.validating = True, False
        self._before_validation = None
        return to_host(values)

    # --- batches ------------------------------------------------------------------------------------

    def _owner_of(self, hook: str) -> Any:
        """Find who changes batches on their way to the device: the data module before the module, as in Lightning."""
        owners = [self._trainer.datamodule, self.module]
        return next((owner for owner in owners if owner is not None and self._library.transfers(hook, owner)), None)

    def _transferred(self, given: Batch) -> Any:
        """Give a batch in the structure its loader gave it, after the hooks of its transfer."""
        batch = [given.inputs, given.targets] if given.whole is None else given.whole
        for name, owner in self._transfers:
            device = (self.module.device,) if name == "transfer_batch_to_device" else ()
            batch = getattr(owner, name)(batch, *device, 0)
        return batch

    # --- for the loop -------------------------------------------------------------------------------

    @property
    def own_rate(self) -> float | None:
        """The first optimizer's rate, where a scheduler sets it, or several optimizers have rates of their own."""
        if not self.optimizers or (len(self.optimizers) == 1 and not self._trainer.lr_scheduler_configs):
            return None
        return float(next(iter(self.optimizers.values())).param_groups[0]["lr"])

    def inexact_because(self) -> str | None:
        """Name what changes and isn't kept."""
        names = ", ".join(f"self.{name}" for name in self._memory.lost)
        return f"{names} changes in training, and no checkpoint can hold it" if names else None

    def state(self) -> dict[str, Any]:
        """Give the module's own state; in a validation that from before it, which is then made again."""
        return self._memory.state() if self._before_validation is None else self._before_validation

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Remember a state for :meth:`begin`: start hooks come first, and must not undo it."""
        if len(state["schedulers"]) != len(self._trainer.lr_scheduler_configs):
            msg = (
                f"The checkpoint has {len(state['schedulers'])} learning-rate schedulers, the module "
                f"{len(self._trainer.lr_scheduler_configs)}."
            )
            raise CheckpointError(msg)
        self._loaded = state
