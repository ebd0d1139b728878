"""How a module's methods are called: by Lightning, or directly where Lightning has nothing to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.recipes.lightning.direct_log import DirectLog

if TYPE_CHECKING:
    from dltrainer_jupyter.recipes.lightning.library import Library
    from dltrainer_jupyter.recipes.lightning.logged import Logged
    from dltrainer_jupyter.recipes.lightning.stand_in import StandIn

_EMPTY = (
    "on_train_batch_start",
    "on_train_batch_end",
    "on_validation_batch_start",
    "on_validation_batch_end",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
)
"""What comes with each batch and does nothing in a module that doesn't say what."""
_FILED_UNDER = "_current_fx_name"
"""Where a module notes which of its methods logs."""


class Hooks:
    """Lightning's own way, which :class:`DirectHooks` must equal.

    Parameters
    ----------
    module : LightningModule
        Whose methods.
    library : Library
        Pieces of the package it comes from.
    trainer : StandIn
        Its trainer.
    logged : Logged
        What it logs.
    """

    def __init__(self, module: Any, library: Library, trainer: StandIn, logged: Logged) -> None:
        self._module = module
        self._logged = logged
        self._library = library
        self._trainer = trainer

    def __call__(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Call a method, so that what it logs is filed under its name."""
        return self._library.hook(self._trainer, name, *arguments, **named)

    def is_lightnings(self, name: str) -> bool:  # noqa: ARG002 - Lightning looks for itself
        """Say whether a method is the one every module has, and may be done without calling it."""
        return False


class DirectHooks(Hooks):
    """Calls what a module has, and nothing where it has nothing: most of the ten calls of a batch.

    The module is looked at anew each time, since anybody may give it another method at any time.
    """

    def __init__(self, module: Any, library: Library, trainer: StandIn, logged: Logged) -> None:
        super().__init__(module, library, trainer, logged)
        self._attributes: dict[str, Any] = vars(module)
        self._log = DirectLog(module, logged)
        self._empty: Mapping[str, Any] = {name: getattr(library.module, name) for name in _EMPTY}

    def __call__(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Call a method, so that what it logs is filed under its name."""
        method = getattr(self._module, name)
        if name in self._empty and getattr(method, "__func__", None) is self._empty[name]:
            return None
        attributes = self._attributes
        outer = attributes[_FILED_UNDER]
        attributes[_FILED_UNDER] = name
        # Only while its own code runs: whoever looks at the module in between finds its attributes alone.
        lends = "log" not in attributes and type(self._module).log is self._library.module.log
        if lends:
            attributes["log"] = self._log
        try:
            given = method(*arguments, **named)
        finally:
            if lends:
                attributes.pop("log", None)
        attributes[_FILED_UNDER] = outer
        return given

    def is_lightnings(self, name: str) -> bool:
        """Say whether a method is the one every module has, and may be done without calling it."""
        return getattr(getattr(self._module, name), "__func__", None) is getattr(self._library.module, name)
