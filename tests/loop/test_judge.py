"""The best epoch, early stopping, and their memory."""

from __future__ import annotations

import pytest

from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.core.spec import EarlyStoppingSpec, RunSpec
from dltrainer_jupyter.loop.judge import Judge, choose_monitor, refuse_unmeasured


def _observe(judge: Judge, values: list[float]) -> list[tuple[bool, bool]]:
    return [tuple(judge.observe(epoch, 10 * epoch, {"val_x": value})) for epoch, value in enumerate(values, 1)]  # type: ignore[misc]


def test_the_best_is_the_first_of_equals() -> None:
    """An equal value is no improvement; NaN never is."""
    judge = Judge("val_x", "max", None)
    improved = [verdict[0] for verdict in _observe(judge, [0.5, 0.5, float("nan"), 0.7, 0.6])]
    assert improved == [True, False, False, True, False]
    assert judge.best is not None
    assert (judge.best.value, judge.best.epoch, judge.best.step) == (0.7, 4, 40)


def test_less_may_be_better() -> None:
    """In mode min the smallest value is best."""
    judge = Judge("val_x", "min", None)
    _observe(judge, [0.5, 0.4, 0.6])
    assert judge.best is not None
    assert judge.best.value == 0.4


def test_patience_counts_changes_that_are_too_small() -> None:
    """Improvement below min_delta makes a better best, and is waiting all the same."""
    judge = Judge("val_x", "max", EarlyStoppingSpec(patience=2, min_delta=0.1))
    assert _observe(judge, [0.5, 0.55, 0.58]) == [(True, False), (True, False), (True, True)]


def test_its_memory_survives() -> None:
    """Loaded from its state, it waits and compares as if nothing had happened."""
    values = [0.5, 0.4, 0.45, 0.3, 0.2]
    whole = Judge("val_x", "max", EarlyStoppingSpec(patience=3))
    expected = _observe(whole, values)
    first, second = (Judge("val_x", "max", EarlyStoppingSpec(patience=3)) for _ in range(2))
    begun = _observe(first, values[:2])
    second.load_state(first.state())
    rest = [tuple(second.observe(epoch, 10 * epoch, {"val_x": values[epoch - 1]})) for epoch in range(3, 6)]
    assert begun + rest == expected
    assert second.best == whole.best


class _Metric:
    def __init__(self, name: str, *, higher_is_better: bool) -> None:
        self.name, self.higher_is_better = name, higher_is_better


@pytest.mark.parametrize(
    ("monitor", "validates", "expected"),
    [
        (None, True, ("val_accuracy", "max")),
        (None, False, ("train_accuracy", "max")),
        ("val_loss", True, ("val_loss", "min")),
        ("val_mae", True, ("val_mae", "min")),
    ],
)
def test_what_is_monitored(monitor: str | None, validates: bool, expected: tuple[str, str]) -> None:
    """Left out, it is the first metric; its direction is the metric's own."""
    spec = RunSpec(model="cnn", data="digits", monitor=monitor)
    metrics = [_Metric("accuracy", higher_is_better=True), _Metric("mae", higher_is_better=False)]
    assert choose_monitor(spec, metrics, validates=validates) == expected


def test_nobody_measures_it() -> None:
    """A misspelt monitor gets the nearest name."""
    spec = RunSpec(model="cnn", data="digits", monitor="val_acuracy")
    with pytest.raises(UnknownNameError, match="Did you mean 'val_accuracy'"):
        choose_monitor(spec, [_Metric("accuracy", higher_is_better=True)], validates=True)


@pytest.mark.parametrize(
    ("monitor", "hint"),
    [
        ("val_accuracy", "To monitor val_accuracy, list its metric: metrics: [f1, accuracy]. Known: "),
        ("val_acc", "To monitor val_accuracy, list its metric: metrics: [f1, accuracy]. Known: "),
        ("val_los", "Did you mean 'val_loss'? Known: "),
        ("nothing like it", "Known: train_f1, train_loss, val_f1, val_loss."),
    ],
)
def test_a_metric_that_is_only_not_listed_is_shown_where_it_goes(monitor: str, hint: str) -> None:
    """Another loss would be no answer to somebody who forgot to list the accuracy."""
    spec = RunSpec(model="cnn", data="digits", monitor=monitor)
    with pytest.raises(UnknownNameError) as refusal:
        choose_monitor(spec, [_Metric("f1", higher_is_better=True)], validates=True)
    assert f"Unknown monitored metric '{monitor}'. {hint}" in str(refusal.value)


def test_what_is_waited_for_and_never_measured_is_refused() -> None:
    """Early stopping that waits for a name nobody measures would wait for ever."""
    measured = {"learning_rate": 0.1, "train_loss": 1.0, "val_acc": 0.5}
    spec = RunSpec(model="mlp", data="digits")
    refuse_unmeasured(spec, "val_loss", measured)
    for asked in ({"monitor": "val_f1"}, {"early_stopping": {}}):
        with pytest.raises(UnknownNameError, match="Unknown monitored metric 'val_f1'.*Known: train_loss, val_acc"):
            refuse_unmeasured(spec.model_copy(update=asked), "val_f1", measured)
    refuse_unmeasured(spec.model_copy(update={"monitor": "val_acc"}), "val_acc", measured)
