"""What the recorder gives doesn't depend on when it brought values to the host."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltrainer_jupyter.core.errors import NonFiniteLossError
from dltrainer_jupyter.core.protocols import StepOutput
from dltrainer_jupyter.loop.recorder import Recorder
from dltrainer_jupyter.metrics.regression import MAE


class _Host:
    """An adapter whose device is the host."""

    def losses(self, values: list[np.float32]) -> npt.NDArray[np.float32]:
        return np.concatenate([np.atleast_1d(value) for value in values]).astype(np.float32)

    def arrays(self, values: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return np.concatenate(values)


def _outputs(losses: list[float]) -> list[StepOutput]:
    made = np.random.default_rng(0)
    return [
        StepOutput(np.float32(loss), made.normal(size=(2, 1)).astype("f4"), made.normal(size=(2, 1)).astype("f4"), 2)
        for loss in losses
    ]


def _record(losses: list[float], drains: set[int], on_nan: str = "stop") -> Recorder:
    recorder = Recorder(_Host(), [MAE(MAE.Config(), outputs=1)], on_nan, deferred=True)  # type: ignore[arg-type]
    recorder.begin_epoch()
    recorder.begin_curve(1)
    for at, output in enumerate(_outputs(losses)):
        recorder.record(output)
        if at in drains:
            recorder.drain()
    recorder.drain()
    return recorder


_LOSSES = st.lists(st.floats(0, 10, width=32), min_size=1, max_size=30)


@given(losses=_LOSSES, drains=st.sets(st.integers(0, 30)))
def test_grouping_does_not_matter(losses: list[float], drains: set[int]) -> None:
    """Any pattern of drains gives the same bits as one drain a step."""
    grouped, single = _record(losses, drains), _record(losses, set(range(30)))
    assert grouped.epoch_values() == single.epoch_values()
    assert grouped.take_curve()["train_loss"][1].tobytes() == single.take_curve()["train_loss"][1].tobytes()


def _joined(outputs: list[StepOutput]) -> StepOutput:
    """Make one output of several, as a call gives it that makes several steps."""
    return StepOutput(
        np.array([output.loss for output in outputs]),
        np.concatenate([output.outputs for output in outputs]),
        np.concatenate([output.targets for output in outputs]),
        outputs[0].size,
        len(outputs),
    )


@pytest.mark.slow
@given(
    losses=st.lists(st.one_of(st.floats(0, 10, width=32), st.just(float("nan"))), min_size=1, max_size=30),
    cuts=st.sets(st.integers(1, 29)),
)
def test_steps_of_one_call_count_as_if_each_had_its_own(losses: list[float], cuts: set[int]) -> None:
    """Any split into calls gives the same bits, those that are to be skipped in the middle of one left out."""
    single = _record(losses, set(), on_nan="skip")
    outputs, places = _outputs(losses), [0, *sorted(cut for cut in cuts if cut < len(losses)), len(losses)]
    several = _record([], set(), on_nan="skip")
    for begin, end in itertools.pairwise(places):
        several.record(_joined(outputs[begin:end]))
    several.drain()
    np.testing.assert_equal(several.epoch_values(), single.epoch_values())
    assert several.take_curve()["train_loss"][1].tobytes() == single.take_curve()["train_loss"][1].tobytes()


@given(losses=_LOSSES, cut=st.integers(0, 30))
def test_goes_on_from_its_state(losses: list[float], cut: int) -> None:
    """Saved in the middle of an epoch and loaded into a new recorder, the epoch's values are the same."""
    whole = _record(losses, set())
    first = _record(losses[:cut], set())
    second = Recorder(_Host(), [MAE(MAE.Config(), outputs=1)], "stop", deferred=True)  # type: ignore[arg-type]
    second.begin_epoch()
    second.load_state(first.state())
    for output in _outputs(losses)[cut:]:
        second.record(output)
    second.drain()
    np.testing.assert_equal(second.epoch_values(), whole.epoch_values())


def test_a_loss_that_is_not_finite_names_its_step() -> None:
    """The step of the first bad loss is named, and the curve reaches to it."""
    with pytest.raises(NonFiniteLossError, match="nan at step 3"):
        _record([1.0, 2.0, float("nan"), 4.0], set())


def test_a_skipped_batch_does_not_count() -> None:
    """With on_nan: skip the epoch's values are those of the other batches; the curve shows the gap."""
    recorder = _record([1.0, float("nan"), 3.0], set(), on_nan="skip")
    assert recorder.epoch_values()["train_loss"] == 2.0
    assert np.isnan(recorder.take_curve()["train_loss"][1][1])


def test_a_loss_may_be_left_as_it_is() -> None:
    """With on_nan: continue a bad batch is a batch like others."""
    assert np.isnan(_record([1.0, float("nan")], set(), on_nan="continue").epoch_values()["train_loss"])


def _without_loss(count: int) -> list[StepOutput]:
    return [StepOutput(None, None, None, 2)] * count


def test_steps_without_a_loss_leave_gaps_in_the_curve() -> None:
    """A recipe may skip the loss of a step: that is no failure, and no part of the average."""
    recorder = _record([1.0], set())
    for output in [*_without_loss(2), *_outputs([3.0])]:
        recorder.record(output)
    recorder.drain()
    first, losses = recorder.take_curve()["train_loss"]
    assert first == 1
    np.testing.assert_array_equal(losses, [1.0, np.nan, np.nan, 3.0])
    assert recorder.epoch_values()["train_loss"] == 2.0


def test_a_recipe_without_losses_has_no_curve() -> None:
    """Nothing is drawn and nothing averaged where there is nothing; steps are counted all the same."""
    recorder = _record([], set())
    for output in _without_loss(3):
        recorder.record(output)
    recorder.drain()
    assert recorder.take_curve() == {}
    assert "train_loss" not in recorder.epoch_values()
    for output in _outputs([5.0]):
        recorder.record(output)
    recorder.drain()
    assert recorder.take_curve()["train_loss"][0] == 4
