from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.columns import UtcDateTime, tagged, untagged
from dltrainer_jupyter.testing.store_samples import claimed, new_run

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_whatever_json_holds_comes_back(value: object):
    text = json.dumps(tagged(value), allow_nan=False)
    # repr tells NaN from NaN no better than we do, and 0.0 from -0.0.
    assert repr(untagged(json.loads(text))) == repr(value)


def test_a_mapping_that_only_looks_like_a_tag_stays():
    assert untagged({"$float": "1.5"}) == {"$float": "1.5"}


def test_numbers_of_numpy_are_numbers(store: Store):
    run_id = new_run(store)
    data = {"a": np.float32(0.5), "b": np.int64(3), "c": np.float64("nan"), "d": np.bool_(True)}
    store.add_event(run_id, "note", "x", step=np.int64(7), data=data)
    (event,) = store.events(run_id)
    assert (event.step, repr(event.data)) == (7, "{'a': 0.5, 'b': 3, 'c': nan, 'd': True}")


def test_what_no_column_takes_is_a_mistake_of_the_caller_not_of_the_store(store: Store):
    run_id = new_run(store)
    with pytest.raises(TypeError, match="not JSON serializable"):
        store.add_event(run_id, "note", "x", data={"a": object()})
    assert store.events(run_id) == []


def test_a_moment_without_a_time_zone_is_refused(store: Store):
    dialect = store._database._engine.dialect
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), dialect)  # noqa: DTZ001 - the point of the test


def test_a_moment_comes_back_in_utc(store: Store):
    attempt = claimed(store, new_run(store))
    moment = datetime(2026, 7, 1, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    from dltrainer_jupyter.store.tables import training_attempts

    with store._database.write() as connection:
        connection.execute(training_attempts.update().values(started_at=moment))
    (record,) = store.attempts(attempt.run_id)
    assert record.started_at == moment
    assert record.started_at.tzinfo is UTC


def test_nan_is_null_in_sql_on_every_database(store: Store):
    from dltrainer_jupyter.core.records import EpochRecord

    attempt = claimed(store, new_run(store))
    attempt.epoch(EpochRecord(1, 4, {"train_loss": math.nan, "val_loss": math.inf, "train_accuracy": 0.5}), None, None)
    with store._database.read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM training_metrics_wide").mappings().one()
    assert dict(row) == {
        "run_id": attempt.run_id,
        "epoch": 1,
        "step": 4,
        "loss": None,
        "accuracy": 0.5,
        "val_loss": math.inf,
        "val_accuracy": None,
        "learning_rate": None,
    }
