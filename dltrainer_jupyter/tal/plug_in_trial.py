"""A tiny trial of a part: a model is built, makes a step, its state is saved and loaded; a metric counts; and so on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.core.protocols import Samples, Signature, Task
from dltrainer_jupyter.core.registry.folder import told
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.data.preprocessing import apply_steps, fit_steps, load_chain, named_steps
from dltrainer_jupyter.loop.parts import close_data, load_data
from dltrainer_jupyter.postprocessing import chain
from dltrainer_jupyter.tal.outputs import begun
from dltrainer_jupyter.tal.plug_in_models import OUTPUTS, OWN_LOOP, SAMPLES, made_step, model_tried

__all__ = ["Outcome", "told", "trials"]


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
    frameworks = registry.metadata(kind, name, None, part).frameworks if kind == "models" else (framework,)
    for of in frameworks:
        if of is not None and not _is_installed(of):
            yield Outcome(f"not tried on {of}, which isn't installed")
            continue
        try:
            yield Outcome(tried(name, of, part))
        except Exception as error:  # noqa: BLE001 - the plug-in's own code may raise anything; its author is told
            yield Outcome(f"a trial{f' on {of}' if of else ''} failed", error)
    if not frameworks:
        known = " or ".join(it for it in registry.names("adapters") if it != OWN_LOOP)
        msg = (
            f"expected a method that builds it, called {known}, got none; one that trains by itself is registered with "
            f'framework="{OWN_LOOP}".'
        )
        yield Outcome("a trial failed", ConfigurationError(msg))


def _has_settings(part: Any) -> bool:
    return hasattr(part, "Config")


def _is_installed(framework: str) -> bool:
    try:
        registry.find("adapters", framework)
    except MissingPackageError:
        return False
    return True


# --- other kinds -----------------------------------------------------------------------------------------


def _optimizer(name: str, framework: str | None, _part: Any) -> str:
    signature = Signature(task="classification", input_shape=(13,), outputs=OUTPUTS)
    made_step(RunSpec(model="mlp", data="arrays", framework=framework, optimizer=name, batch_size=SAMPLES), signature)
    return f"an mlp made a step on {framework}, state saved and loaded"


def _loss(name: str, framework: str | None, part: Any) -> str:
    tasks: tuple[Task, ...] = tuple(getattr(part, "task", ())) or ("classification", "regression")
    refused: Exception | None = None
    for task in tasks:
        signature = Signature(task=task, input_shape=(8,), outputs=OUTPUTS)
        try:
            made_step(
                RunSpec(model="mlp", data="arrays", framework=framework, loss=name, batch_size=SAMPLES), signature
            )
        except Exception as error:  # noqa: BLE001 - made for the other task; the first error is told
            refused = refused or error
        else:
            return f"an mlp learnt {task} with it on {framework}"
    assert refused is not None  # noqa: S101 - tried at least once
    raise refused


def _regularization(name: str, framework: str | None, _part: Any) -> str:
    signature = Signature(task="classification", input_shape=(8,), outputs=OUTPUTS)
    made_step(
        RunSpec(model="mlp", data="arrays", framework=framework, regularization=name, batch_size=SAMPLES), signature
    )
    return f"an mlp learnt with it on {framework}"


def _metric(_name: str, _framework: str | None, part: Any) -> str:
    rng = np.random.default_rng(0)
    outputs = rng.random((12, OUTPUTS), np.float32)
    measures_values = tuple(getattr(part, "task", ())) == ("regression",)
    targets: Any = rng.random((12, OUTPUTS), np.float32) if measures_values else rng.integers(0, OUTPUTS, 12)

    def measured(*cuts: int) -> Any:
        made = part(part.Config(), outputs=OUTPUTS)
        for start, stop in zip((0, *cuts), (*cuts, 12), strict=True):
            made.update(outputs[start:stop], targets[start:stop], [stop - start])
        return made

    whole, parts = measured(), measured(5)
    again = part(part.Config(), outputs=OUTPUTS)
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


def _preprocessing(name: str, _framework: str | None, _part: Any) -> str:
    (step,) = named_steps([Part(type=name)])
    samples = np.random.default_rng(0).random((SAMPLES, 1, 8, 8), np.float32)
    (fitted,), prepared = fit_steps([step], samples)
    again = apply_steps(load_chain([json.loads(json.dumps(fitted.to_dict()))]), samples)
    if not np.array_equal(prepared.inputs, again.inputs, equal_nan=True):
        msg = "it does something else when it is made again of what to_dict gives."
        raise ConfigurationError(msg)
    if len(str(said := fitted.describe()).splitlines()) != 1:
        msg = f"expected describe to give one line, got {said!r}."
        raise ConfigurationError(msg)
    return f"fitted to {SAMPLES} images, written down and made again"


def _postprocessing(name: str, _framework: str | None, part: Any) -> str:
    tasks = [it for it in (getattr(part, "task", ()) or ("classification",)) if it in _PREDICTED]
    task = cast("Task", tasks[0] if tasks else "classification")
    parts, signature = [Part(type=name)], Signature(task, (8,), _PREDICTED[task].shape[1])
    made = chain.chain_of(parts, lambda _: None)
    chain.check(parts, made, signature)
    chain.apply(parts, made, begun(_PREDICTED[task], signature), signature)
    if len(str(said := made[0].describe()).splitlines()) != 1:
        msg = f"expected describe to give one line, got {said!r}."
        raise ConfigurationError(msg)
    return f"applied to {len(_PREDICTED[task])} predictions of {task}"


_PREDICTED: dict[str, Any] = {
    "classification": np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2),
    "segmentation": np.linspace(-1, 1, 64, dtype=np.float32).reshape(2, 2, 4, 4),
    "regression": np.linspace(-1, 1, 6, dtype=np.float32)[:, None],
    "detection": np.array([[[0, 0, 4, 4, 0.9, 0], [1, 1, 4, 4, 0.5, 0]]], np.float32),
}
"""What a model may give, by task."""


_TRIALS: dict[str, Callable[[str, str | None, Any], str]] = {
    "models": model_tried,
    "optimizers": _optimizer,
    "losses": _loss,
    "regularizations": _regularization,
    "metrics": _metric,
    "data": _data,
    "schedules": _schedule,
    "preprocessing": _preprocessing,
    "postprocessing": _postprocessing,
}
