from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.core.records import BestRecord, EpochRecord, ErrorRecord, ProgressRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.listing import Comparison, Position, RunFilter, Sort
from dltrainer_jupyter.store.schema import MIGRATIONS
from dltrainer_jupyter.testing.store_samples import claimed, new_run
from tests.store.conftest import brought_up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAN = float("nan")


@pytest.fixture
def run(store: Store) -> Callable[..., str]:
    """Give a function that adds a run with a history."""

    def add(name: str = "digits", *, values: tuple[float, ...] = (), mode: str = "max", **settings: Any) -> str:
        run_id = new_run(store, name, **settings)
        if values:
            attempt = claimed(store, run_id)
            metric = "val_accuracy" if mode == "max" else "val_loss"
            with attempt.transaction():
                for epoch, value in enumerate(values, start=1):
                    best = BestRecord(metric, mode, value, epoch, epoch)
                    attempt.epoch(EpochRecord(epoch, epoch, {metric: value, "train_loss": 1 / epoch}), None, best)
            attempt.progress(ProgressRecord(epoch=len(values), step=len(values), epochs=9, steps_per_epoch=1))
        return run_id

    return add


def walk(store: Store, wanted: RunFilter, sort: Sort, limit: int = 2) -> list[str]:
    found, after = [], None
    while True:
        runs, after = store.page(wanted, sort=sort, limit=limit, after=after)
        found += [run.id for run in runs]
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_every_order_hold_every_run_once(store: Store, run, limit):
    accurate, lossy = run("b", values=(0.5, 0.9)), run("a", values=(0.7,), mode="min")
    equal, none = run("b", values=(0.9,)), run("c")
    broken, best = run("d", values=(NAN,)), run("a", values=(float("inf"),))
    store.add_event(lossy, "note", "x")
    wanted = {
        Sort.NEWEST: [best, broken, none, equal, lossy, accurate],
        Sort.OLDEST: [accurate, lossy, equal, none, broken, best],
        Sort.NAME: [best, lossy, equal, accurate, none, broken],
        Sort.BEST: [best, equal, accurate, lossy, broken, none],
        Sort.UPDATED: [lossy, best, broken, none, equal, accurate],
    }
    for sort, order in wanted.items():
        assert walk(store, RunFilter(), sort, limit) == order, sort
        # Looked for in another way where something is asked for.
        assert walk(store, RunFilter(frameworks=(frozenset({"pytorch", "jax"}),)), sort, limit) == order, sort


@pytest.mark.parametrize("sort", Sort)
def test_what_is_asked_for_is_found(store: Store, run, sort):
    digits = run("Digits-CNN", values=(0.5, 0.8))
    wine = run("wine 100%_", values=(0.4,), mode="min", framework="jax", executor="process")
    waiting = run("digits")
    with store._database.write() as connection:
        connection.exec_driver_sql(f"UPDATE training_jobs SET host = 'GPU-box.example' WHERE id = '{wine}'")

    def found(**wanted: Any) -> set[str]:
        chosen = RunFilter(**wanted)
        assert sum(store.counts(chosen).values()) == len(walk(store, chosen, sort))
        return set(walk(store, chosen, sort))

    assert found() == {digits, wine, waiting}
    assert found(words=("digits",)) == {digits, waiting}
    assert found(words=("digits", "cnn")) == {digits}
    assert found(words=("%",)) == found(words=("_",)) == {wine}
    assert found(name="digits") == {waiting}
    assert found(states=(frozenset({State.PENDING, State.LOST}),)) == {waiting}
    assert found(states=(frozenset({State.PENDING}), frozenset({State.RUNNING}))) == set()
    assert found(frameworks=(frozenset({"jax"}),), executors=(frozenset({"process"}),)) == {wine}
    assert found(hosts=(("gpu-", "nowhere"),)) == {wine}
    assert found(comparisons=(Comparison("val_accuracy", ">", 0.7),)) == {digits}
    assert found(comparisons=(Comparison("val_accuracy", ">", 0.8),)) == set()
    assert found(comparisons=(Comparison("val_accuracy", ">=", 0.8),)) == {digits}
    assert found(comparisons=(Comparison("val_loss", "=", 0.4),)) == {wine}
    assert found(comparisons=(Comparison("best", "<", 0.5), Comparison("train_loss", "<=", 1.0))) == {wine}
    assert found(comparisons=(Comparison("nothing", ">", 0),)) == set()


def test_runs_are_counted_by_state(store: Store, run):
    run()
    store.withdraw(run())
    run(values=(0.5,))
    assert store.counts(RunFilter()) == {State.PENDING: 1, State.STOPPED: 1, State.RUNNING: 1}
    assert store.counts(RunFilter(name="nothing")) == {}


def test_a_row_tells_what_a_list_shows(store: Store):
    run_id = new_run(store, "digits", monitor="val_f1")
    (waiting,) = store.listed([run_id, "gone"])
    assert (waiting.monitor, waiting.device, waiting.best, waiting.error) == ("val_f1", None, None, None)
    attempt = claimed(store, run_id)
    attempt.progress(ProgressRecord(epoch=2, step=20, epochs=5, steps_per_epoch=15, phase="training"))
    attempt.end(State.FAILED, ErrorRecord("ValueError", "wrong", "a long traceback"))
    (failed,), _ = store.page(RunFilter())
    full = store.run(run_id)
    assert (failed.device, failed.error) == ("cpu", "ValueError: wrong")
    for name in ("id", "number", "name", "state", "created_at", "updated_at", "progress", "host"):
        assert getattr(failed, name) == getattr(full, name), name


@pytest.mark.parametrize("epochs", [1, 39, 40, 41, 333])
def test_a_course_is_short_and_ends_with_the_last_value(store: Store, run, epochs):
    one = run(values=tuple(number / epochs for number in range(epochs)))
    other = run(values=(0.25, NAN))
    courses = store.courses([one, other, run()], 40)
    assert set(courses) == {one, other}
    assert courses[other][0] == 0.25
    assert courses[other][1] != courses[other][1]
    course = courses[one]
    assert course == sorted(set(course))
    assert course[-1] == (epochs - 1) / epochs
    assert len(course) == epochs if epochs <= 40 else 20 < len(course) <= 40


def test_a_course_of_few_validations_has_them_all(store: Store):
    attempt = claimed(store, new_run(store))
    with attempt.transaction():
        for epoch in range(1, 201):
            values = {"train_loss": 1.0} | ({"val_loss": float(epoch)} if epoch % 50 == 0 else {})
            best = BestRecord("val_loss", "min", 50.0, 50, 50) if epoch == 50 else None
            attempt.epoch(EpochRecord(epoch, epoch, values), None, best)
    assert store.courses([attempt.run_id], 40) == {attempt.run_id: [50.0, 100.0, 150.0, 200.0]}


def test_the_last_value_counts_also_when_epochs_are_taken_back(store: Store):
    attempt = claimed(store, new_run(store))

    def holds(value: float) -> bool:
        return bool(store.counts(RunFilter(comparisons=(Comparison("f1", "=", value),))))

    attempt.epoch(EpochRecord(1, 10, {"f1": 0.1, "once": 7.0}), None, None)
    attempt.epoch(EpochRecord(2, 20, {"f1": 0.2}), None, None)
    assert holds(0.2)
    assert store.counts(RunFilter(comparisons=(Comparison("once", "=", 7.0),)))
    attempt.epoch(EpochRecord(2, 20, {"f1": 0.25}), None, None)
    assert holds(0.25)
    attempt.rewind(10, 1, None)
    assert holds(0.1)
    attempt.epoch(EpochRecord(1, 10, {}), None, None)
    assert not holds(0.1)


def test_what_has_changed_is_found_without_looking_at_the_rest(store: Store, run):
    old, changed, deleted = run(), run(), run()
    before = store.changes(None).now
    store.add_event(changed, "note", "x")
    store.withdraw(deleted)
    store.delete_run(deleted)
    found = store.changes(before)
    assert found.revisions == {changed: store.revision(changed)}
    assert found.gone == {deleted}
    assert found.now >= before
    everything = store.changes(before - timedelta(hours=1))
    assert set(everything.revisions) == {old, changed}
    assert store.changes(found.now + timedelta(seconds=1))[1:] == ({}, set())


def test_a_sign_of_life_is_no_change(store: Store):
    attempt = claimed(store, new_run(store))
    before = store.changes(None).now
    attempt.heartbeat()
    assert store.changes(before).revisions == {}


def test_a_position_whose_run_is_gone_is_still_one(store: Store, run):
    runs = [run(f"run-{number}") for number in range(4)]
    _, after = store.page(RunFilter(), limit=2)
    assert isinstance(after, Position)
    store.withdraw(runs[2])
    store.delete_run(runs[2])
    assert [it.id for it in store.page(RunFilter(), limit=2, after=after)[0]] == [runs[1], runs[0]]


def test_runs_of_an_older_store_are_found_by_their_last_values(store_url: str):
    from alembic import command
    from alembic.config import Config

    store = Store.open(store_url)
    attempt = claimed(store, new_run(store))
    for epoch, values in enumerate(({"f1": 0.1, "once": 7.0}, {"f1": 0.2}), start=1):
        attempt.epoch(EpochRecord(epoch, epoch, values), None, BestRecord("f1", "max", 0.2, epoch, epoch))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store._database.rebuild() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    store.close()
    store = brought_up_to_date(store_url)
    for metric, value in (("f1", 0.2), ("once", 7.0)):
        assert store.counts(RunFilter(comparisons=(Comparison(metric, "=", value),))) == {State.RUNNING: 1}
    assert store.counts(RunFilter(comparisons=(Comparison("f1", "=", 0.1),))) == {}
    assert store.courses([attempt.run_id], 40) == {attempt.run_id: [0.1, 0.2]}
    store.close()


def test_a_list_is_read_by_its_index(sqlite_url: str, tmp_path: Path, statements):
    """Ten thousand specifications would take long to read."""
    store = Store.open(sqlite_url)
    new_run(store)
    comparisons = (Comparison("best", "<", 1), Comparison("f1", ">", 0))
    wanted = RunFilter(words=("x",), frameworks=(frozenset({"jax"}),), comparisons=comparisons)
    with statements(store) as executed:
        for sort in Sort:
            store.page(wanted, sort=sort)
        store.counts(wanted)
    assert len(executed) == len(Sort) + 1
    with store._database.read() as connection:
        for statement in executed:
            holes = statement.count("?")
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (1,) * holes).all()
            assert "COVERING INDEX ix_training_jobs_listed" in str(plan), (statement, plan)
    store.close()
