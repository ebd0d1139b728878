from __future__ import annotations

import pytest

from dltrainer_jupyter.core.errors import RunNotFoundError, StoreError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.tables import training_jobs
from dltrainer_jupyter.testing.store_samples import claimed, new_run, trained

SPEC = RunSpec(name="digits", model="cnn", data="digits")


def _create(store: Store, run_id: str, name: str = "digits") -> None:
    store.create_run(run_id, SPEC.model_copy(update={"name": name}), folder="", environment={})


def test_an_id_is_given_once(store: Store):
    _create(store, "a" * 8)
    with pytest.raises(StoreError, match="a run with the id 'aaaaaaaa' already"):
        _create(store, "a" * 8)
    assert len(store.runs()) == 1


def test_a_run_that_is_not_there(store: Store):
    for ask in (store.run, store.revision, store.signature, store.delete_run, store.request_start):
        with pytest.raises(RunNotFoundError, match="No run has the id 'none'"):
            ask("none")
    with pytest.raises(RunNotFoundError):
        store.add_event("none", "note", "x")
    with pytest.raises(RunNotFoundError):
        store.request_control("none", "pause", {}, "me")
    with pytest.raises(RunNotFoundError):
        claimed(store, "none")
    assert store.reap() == []


def test_a_prefix_must_be_long_enough_and_mean_one_run(store: Store):
    _create(store, "abcd1111", "first")
    _create(store, "abcd2222", "second")
    assert store.find("abcd1").id == "abcd1111"
    with pytest.raises(RunNotFoundError, match=r"abcd2222 \(second\), abcd1111 \(first\)\. Give more characters"):
        store.find("abcd")
    for ref in ("abc", "ABCD1", "bcd1", "abcd1111x", "abc_1111", "abcd%", "", "%"):
        with pytest.raises(RunNotFoundError, match="No run has the name or id"):
            store.find(ref)


def test_an_id_goes_before_a_name_and_a_name_before_a_prefix(store: Store):
    _create(store, "cafe0001", "first")
    _create(store, "beef0001", "cafe0001")
    _create(store, "beef0002", "cafe")
    assert store.find("cafe0001").id == "cafe0001"
    assert store.find("cafe").id == "beef0002"


def test_a_misspelt_name_is_recognised(store: Store):
    _create(store, "aaaa0001", "digits-cnn")
    _create(store, "aaaa0002", "wine")
    with pytest.raises(RunNotFoundError) as caught:
        store.find("digit-cn")
    expected = "No run has the name or id 'digit-cn'. Did you mean 'digits-cnn'? Known: digits-cnn, wine."
    assert str(caught.value) == expected


def test_an_empty_store_has_nothing_to_suggest(store: Store):
    with pytest.raises(RunNotFoundError) as caught:
        store.find("digits")
    assert str(caught.value) == "No run has the name or id 'digits'."


def test_runs_are_listed_newest_first_and_chosen(store: Store):
    ids = [new_run(store, name) for name in ("a", "b", "a", "c")]
    claimed(store, ids[0])
    claimed(store, ids[1]).end(State.COMPLETED)
    assert [run.id for run in store.runs()] == ids[::-1]
    assert [run.id for run in store.runs(name="a")] == [ids[2], ids[0]]
    assert [run.id for run in store.runs(limit=1)] == [ids[3]]
    assert [run.id for run in store.runs(states=[State.RUNNING, State.COMPLETED])] == [ids[1], ids[0]]
    assert [run.id for run in store.runs(states={State.PENDING}, name="a", limit=5)] == [ids[2]]
    assert store.runs(states=[]) == []


def test_numbers_of_deleted_runs_are_not_given_again(store: Store):
    first = trained(store)
    event_ids = [store.events(first.run_id)]
    first.event("note", "x")
    event_ids = [event.id for event in store.events(first.run_id)]
    control = store.request_control(first.run_id, "stop", {}, "me")
    first.end(State.STOPPED)
    store.delete_run(first.run_id)
    second = trained(store)
    second.event("note", "x")
    assert store.events(second.run_id)[0].id > event_ids[0]
    assert store.request_control(second.run_id, "stop", {}, "me").id > control.id


def test_revisions_of_some_runs(store: Store):
    one, other, _ = new_run(store), new_run(store), new_run(store)
    store.add_event(one, "note", "x")
    assert store.revisions([one, "gone", other]) == {one: store.revision(one), other: store.revision(other)}
    assert store.revision(one) == store.revision(other) + 1


def test_a_description_this_version_does_not_understand_is_named(store: Store):
    run_id = new_run(store)
    with store._database.write() as connection:
        spec = {**SPEC.model_dump(mode="json"), "telepathy": True}
        connection.execute(training_jobs.update().values(spec=spec))
    with pytest.raises(StoreError, match=f"{run_id}.*telepathy") as caught:
        store.run(run_id)
    assert "\n" not in str(caught.value)


def test_defaults_of_today_are_recorded(store: Store):
    run_id = new_run(store)
    with store._database.read() as connection:
        (row,) = connection.execute(training_jobs.select()).mappings()
    assert row["id"] == run_id
    assert row["spec"]["batch_size"] == SPEC.batch_size
    assert row["spec"]["checkpoint"]["keep"] == SPEC.checkpoint.keep
