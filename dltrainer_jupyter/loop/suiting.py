"""Whether a model that a specification names suits the data and the machine, by what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from dltrainer_jupyter.adapters.own_loop import refusals as own_loop
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.choosing import is_several, position_of
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, first_line
from dltrainer_jupyter.core.protocols import Adapter, Batch, Follower, Recipe, Signature, TrainState
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.machine.gpus import Gpu, read_gpus

_IMAGE = 3
"""Dimensions of an image: channels, height, width."""
_GB = 1e9


def refuse_missing_framework(spec: RunSpec) -> None:
    """See that the framework is there; imports none.

    Raises
    ------
    UnknownNameError
        If nobody registered it.
    MissingPackageError
        If it isn't installed; names another one that is and that the model can be built for.
    """
    try:
        registry.check("adapters", spec.framework)
    except MissingPackageError as error:
        instead = next((it for it in _frameworks_of(spec.model) if _is_installed(it)), None)
        if instead is None:
            raise
        msg = f"{error}, or set framework: {instead}, which is installed"
        raise MissingPackageError(msg) from error


def _is_installed(framework: str) -> bool:
    try:
        registry.check("adapters", framework)
    except (ConfigurationError, MissingPackageError):
        return False
    return True


def _frameworks_of(model: Part) -> tuple[str, ...]:
    """Give the frameworks that a model by name can be built for; none if it doesn't say."""
    if model.is_user_object:
        return ()
    try:
        found = registry.find("models", model.type)
        said = registry.metadata("models", model.type, None, found).frameworks
    except (ConfigurationError, MissingPackageError):
        return ()  # said by the check of the model
    # A plug-in may leave out with whom it runs, and has no method called own_loop: the methods of its loop say it.
    return said or (() if own_loop.lacking(found) else (own_loop.FRAMEWORK,))


def refuse_other_frameworks(spec: RunSpec) -> None:
    """See that the framework is one that the model can be built for; imports none.

    Raises
    ------
    ConfigurationError
        If it isn't; names those that are.
    """
    known = _frameworks_of(spec.model)
    if known and spec.framework not in known:
        msg = f"The model '{spec.model.type}' can't be built for {spec.framework}; set framework: {' or '.join(known)}."
        raise ConfigurationError(msg)


def refuse_other_sizes(spec: RunSpec, shape: Sequence[int]) -> None:
    """See that images are as large as the model takes them.

    Parameters
    ----------
    spec : RunSpec
        Names the model.
    shape : sequence of int
        Of one sample.

    Raises
    ------
    ConfigurationError
        If they aren't; says which step mends it.
    """
    if len(shape) != _IMAGE:
        return  # whoever describes a run without its data may not import its model either
    _, height, width = shape
    sizes = tuple(_said(spec, "supported_image_sizes") or ())
    if not sizes or (height in sizes and width in sizes):
        return
    nearest = min(sizes, key=lambda size: (abs(size - max(height, width)), size))
    msg = (
        f"model: '{spec.model}' takes images of {' or '.join(map(str, sizes))} pixels, got {height}×{width}; resize "
        f"them: preprocessing: [{{type: resize, size: {nearest}}}]."
    )
    raise ConfigurationError(msg)


def refuse_several(spec: RunSpec, signature: Signature) -> None:
    """Raise if a model that is built in, which takes one input and gives one output, is to learn from several."""
    several = signature.inputs or signature.target_names
    if several and not spec.model.is_user_object and registry.is_ours("models", spec.model.type):
        what = "inputs" if signature.inputs else "targets"
        msg = (
            f"model: '{spec.model}' takes one input and gives one output, and this data has several {what} "
            f"({', '.join(map(str, several))}); pass a model of your own."
        )
        raise ConfigurationError(msg)


def widths_of(
    adapter: Adapter, recipe: Recipe, state: TrainState, batches: Iterable[Batch], signature: Signature
) -> list[Any]:
    """Let the built model try some batches; give how many classes or values its outputs have, for each batch.

    Raises
    ------
    ConfigurationError
        If one can't be gone through; of several inputs or targets it names them, as frameworks say only what they
        didn't find.
    """
    try:
        return [adapter.check(recipe, state, batch) for batch in batches]
    except (KeyError, TypeError) as error:
        several = {"inputs": signature.inputs, "targets": signature.target_names}
        if not any(several.values()):
            raise
        said = first_line(_first_of(error))
        what = f"there is no {said}" if isinstance(error, KeyError) else f"TypeError: {said}"
        named = " and ".join(f"the {key} are {', '.join(map(str, names))}" for key, names in several.items() if names)
        msg = (
            f"Model, loss and data don't fit: {what}; {named}: take these by name where they came in a mapping, else "
            "by position."
        )
        raise ConfigurationError(msg) from error


def _first_of(error: BaseException) -> Exception:
    """Give what was raised first where one error of a kind was raised while another was handled, as Keras does."""
    while isinstance(error.__context__, type(error)):
        error = error.__context__
    return cast("Exception", error)


def width_of(widths: Any, signature: Signature) -> int | None:
    """Give how many classes or values the output has that is counted and examined; None of several outputs or targets.

    Parameters
    ----------
    widths : int, structure of int, or None
        How many classes or values each output has.
    signature : Signature
        Its targets go with the outputs of their names.

    Raises
    ------
    ConfigurationError
        If one of several outputs can tell fewer classes than its target has: some frameworks say nothing of it.
    """
    for target in signature.targets if is_several(widths) else ():
        at = position_of(widths, target["name"])
        width = None if at is None else widths[at]
        if target["task"] == "classification" and isinstance(width, int) and width < target["outputs"]:
            msg = (
                f"Labels out of range: the target '{target['name']}' has labels up to {target['outputs'] - 1}, but the "
                f"model's output of that name has {width} outputs; give it {target['outputs']}."
            )
            raise ConfigurationError(msg)
    return widths if isinstance(widths, int) and not signature.targets else None


def refuse_unknown_outputs(spec: RunSpec, signature: Signature) -> None:
    """Raise if a model by name doesn't know how many outputs to have."""
    if not signature.outputs and not spec.model.is_user_object:
        msg = (
            f"model: '{spec.model.type}' has to know how many classes there are, and this data doesn't tell; give its "
            "data set an attribute 'classes', or pass a model of your own."
        )
        raise ConfigurationError(msg)


def refuse_second_schedule(spec: RunSpec, adapter: Adapter, follower: Follower, state: TrainState) -> None:
    """Raise if the learning rate would be set from two sides."""
    if spec.scheduler is None and spec.learning_rate is None:
        return
    if follower.own_rate(state) is not None or adapter.learning_rate(state) is None:
        key = "learning_rate" if spec.scheduler is None else "scheduler"
        msg = (
            f"{key}: the model or its optimizer sets the learning rate by a schedule of its own, or doesn't show it "
            f"(optax does by inject_hyperparams); leave {key} out."
        )
        raise ConfigurationError(msg)


def memory_note(spec: RunSpec, device: Any, gpus: Callable[[], list[Gpu]] = read_gpus) -> str | None:
    """Say that a model asks for more memory of a GPU than there is; None if there is enough, or nobody knows.

    Parameters
    ----------
    spec : RunSpec
        What is trained.
    device : object
        What the adapter says it computes on.
    gpus : callable, optional
        Looks at the GPUs there are.
    """
    wanted = _said(spec, "min_gpu_memory_gb")
    if wanted is None:
        return None
    asks = f"The model '{spec.model}' asks for a GPU with {wanted:g} GB at least"
    if "cpu" in str(device).lower():
        return f"{asks}, and this run trains on the CPU: it may take long."
    found, number = gpus(), int((re.findall(r"\d+$", str(device)) or ["0"])[0])
    if number >= len(found) or found[number].memory_total_bytes >= wanted * _GB:
        return None
    return (
        f"{asks}, and {found[number].name} has {found[number].memory_total_bytes / _GB:.1f}: if it runs out of memory, "
        "take a smaller batch_size, precision: bf16-mixed, or another device."
    )


def _said(spec: RunSpec, key: str) -> Any:
    return None if spec.model.is_user_object else getattr(registry.find("models", spec.model.type), key, None)
