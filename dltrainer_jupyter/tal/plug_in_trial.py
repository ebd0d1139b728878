"""A tiny trial of a part: a model is built, makes a step, its state is saved and loaded; a metric counts; and so on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.core.protocols import Samples, Signature, Task
from dltrainer_jupyter.core.registry.folder import told
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.loop.parts import close_data, load_data, make_adapter, make_recipe

__all__ = ["Outcome", "told", "trials"]

_SAMPLES, _OUTPUTS = 6, 3
_SIZES = (32, 28, 8)
_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Outcome:
    """What became of a trial."""

    what: str
    """What was tried."""
    problem: Exception | None = None
    """What went wrong, if anything."""


def trials(kind: registry.Kind, name: str, framework: str | None, part: Any) -> Iterator[Outcome]:
    """Try a part, whose name is registered, with the settings it has by default.

    Parameters
    ----------
    kind, name : str
        Of the part.
    framework : str, optional
        Whose it is.
    part : type
        The part.

    Yields
    ------
    Outcome
        One a framework for models, one for others. Kinds that need a server or a whole run aren't tried.
    """
    required = [key for key, it in part.Config.model_fields.items() if it.is_required()] if _has_settings(part) else []
    tried = _TRIALS.get(kind)
    if tried is None:
        yield Outcome(f"has what a {registry.SINGULAR[kind]} has to have, not tried")
        return
    if required:
        yield Outcome(f"not tried, as {' and '.join(required)} {'has' if len(required) == 1 else 'have'} no default")
        return
    for of in _frameworks(part) if kind == "models" else (framework,):
        if of is not None and not _is_installed(of):
            yield Outcome(f"not tried on {of}, which isn't installed")
            continue
        try:
            yield Outcome(tried(name, of, part))
        except Exception as error:  # noqa: BLE001 - the plug-in's own code may raise anything; its author is told
            yield Outcome(f"a trial{f' on {of}' if of else ''} failed", error)
    if kind == "models" and not _frameworks(part):
        known = " or ".join(registry.names("adapters"))
        msg = f"expected a method that builds it, called {known}, got none."
        yield Outcome("a trial failed", ConfigurationError(msg))


def _has_settings(part: Any) -> bool:
    return hasattr(part, "Config")


def _frameworks(part: Any) -> list[str]:
    return [it for it in registry.names("adapters") if callable(getattr(part, it, None))]


def _is_installed(framework: str) -> bool:
    try:
        registry.find("adapters", framework)
    except MissingPackageError:
        return False
    return True


# --- models ----------------------------------------------------------------------------------------------


def _model(name: str, framework: str | None, part: Any) -> str:
    """Build it for the first kind of samples that it takes, make a step, save and load its state."""
    settings: dict[str, Any] = {"model": name, "framework": framework}
    if (recipe := getattr(part, "recipe", None)) is not None:
        settings["recipe"] = recipe
    refused: dict[str, list[Exception]] = {}
    for signature in _signatures(part):
        spec = RunSpec(data="arrays", batch_size=_SAMPLES, **settings)
        try:
            _step(spec, signature)
        except Exception as error:  # noqa: BLE001 - it may be made for other samples
            refused.setdefault(str(error), []).append(error)
            continue
        shape = "×".join(map(str, signature.input_shape))
        return f"built for {framework} and samples of {shape}, one step made, state saved and loaded"
    # What is wrong whatever it is given is said most often.
    raise max(refused.values(), key=len)[0]


def _signatures(part: Any) -> Iterator[Signature]:
    """Give what samples may look like, images first."""
    tasks: tuple[Task, ...] = tuple(getattr(part, "task", ())) or ("classification",)
    task: Task = next((it for it in tasks if it in get_args(Task) and it != "detection"), "classification")
    sizes = tuple(getattr(part, "supported_image_sizes", None) or ()) or _SIZES
    shapes: list[tuple[int, ...]] = [(channels, size, size) for size in sizes for channels in (3, 1)]
    if task != "segmentation":
        shapes = [*shapes, (13,), (16, 4)]
    for shape in shapes:
        yield Signature(task=task, input_shape=shape, outputs=_OUTPUTS)


def _samples(signature: Signature) -> Samples:
    rng = np.random.default_rng(0)
    inputs = rng.random((_SAMPLES, *signature.input_shape), np.float32)
    if signature.task == "regression":
        return Samples(inputs, rng.random((_SAMPLES, signature.outputs), np.float32))
    shape = (_SAMPLES, *signature.input_shape[1:]) if signature.task == "segmentation" else (_SAMPLES,)
    return Samples(inputs, rng.integers(0, signature.outputs, shape))


def _step(spec: RunSpec, signature: Signature) -> None:
    """Make a step as the loop does, then put the state into a model built anew, which has to say the same."""
    samples = _samples(signature)
    adapter = make_adapter(spec, owns_process=False)
    with closing(adapter):
        adapter.open()
        recipe = make_recipe(spec, {})
        state = adapter.build(recipe, {}, signature)
        placed = adapter.place(samples)
        order = adapter.order(placed, np.arange(_SAMPLES))
        width = adapter.check(recipe, state, adapter.batch(placed, order, 0, _SAMPLES))
        if width is not None and width != signature.outputs:
            msg = f"expected {signature.outputs} outputs a sample, as signature.outputs says, got {width}."
            raise ConfigurationError(msg)
        state, output = adapter.train_step(recipe, state, adapter.batch(placed, order, 0, _SAMPLES))
        loss = float(adapter.losses([output.loss])[0])
        if not math.isfinite(loss):
            msg = f"expected a loss that is a number, got {loss}."
            raise ConfigurationError(msg)
        saved = adapter.save(state)
        again = adapter.save(adapter.load(adapter.build(recipe, {}, signature), saved))
        if lost := [it for it, array in saved.weights.items() if bytes(again.weights[it].data) != bytes(array.data)]:
            msg = f"its state doesn't come back as it was saved: {', '.join(lost[:3])}."
            raise ConfigurationError(msg)
        first, second = (
            type(adapter).predictor(spec, {}, signature, it.weights).outputs(samples.inputs) for it in (saved, again)
        )
        if not np.allclose(first, second, atol=_TOLERANCE, equal_nan=True):
            msg = "a model with its saved weights predicts something else: it draws at random in evaluation mode."
            raise ConfigurationError(msg)


# --- other kinds -----------------------------------------------------------------------------------------


def _optimizer(name: str, framework: str | None, _part: Any) -> str:
    signature = Signature(task="classification", input_shape=(13,), outputs=_OUTPUTS)
    _step(RunSpec(model="mlp", data="arrays", framework=framework, optimizer=name, batch_size=_SAMPLES), signature)
    return f"an mlp made a step on {framework}, state saved and loaded"


def _loss(name: str, framework: str | None, part: Any) -> str:
    tasks: tuple[Task, ...] = tuple(getattr(part, "task", ())) or ("classification", "regression")
    refused: Exception | None = None
    for task in tasks:
        signature = Signature(task=task, input_shape=(8,), outputs=_OUTPUTS)
        try:
            _step(RunSpec(model="mlp", data="arrays", framework=framework, loss=name, batch_size=_SAMPLES), signature)
        except Exception as error:  # noqa: BLE001 - made for the other task; the first error is told
            refused = refused or error
        else:
            return f"an mlp learnt {task} with it on {framework}"
    assert refused is not None  # noqa: S101 - tried at least once
    raise refused


def _metric(_name: str, _framework: str | None, part: Any) -> str:
    rng = np.random.default_rng(0)
    outputs = rng.random((12, _OUTPUTS), np.float32)
    measures_values = tuple(getattr(part, "task", ())) == ("regression",)
    targets: Any = rng.random((12, _OUTPUTS), np.float32) if measures_values else rng.integers(0, _OUTPUTS, 12)

    def measured(*cuts: int) -> Any:
        made = part(part.Config(), outputs=_OUTPUTS)
        for start, stop in zip((0, *cuts), (*cuts, 12), strict=True):
            made.update(outputs[start:stop], targets[start:stop], [stop - start])
        return made

    whole, parts = measured(), measured(5)
    again = part(part.Config(), outputs=_OUTPUTS)
    again.load_state(whole.state())
    if not np.isclose(whole.compute(), parts.compute(), equal_nan=True):
        msg = f"its value depends on how samples come in batches: {whole.compute():g}, and {parts.compute():g} in two."
        raise ConfigurationError(msg)
    if not np.isclose(whole.compute(), again.compute(), equal_nan=True):
        msg = f"its state doesn't come back as it was saved: {whole.compute():g}, then {again.compute():g}."
        raise ConfigurationError(msg)
    for key in ("name", "higher_is_better"):
        if not hasattr(whole, key):
            msg = f"expected an attribute {key}, got none."
            raise ConfigurationError(msg)
    return "counted in one batch and in two, state saved and loaded"


def _data(name: str, _framework: str | None, _part: Any) -> str:
    dataset = load_data(RunSpec(model="mlp", data=name), {})
    with closing(_Closing(lambda: close_data(dataset))):
        found = dataset.train
        many = f"{len(found):,} samples" if isinstance(found, Samples) else "a stream"
        return f"loaded {many} of {'×'.join(map(str, dataset.signature.input_shape))}, {dataset.signature.task}"


@dataclass
class _Closing:
    close: Callable[[], None]


def _schedule(_name: str, _framework: str | None, part: Any) -> str:
    made = part(part.Config(), steps_per_epoch=5, epochs=3, mode="min")
    factors = [made.factor(step) for step in range(15)]
    if not all(isinstance(it, int | float) and math.isfinite(it) and it >= 0 for it in factors):
        msg = f"expected factors of 0 and above, got {factors}."
        raise ConfigurationError(msg)
    return "gave a factor for each of 15 steps"


_TRIALS: dict[str, Callable[[str, str | None, Any], str]] = {
    "models": _model,
    "optimizers": _optimizer,
    "losses": _loss,
    "metrics": _metric,
    "data": _data,
    "schedules": _schedule,
}
