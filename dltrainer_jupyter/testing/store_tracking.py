"""What every store must do with trackers' copies of runs."""

# ruff: noqa: S101 - assert is how a test speaks

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dltrainer_jupyter.core.errors import RunNotFoundError, StaleRelayError
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Mark
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store import tracking as under_test
from dltrainer_jupyter.store.tracking import TrackingHold
from dltrainer_jupyter.testing.store_samples import claimed, new_run

TWO = (("mlflow", "mlflow"), ("mlflow-2", "mlflow"))
HOLD = """
import sys
from dltrainer_jupyter.store import Store

print(Store.open(sys.argv[1]).hold_tracking(sys.argv[2], "mlflow") is not None, flush=True)
sys.stdin.read()
"""


def tracked(store: Store) -> str:
    """Make a run with two trackers."""
    run_id = new_run(store)
    store.begin_tracking(run_id, TWO)
    return run_id


def held(store: Store, run_id: str, name: str = "mlflow") -> TrackingHold:
    """Become the one who sends."""
    hold = store.hold_tracking(run_id, name)
    assert hold is not None
    return hold


class TrackingContract:
    """The part of :class:`~dltrainer_jupyter.testing.store_contract.StoreContract` about trackers."""

    def test_trackers_are_begun_once(self, store: Store) -> None:
        """Beginning again changes nothing of what is there."""
        run_id = tracked(store)
        hold = held(store, run_id)
        hold.tell("following", key="k", url="file:///x")
        hold.save(mark=Mark(10, 1, 5))
        revision = store.revision(run_id)
        store.begin_tracking(run_id, TWO)
        assert store.revision(run_id) == revision
        first, second = store.tracking(run_id)
        assert (first.name, first.type, first.state, first.key, first.url) == (
            "mlflow",
            "mlflow",
            "following",
            "k",
            "file:///x",
        )
        assert (first.step, first.epoch) == (10, 1)
        assert (second.name, second.state, second.key, second.step) == ("mlflow-2", "waiting", None, 0)
        assert abs((datetime.now(UTC) - first.updated_at).total_seconds()) < 60  # noqa: PLR2004 - a minute
        with pytest.raises(RunNotFoundError):
            store.begin_tracking("nobody", TWO)

    def test_a_whole_copy_waits_for_more_when_its_run_goes_on(self, store: Store) -> None:
        """So that what comes is known to be left over, even if nobody sends it."""
        run_id = tracked(store)
        hold = held(store, run_id)
        hold.tell("delivered", key="k")
        store.begin_tracking(run_id, TWO)
        assert [(it.state, it.key) for it in store.tracking(run_id)] == [("waiting", "k"), ("waiting", None)]
        assert run_id in {it.run_id for it in store.undelivered()}

    def test_trackers_of_several_runs_come_by_one_question(self, store: Store) -> None:
        """Runs without any are left out."""
        one, other, none = tracked(store), tracked(store), new_run(store)
        found = store.tracking_of([one, other, none])
        assert {run: [it.name for it in records] for run, records in found.items()} == {
            one: ["mlflow", "mlflow-2"],
            other: ["mlflow", "mlflow-2"],
        }

    def test_what_is_left_over_is_listed(self, store: Store) -> None:
        """Newer runs first, without what has arrived."""
        older, newer = tracked(store), tracked(store)
        held(store, newer).tell("delivered")
        left = [(it.run_id, it.name) for it in store.undelivered() if it.run_id in {older, newer}]
        assert left == [(newer, "mlflow-2"), (older, "mlflow"), (older, "mlflow-2")]

    def test_watchers_are_woken_only_by_what_they_see(self, store: Store) -> None:
        """Marks move each second, and nobody needs to look."""
        run_id = tracked(store)
        hold = held(store, run_id)
        before = store.revision(run_id)
        hold.save(mark=Mark(1, 1, 1), memory={"span": [1]})
        hold.renew()
        hold.tell("waiting", key="k")
        assert store.revision(run_id) == before
        hold.tell("behind", "No answer.")
        hold.tell("behind", "No answer.")
        assert store.revision(run_id) == before + 1
        hold.tell("following", url="http://x")
        assert store.revision(run_id) == before + 2
        assert store.tracking(run_id)[0].message is None

    def test_memory_outlives_its_relay(self, store: Store) -> None:
        """With numbers that aren't finite."""
        run_id = tracked(store)
        hold = held(store, run_id)
        hold.save(mark=Mark(7, 2, 3), memory={"span": {"upto": [1, 2]}, "time": 1.5, "odd": float("inf")})
        hold.give_back()
        again = held(store, run_id)
        assert again.mark == Mark(7, 2, 3)
        assert again.memory == {"span": {"upto": [1, 2]}, "time": 1.5, "odd": float("inf")}

    def test_one_of_many_threads_holds_a_tracker(self, store: Store) -> None:
        """Each tracker of a run has a holder of its own."""
        run_id = tracked(store)
        barrier, won = threading.Barrier(6), list[bool]()

        def take() -> None:
            barrier.wait()
            won.append(store.hold_tracking(run_id, "mlflow") is not None)

        threads = [threading.Thread(target=take) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(won) == [False] * 5 + [True]
        assert store.tracking_holder(run_id, "mlflow") is not None
        assert store.tracking_holder(run_id, "mlflow-2") is None
        held(store, run_id, "mlflow-2")

    def test_a_dead_holder_is_noticed_at_once(self, store: Store) -> None:
        """By the operating system, long before its time is over."""
        run_id = tracked(store)
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, "-c", HOLD, store.url, run_id]
        with subprocess.Popen(command, **pipes) as process:  # noqa: S603 - our own code
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "True"
            assert store.hold_tracking(run_id, "mlflow") is None
            sending = store.tracking_holder(run_id, "mlflow")
            assert sending is not None
            assert sending.pid == process.pid
            process.kill()
            process.wait()
            held(store, run_id)

    def test_who_slept_too_long_writes_nothing(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """Once another sends; what it gives back isn't the other's."""
        run_id = tracked(store)
        with monkeypatch.context() as lease:
            lease.setattr(under_test, "LEASE", timedelta(0))
            sleeper = held(store, run_id)
        other = held(store, run_id)
        other.save(mark=Mark(5, 0, 0))
        revision = store.revision(run_id)
        for write in (
            sleeper.renew,
            lambda: sleeper.save(mark=Mark(9, 9, 9)),
            lambda: sleeper.tell("delivered"),
        ):
            with pytest.raises(StaleRelayError, match="this one must stop"):
                write()
        sleeper.give_back()
        assert store.hold_tracking(run_id, "mlflow") is None
        assert (store.tracking(run_id)[0].step, store.tracking(run_id)[0].state) == (5, "waiting")
        assert store.revision(run_id) == revision

    def test_trackers_go_with_their_run(self, store: Store) -> None:
        """And whoever sends just then learns of it."""
        run_id = tracked(store)
        hold = held(store, run_id)
        claimed(store, run_id).end(State.STOPPED)
        store.delete_run(run_id)
        assert store.tracking(run_id) == []
        for write in (hold.renew, lambda: hold.tell("delivered")):
            with pytest.raises(RunNotFoundError):
                write()
        with pytest.raises(RunNotFoundError):
            store.hold_tracking(run_id, "mlflow")
