"""Lightning's own pieces, of the package a module comes from: ``lightning`` or ``pytorch_lightning``.

The two ship the same code under two names, and objects of one aren't instances of the other's classes.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError

_CORE = ".core.module"
"""Where both packages define ``LightningModule``."""


class Library:
    """What the recipe takes from one of the packages.

    Parameters
    ----------
    root : str
        ``lightning.pytorch`` or ``pytorch_lightning``.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        results = self._module("trainer.connectors.logger_connector.result")
        self.hook = self._module("trainer.call")._call_lightning_module_hook  # noqa: SLF001 - marks what logs
        self.configure = self._module("core.optimizer")._init_optimizers_and_lr_schedulers  # noqa: SLF001 - all shapes
        self.nothing_to_optimize: type = self._module("core.optimizer")._MockOptimizer  # noqa: SLF001 - stands for None
        self.results: Any = results._ResultCollection  # noqa: SLF001 - reduces what is logged, as the Trainer does
        self.strategy: Any = self._module("strategies").SingleDeviceStrategy
        self.precision: Any = self._module("plugins.precision").Precision
        self.profiler: Any = self._module("profilers").PassThroughProfiler
        self.clipping: Any = self._module("plugins.precision.precision").GradClipAlgorithmType
        self.is_overridden = self._module("utilities.model_helpers").is_overridden
        self.has_parameter = self._module("utilities.signature_utils").is_param_in_hook_signature
        self.module: Any = self._module("core.module").LightningModule
        self._transfer_hooks: Any = self._module("core.hooks").DataHooks

    def transfers(self, hook: str, owner: Any) -> bool:
        """Say whether a module or data module changes batches in a hook of its own."""
        return getattr(type(owner), hook) is not getattr(self._transfer_hooks, hook)

    def _module(self, name: str) -> Any:
        return import_module(f"{self.root}.{name}")


def root_of(model: Any) -> str | None:
    """Tell from which package a module comes; None if it is no ``LightningModule``. Imports nothing."""
    kind = model if isinstance(model, type) else type(model)
    for base in kind.__mro__:
        if base.__name__ == "LightningModule" and base.__module__.endswith(_CORE):
            return base.__module__.removesuffix(_CORE)
    return None


def library_of(model: Any) -> Library:
    """Give the pieces that fit a module.

    Raises
    ------
    ConfigurationError
        If it is no ``LightningModule``.
    """
    root = root_of(model)
    if root is None:
        msg = f"model: the recipe 'lightning' trains a LightningModule, got {type(model).__name__}."
        raise ConfigurationError(msg)
    return Library(root)
