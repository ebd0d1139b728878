"""Every schedule, metric, data source and step of processing that is registered works on a little of its own."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.data.preprocessing import apply_chain, named_steps
from dltrainer_jupyter.postprocessing import chain
from dltrainer_jupyter.tal.outputs import as_json, begun, told
from tests.data import tables
from tests.parts import samples


@pytest.mark.parametrize("name", registry.names("schedules"))
def test_a_schedule_gives_rates(name) -> None:
    made, settings = samples.settings("schedules", name)
    schedule = made(settings, steps_per_epoch=5, epochs=2, mode="min")
    factors = []
    for step in range(10):
        factors.append(schedule.factor(step))
        if schedule.needs_metric and step % 5 == 4:
            schedule.observe(1.0)
    assert all(math.isfinite(factor) and factor >= 0 for factor in factors)
    assert max(factors) > 0
    again = made(settings, steps_per_epoch=5, epochs=2, mode="min")
    again.load_state(schedule.state())
    assert again.factor(10) == schedule.factor(10)


@pytest.mark.parametrize("name", registry.names("metrics"))
def test_a_metric_measures_and_goes_on_from_its_state(name) -> None:
    made, settings = samples.settings("metrics", name)
    outputs, targets, count = samples.entry(samples.MEASURED, made.task[0])
    metric = made(settings, outputs=count)
    assert metric.name
    metric.update(outputs, targets, [len(outputs)])
    value = metric.compute()
    assert math.isfinite(value)
    again = made(settings, outputs=count)
    again.load_state(metric.state())
    assert again.compute() == value
    metric.reset()
    metric.update(outputs, targets, [len(outputs)])
    assert metric.compute() == value


@pytest.mark.parametrize("name", registry.names("data"))
def test_a_source_gives_samples(name, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in samples.FETCHED:
        tables.in_cache(monkeypatch, name, tmp_path)
    given, objects = samples.entry(samples.DATA, name)(tmp_path)
    made = registry.find("data", name)
    settings = made.Config(**{**samples.SETTINGS.get(("data", name), {}), **given})
    found = made(settings).load(RunSpec(model="mlp", data=Part(type=name)), objects)
    assert found.signature.task in samples.MEASURED
    assert len(found.train)
    assert len(found.validation)
    assert found.train.inputs.shape[1:] == found.signature.input_shape
    assert np.isfinite(found.train.inputs).all()
    assert len(found.train.targets) == len(found.train)


@pytest.mark.parametrize("name", registry.names("preprocessing"))
def test_a_step_is_fitted_applied_told_of_and_read_back(name) -> None:
    (step,) = named_steps([Part.model_validate({"type": name, **samples.SETTINGS.get(("preprocessing", name), {})})])
    cuts = getattr(step, "yields", False)
    images = np.random.default_rng(0).uniform(1, 2, (5, 3 if cuts else 1, 8, 8)).astype(np.float32)
    fitted = step.fit(images)
    done = fitted.apply(images)
    assert np.isfinite(done).all()
    if cuts:
        pieces, counts = fitted.split(images)
        assert np.array_equal(pieces, done)
        assert (len(counts), counts.sum()) == (len(images), len(done))
    else:
        assert len(done) == len(images)
    assert not np.array_equal(done, images)
    assert "\n" not in fitted.describe()
    raw = {"type": "input", "shapes": [list(images.shape[1:])], "dtype": "float32"}
    assert np.array_equal(apply_chain([raw, fitted.to_dict()], images), done)


@pytest.mark.parametrize("name", registry.names("postprocessing"))
def test_a_step_makes_others_of_predictions_and_tells_of_it(name) -> None:
    part = Part.model_validate({"type": name, **samples.SETTINGS.get(("postprocessing", name), {})})
    for task in registry.find("postprocessing", name).task:
        signature, outputs = samples.entry(samples.PREDICTED, task)
        (step,) = steps = chain.chain_of([part], lambda _: None)
        chain.check([part], steps, signature)
        before = begun(outputs, signature)
        after = chain.apply([part], steps, before, signature)
        assert len(after.values) == len(outputs)
        assert "\n" not in step.describe()
        assert as_json(told(after, signature)) != as_json(before.values)
