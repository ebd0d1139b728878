"""A ``LightningDataModule``: prepared, set up, and asked for its loaders, as Lightning's Trainer would.

What it does to batches on their way to the device is the recipe's business, which calls its hooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.seeds import derive
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.foreign import globals as global_generators
from dltrainer_jupyter.data.foreign.recognition import kind_of

_TRANSFER = ("on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer")
_DRAWS = {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial"}


def opened(module: Any, spec: RunSpec, *, alone: bool) -> tuple[Any, Any, str | None]:
    """Set a data module up and take its loaders.

    Random numbers that it draws meanwhile, for a split, say, are the same in every process: PyTorch's come from a
    generator of the run's.

    Parameters
    ----------
    module : LightningDataModule
        The run's own copy.
    spec : RunSpec
        Its seed, and whether there is to be a validation.
    alone : bool
        Whether nobody else draws random numbers in this process.

    Returns
    -------
    training : object
        A loader.
    validation : object or None
        Another, where the module has one.
    doubt : str or None
        Why a resumed run may see other batches.

    Raises
    ------
    ConfigurationError
        If it gives several loaders at once, or changes batches in hooks that the run's recipe doesn't call.
    """
    if spec.recipe.type != "lightning" and (hooks := [hook for hook in _TRANSFER if _overrides(module, hook)]):
        msg = (
            f"data: {type(module).__name__}.{hooks[0]} is only called for a LightningModule; change batches elsewhere."
        )
        raise ConfigurationError(msg)
    doubts: list[str] = []
    with _own_numbers(derive(spec.seed, "data module"), doubts, alone=alone):
        module.prepare_data()
        module.setup(stage="fit")
        training = _single(module, "train_dataloader")
        validates = spec.validation is not False and _overrides(module, "val_dataloader")
        validation = _single(module, "val_dataloader") if validates else None
    if training is None:
        msg = f"data: {type(module).__name__}.train_dataloader gave no loader."
        raise ConfigurationError(msg)
    return training, validation, next(iter(doubts), None)


def _overrides(module: Any, method: str) -> bool:
    """Say whether a module has a method of its own rather than Lightning's; data sets may have made it one."""
    giver = str(getattr(type(module), method).__module__)
    return method in vars(module) or giver.partition(".")[0] not in {"lightning", "pytorch_lightning"}


def _single(module: Any, method: str) -> Any:
    """Ask for a loader; None where there is none."""
    given = getattr(module, method)()
    if isinstance(given, list | tuple) and len(given) <= 1:
        given = given[0] if given else None
    if given is None:
        return None
    if isinstance(given, list | tuple | Mapping) or type(given).__name__ == "CombinedLoader":
        msg = f"data: {type(module).__name__}.{method} gave several loaders, and a run has one; join them."
        raise ConfigurationError(msg)
    if kind_of(given) is None:
        msg = f"data: {type(module).__name__}.{method} should give a loader, got {type(given).__name__}."
        raise ConfigurationError(msg)
    return given


@contextmanager
def _own_numbers(seed: int, doubts: list[str], *, alone: bool) -> Iterator[None]:
    """Let code draw random numbers that depend on a seed alone; add to the doubts if it drew others."""
    if alone:
        with global_generators.lent(seed):
            yield
        return
    before = global_generators.state()
    with _OwnGenerator(torch.Generator().manual_seed(seed)):
        yield
    if not global_generators.unchanged(before):
        doubts.append(
            "the data module's setup draws from generators that other cells share; give it ones of its own, or "
            "--executor process keeps them apart"
        )


class _OwnGenerator(TorchFunctionMode):
    """Give random operations of this thread a generator, even those that name the global one, as random_split does."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self._generator = generator

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        asked = kwargs.get("generator")
        if getattr(func, "__name__", "") in _DRAWS and (asked is None or asked is torch.default_generator):
            kwargs = {**kwargs, "generator": self._generator}
        return func(*args, **kwargs)
