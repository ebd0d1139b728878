from __future__ import annotations

from pathlib import Path

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError, RunNotFoundError, StoreError, UnknownNameError
from dltrainer_jupyter.tal import session
from tests.tal.subject import X, quick


@pytest.fixture(autouse=True)
def nothing_started_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_SESSION", session._Session())


def test_without_a_run_the_message_says_how_to_start_one() -> None:
    with pytest.raises(RunNotFoundError, match="There is no run yet. Start one with tal.train"):
        tal.get()
    assert tal.runs() == []


def test_a_run_is_found_by_id_beginning_or_name() -> None:
    first, second = quick(name="wine"), quick(name="wine")
    other = quick(name="digits")
    assert tal.get(first.id) == tal.get(first.id[:8]) == first
    assert tal.get("wine") == second
    assert tal.get("digits") == other
    with pytest.raises(RunNotFoundError, match="No run has the name or id 'digit'. Did you mean 'digits'?"):
        tal.get("digit")


def test_without_a_word_the_newest_of_this_process_is_meant() -> None:
    mine = quick(name="mine")
    elsewhere = tal.get("mine").store.create_run(
        "0123456789ab", mine.spec, folder="/nowhere", environment={}
    )  # by another process
    assert tal.get() == mine
    session._SESSION.newest = None
    assert tal.get().id == elsewhere.id


def test_a_deleted_run_is_meant_no_more() -> None:
    first, second = quick(name="first"), quick(name="second")
    second.delete()
    assert tal.get() == first
    first.delete()
    with pytest.raises(RunNotFoundError):
        tal.get()


def test_another_store_has_runs_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = quick()
    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "other"))
    assert tal.runs() == []
    with pytest.raises(RunNotFoundError):
        tal.get()
    with pytest.raises(RunNotFoundError):
        tal.get(run.id)


def test_runs_are_listed_newest_first_by_name_state_and_number() -> None:
    made = [quick(name=name, epochs=1) for name in ("a", "b", "a")]
    made[0].resume(epochs=2)
    assert tal.runs() == made[::-1]
    assert tal.runs(name="a") == [made[2], made[0]]
    assert tal.runs(limit=1) == [made[2]]
    assert tal.runs(states=["completed"]) == tal.runs(states="completed") == made[::-1]
    assert tal.runs(states=["running", "failed"]) == []
    with pytest.raises(UnknownNameError, match="Unknown state 'runing'. Did you mean 'running'?"):
        tal.runs(states=["runing"])


def test_runs_are_chosen_by_what_people_type(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = quick(name="one-digits"), quick(name="other-digits")
    monkeypatch.setattr(session, "_PAGE", 1)
    assert tal.runs(filter="DIGITS state:completed framework:pytorch") == [other, one]
    assert tal.runs(filter="digits", limit=1) == [other]
    assert tal.runs(filter="digits", name="one-digits") == [one]
    assert tal.runs(filter="best<-1") == []
    with pytest.raises(ConfigurationError, match="Did you mean 'state:'"):
        tal.runs(filter="stat:completed")


def test_an_unreachable_store_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAINER_STORE", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(StoreError) as error:
        quick()
    assert "\n" not in str(error.value)
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("DLTRAINER_STORE")
    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(StoreError, match="Set DLTRAINER_HOME to one you may write to"):
        tal.runs()


def test_predicting_needs_no_handle() -> None:
    run = quick()
    expected = run.best.predict(X).tolist()
    assert tal.predict(X).tolist() == tal.predict(X, run.id, "best").tolist() == expected
    assert tal.predict(X, checkpoint="last").tolist() == tal.predict(X, checkpoint=2).tolist()
    with pytest.raises(ConfigurationError, match="checkpoint: expected best, last or a step, got 'newest'"):
        tal.predict(X, checkpoint="newest")
    assert tal.get_best_model() is not None
