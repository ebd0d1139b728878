from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dltrainer_jupyter.views.live import snapshot
from dltrainer_jupyter.views.patching import is_nothing, patch

_CURVES = st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 2)), max_size=12)


def snap(revision: int, curve: list[tuple[int, int | None]], **more: Any) -> dict[str, Any]:
    steps, values = [step for step, _ in curve], [value for _, value in curve]
    return {"revision": revision, "curves": {"loss": {"steps": steps, "values": values}}, **more}


@given(_CURVES, _CURVES)
def test_what_stays_and_what_follows_make_the_newer_curve(old: list[Any], new: list[Any]) -> None:
    change = patch(snap(1, old), snap(2, new))
    assert change is not None
    assert ("loss" in change["curves"]) == (old != new)
    kept = change["curves"].get("loss", {"from": len(new), "steps": [], "values": []})
    follows = list(zip(kept["steps"], kept["values"], strict=True))
    assert old[: kept["from"]] + follows == new
    # Not a point more than needed.
    assert not follows or kept["from"] == len(old) or old[kept["from"]] != new[kept["from"]]


def test_parts_that_changed_are_given_whole() -> None:
    old, new = snap(1, [], best=None, run={"name": "a"}), snap(2, [], best={"value": 1}, run={"name": "a"})
    assert patch(old, new) == {"since": 1, "revision": 2, "parts": {"revision": 2, "best": {"value": 1}}, "curves": {}}


def test_other_series_or_parts_are_no_patch() -> None:
    assert patch(snap(1, []), snap(2, []) | {"curves": {}}) is None
    assert patch(snap(1, []), snap(2, [], more=1)) is None


def test_the_time_alone_is_nothing(store, trainer) -> None:
    one, same = snapshot(store, trainer.run.id), snapshot(store, trainer.run.id)
    change = patch(one, same)
    assert change is not None
    assert is_nothing(change)
    trainer.steps(1)
    change = patch(one, snapshot(store, trainer.run.id))
    assert change is not None
    assert not is_nothing(change)
