"""A tiny trial of a model: it is built, makes a step, and its state is saved and loaded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from typing import Any, get_args

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Samples, Signature, Task
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.loop.parts import make_adapter, make_recipe
from dltrainer_jupyter.recipes.own_loop import numbers

OWN_LOOP = "own_loop"
"""What plug-ins that train by themselves are registered with as their framework, and the recipe that drives them."""
SAMPLES, OUTPUTS = 6, 3
_SIZES = (32, 28, 8)
_TOLERANCE = 1e-5


def model_tried(name: str, framework: str | None, part: Any) -> str:
    """Build it for the first kind of samples that it takes, make a step, save and load its state."""
    settings: dict[str, Any] = {"model": name, "framework": framework}
    if (recipe := getattr(part, "recipe", None)) is not None:
        settings["recipe"] = recipe
    if framework == OWN_LOOP:
        settings["recipe"] = OWN_LOOP
    refused: dict[str, list[Exception]] = {}
    for signature in _signatures(part):
        spec = RunSpec(data="arrays", batch_size=SAMPLES, **settings)
        try:
            (_piece if framework == OWN_LOOP else made_step)(spec, signature)
        except Exception as error:  # noqa: BLE001 - it may be made for other samples
            refused.setdefault(str(error), []).append(error)
            continue
        shape = "×".join(map(str, signature.input_shape))
        did = "one piece of its work" if framework == OWN_LOOP else "one step"
        return f"built for {framework} and samples of {shape}, {did} made, state saved and loaded"
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
        yield Signature(task=task, input_shape=shape, outputs=OUTPUTS)


def _samples(signature: Signature) -> Samples:
    rng = np.random.default_rng(0)
    inputs = rng.random((SAMPLES, *signature.input_shape), np.float32)
    if signature.task == "regression":
        return Samples(inputs, rng.random((SAMPLES, signature.outputs), np.float32))
    shape = (SAMPLES, *signature.input_shape[1:]) if signature.task == "segmentation" else (SAMPLES,)
    return Samples(inputs, rng.integers(0, signature.outputs, shape))


def made_step(spec: RunSpec, signature: Signature) -> None:
    """Make a step as the loop does, then put the state into a model built anew, which has to say the same."""
    samples = _samples(signature)
    adapter = make_adapter(spec, owns_process=False)
    with closing(adapter):
        adapter.open()
        recipe = make_recipe(spec, {})
        state = adapter.build(recipe, {}, signature)
        placed = adapter.place(samples)
        order = adapter.order(placed, np.arange(SAMPLES))
        width = adapter.check(recipe, state, adapter.batch(placed, order, 0, SAMPLES))
        if width is not None and width != signature.outputs:
            msg = f"expected {signature.outputs} outputs a sample, as signature.outputs says, got {width}."
            raise ConfigurationError(msg)
        state, output = adapter.train_step(recipe, state, adapter.batch(placed, order, 0, SAMPLES))
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


def _piece(spec: RunSpec, signature: Signature) -> None:
    """Let a plug-in that owns its loop do a piece of its work, then one made anew read what it saved."""
    samples = _samples(signature)
    adapter = make_adapter(spec, owns_process=False)
    with closing(adapter):
        adapter.open()
        state = adapter.build(make_recipe(spec, {}), {}, signature)
        plug_in = state.nets["model"]
        with closing(iter(plug_in.train(samples, 1))) as work:
            numbers(next(work, None), "train")
        numbers(plug_in.validate(samples), "validate")
        again = type(adapter).predictor(spec, {}, signature, adapter.save(state).weights)
        if not np.allclose(np.asarray(plug_in.infer(samples.inputs)), again.outputs(samples.inputs), equal_nan=True):
            msg = "infer gives something else after load_checkpoint read what save_checkpoint wrote."
            raise ConfigurationError(msg)
