"""The state of a module in training besides weights and optimizers, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.recipes.lightning.attributes import Attributes
from dltrainer_jupyter.recipes.lightning.values import Decoder, UnsavableError, encode

if TYPE_CHECKING:
    from dltrainer_jupyter.recipes.lightning.library import Library
    from dltrainer_jupyter.recipes.lightning.logged import Logged
    from dltrainer_jupyter.recipes.lightning.stand_in import StandIn

_ELSEWHERE = ("state_dict", "optimizer_states", "lr_schedulers", "loops", "callbacks", "hyper_parameters")
"""Keys of the Trainer's checkpoints that ours keep in other places."""


class _Checkpoint(dict[str, Any]):
    """What ``on_save_checkpoint`` writes into and ``on_load_checkpoint`` reads from."""

    def __missing__(self, key: str) -> Any:
        if key in _ELSEWHERE:
            msg = (
                f"checkpoint['{key}'] isn't there in on_save_checkpoint and on_load_checkpoint: weights, optimizers "
                "and schedulers are kept apart. Put what the module needs besides under a key of its own."
            )
            raise ConfigurationError(msg)
        raise KeyError(key)


class Memory:
    """Gathers what has to be kept, and puts it back.

    Parameters
    ----------
    module, library, trainer, logged
        What has a state.

    Attributes
    ----------
    epoch_stepped : bool
        Whether the schedulers that count epochs have been stepped in this one.
    """

    def __init__(self, module: Any, library: Library, trainer: StandIn, logged: Logged) -> None:
        self._module = module
        self._library = library
        self._trainer = trainer
        self._logged = logged
        self._decoder = Decoder(module.device)
        self._watched: Attributes | None = None
        self._evaluating: list[str] = []
        self.epoch_stepped = False

    def begin(self) -> Attributes:
        """Remember the attributes as they are before training, if that hasn't been done."""
        if self._watched is None:
            self._watched = Attributes(self._module, self._library)
        return self._watched

    def note_modes(self) -> None:
        """Remember which parts are in evaluation mode: while the whole is, nobody could tell."""
        self._evaluating = [name for name, part in self._module.named_modules() if not part.training]

    @property
    def lost(self) -> list[str]:
        """Names of attributes that were seen to change, and that a checkpoint can't hold."""
        return [] if self._watched is None else self._watched.lost

    def look(self) -> None:
        """See which attributes have changed."""
        self.begin().state()

    def state(self) -> dict[str, Any]:
        """Give everything, in NumPy arrays and JSON types.

        Raises
        ------
        UnsavableError
            If a scheduler's state, or what ``on_save_checkpoint`` adds, is of another kind; the message says what.
        """
        if not self._trainer.validating and self._module.training:
            self.note_modes()
        return {
            "global_step": self._trainer.global_step,
            "epoch_stepped": self.epoch_stepped,
            "schedulers": [
                encode(config.scheduler.state_dict(), f"{type(config.scheduler).__name__}.state_dict()")
                for config in self._trainer.lr_scheduler_configs
            ],
            "logged": self._logged.state(),
            "attributes": self.begin().state(),
            "evaluating": self._evaluating,
            "frozen": [name for name, parameter in self._module.named_parameters() if not parameter.requires_grad],
            "hparams": self._hparams(),
            "extra": self._extra(),
            "datamodule": self._of_datamodule(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Put everything in its place."""
        self._trainer.global_step = state["global_step"]
        self.epoch_stepped = state["epoch_stepped"]
        for config, kept in zip(self._trainer.lr_scheduler_configs, state["schedulers"], strict=True):
            config.scheduler.load_state_dict(self._decoder(kept))
        self.begin().load_state(state["attributes"], self._decoder)
        self._logged.load_state(state["logged"], self._module, self._trainer.strategy.reduce, self._decoder)
        self._evaluating = list(state["evaluating"])
        for name, part in self._module.named_modules():
            part.training = name not in self._evaluating
        for name, parameter in self._module.named_parameters():
            if parameter.requires_grad == (name in state["frozen"]):
                parameter.requires_grad_(name not in state["frozen"])
        self._module.hparams.update(self._decoder(state["hparams"]))
        if self._trainer.datamodule is not None:
            self._trainer.datamodule.load_state_dict(self._decoder(state["datamodule"]))

    def _hparams(self) -> dict[str, Any]:
        kept = {}
        for key, value in self._module.hparams.items():
            try:
                kept[key] = encode(value)
            except UnsavableError:
                continue  # an object handed to the module, which comes with it
        return kept

    def _of_datamodule(self) -> Any:
        datamodule = self._trainer.datamodule
        return (
            {} if datamodule is None else encode(datamodule.state_dict(), f"{type(datamodule).__name__}.state_dict()")
        )

    # --- of the module's own ------------------------------------------------------------------------

    def _extra(self) -> dict[str, Any]:
        """Ask the module what it wants kept."""
        checkpoint = self._empty()
        ours = set(checkpoint)
        self._library.hook(self._trainer, "on_save_checkpoint", checkpoint)
        return {
            key: encode(value, f"on_save_checkpoint: checkpoint['{key}']")
            for key, value in checkpoint.items()
            if key not in ours
        }

    def _empty(self) -> _Checkpoint:
        return _Checkpoint(epoch=self._trainer.current_epoch, global_step=self._trainer.global_step)

    def extra_of(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Give what ``on_save_checkpoint`` put into a checkpoint, for ``on_load_checkpoint``."""
        return _Checkpoint(
            {key: self._decoder(value) for key, value in state["extra"].items()},
            epoch=self._trainer.current_epoch,
            global_step=state["global_step"],
        )
