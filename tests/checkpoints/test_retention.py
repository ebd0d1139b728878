from __future__ import annotations

import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.checkpoints import retention
from dltrainer_jupyter.checkpoints.format import folder_name, write
from dltrainer_jupyter.checkpoints.reader import verify
from dltrainer_jupyter.checkpoints.retention import retire, sweep, to_retire
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.core.records import CheckpointRecord


def record(step, kinds=(), *, size=1, attempt=1, path=""):
    return CheckpointRecord(
        run_id="r",
        step=step,
        epoch=1,
        kinds=frozenset(kinds),
        metrics={},
        digest="",
        path=str(path) or f"/run/{folder_name(step)}",
        bytes=size,
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        attempt=attempt,
    )


RECORDS = st.lists(
    st.builds(
        record,
        st.integers(0, 1_000),
        st.sets(st.sampled_from(["best", "last", "manual"])),
        size=st.integers(0, 100),
        attempt=st.integers(1, 3),
    ),
    unique_by=lambda one: (one.attempt, one.step),
    max_size=15,
)


def newest(records, count):
    return sorted(records, key=lambda one: (one.attempt, one.step))[-count:]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(RECORDS, st.integers(2, 5))
def test_without_a_quota_the_last_the_best_and_the_manual_stay_and_nothing_else(records, keep):
    leaving = to_retire(records, keep=keep)
    staying = [one for one in records if one not in leaving]
    expected = [one for one in records if one in newest(records, keep) or one.kinds & {"best", "manual"}]
    assert staying == expected
    assert len(leaving) + len(staying) == len(records)


@settings(max_examples=500, deadline=None)
@given(RECORDS, st.integers(2, 5), st.integers(0, 500))
def test_a_quota_takes_no_more_than_it_must_and_never_the_newest_two_or_the_best(records, keep, quota):
    leaving = to_retire(records, keep=keep, quota_bytes=quota)
    staying = [one for one in records if one not in leaving]
    without = to_retire(records, keep=keep)
    assert all(one in leaving for one in without)
    assert all(one in staying for one in newest(records, 2))
    assert not any("best" in one.kinds for one in leaving)
    extra = [one for one in leaving if one not in without]
    total = sum(one.bytes for one in staying)
    assert total <= quota or all(one in newest(records, 2) or "best" in one.kinds for one in staying)
    if extra:
        by_hand = [one for one in extra if "manual" in one.kinds]
        last_taken = newest(by_hand or extra, 1)[0]
        assert total + last_taken.bytes > quota
        surplus = [one for one in newest(records, keep) if one in staying and not one.kinds & {"best", "manual"}]
        assert not by_hand or all(one in newest(records, 2) for one in surplus)


def test_over_the_quota_the_surplus_goes_before_what_was_asked_for():
    records = [record(1, ["manual"]), record(2, ["best"]), record(3, ["manual"]), *map(record, (4, 5, 6, 7))]
    steps = [[one.step for one in to_retire(records, keep=4, quota_bytes=quota)] for quota in (7, 6, 5, 4, 3, 0)]
    assert steps == [[], [4], [4, 5], [1, 4, 5], [1, 3, 4, 5], [1, 3, 4, 5]]


def test_the_one_a_run_is_taken_up_at_stays_whatever_comes_after():
    records = [*map(record, (1, 2)), record(3, ["manual"]), *map(record, (4, 5, 6))]
    assert [one.step for one in to_retire(records, keep=2, needed=2)] == [1, 4]
    assert [one.step for one in to_retire(records, keep=2, quota_bytes=0, needed=2)] == [1, 3, 4]


def test_a_later_attempt_is_newer_even_at_a_lower_step():
    records = [record(90, attempt=1), record(100, attempt=1), record(60, attempt=2), record(70, attempt=2)]
    assert [one.step for one in to_retire(records, keep=2)] == [90, 100]


def test_keeping_fewer_than_two_is_refused():
    with pytest.raises(ConfigurationError, match="keep: expected at least 2 checkpoints, got 1"):
        to_retire([], keep=1)


def test_the_row_leaves_before_the_folder(tmp_path, make_request):
    paths = [write(tmp_path, make_request(step)).path for step in (1, 2, 3)]
    seen = []

    def delete_row(one):
        seen.append((one.step, [path.name for path in sorted(tmp_path.iterdir())]))

    retire(tmp_path, [record(step, path=path) for step, path in zip((1, 2), paths, strict=False)], delete_row)
    names = [folder_name(step) for step in (1, 2, 3)]
    assert seen == [(1, names), (2, names[1:])]
    assert list(tmp_path.iterdir()) == [paths[2]]


def test_a_folder_that_is_gone_already_is_no_trouble(tmp_path):
    seen = []
    retire(tmp_path, [record(1, path=tmp_path / folder_name(1))], seen.append)
    assert len(seen) == 1


@pytest.mark.parametrize("path", ["../step-000000001", "/", "below/step-000000001", "precious", "."])
def test_a_row_that_leads_elsewhere_deletes_nothing(tmp_path, path):
    folder = tmp_path / "run"
    for place in (folder / "precious", folder / "below" / "step-000000001", tmp_path / "step-000000001"):
        place.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    seen = []
    with pytest.raises(CheckpointError, match="is not deleted"):
        retire(folder, [record(1, path=folder / path)], seen.append)
    assert seen == []
    assert sorted(tmp_path.rglob("*")) == before


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from dltrainer_jupyter.checkpoints.retention import retire
from dltrainer_jupyter.core.records import CheckpointRecord

folder = Path(sys.argv[1])
retire(
    folder,
    [
        CheckpointRecord("r", step, 1, frozenset(), {}, "", str(folder / f"step-{step:09d}"), 1, datetime.now(UTC), 1)
        for step in (1, 2)
    ],
    lambda record: (folder / f"row-{record.step}").unlink(),
)
"""


def test_killed_between_row_and_folder_leaves_rubbish_and_no_lonely_row(tmp_path, make_request, run_script):
    for step in (1, 2, 3):
        write(tmp_path, make_request(step))
        (tmp_path / f"row-{step}").touch()
    ended = run_script(KILLED, tmp_path, failpoint="retention.row_deleted:2")
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["row-3", folder_name(2), folder_name(3)]
    assert sweep(tmp_path, [tmp_path / folder_name(3)], 1) == [tmp_path / folder_name(2)]
    verify(tmp_path / folder_name(3))


def test_the_sweep_takes_what_has_no_row_and_what_was_never_finished(tmp_path):
    for name in ("step-000000001", "step-000000001-2", "step-000000002", ".writing-step-000000003-0a1b2c3d"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights.safetensors").touch()
    for name in ("artifacts", "step-000000001-copy", ".hidden", "step-1"):
        (tmp_path / name).mkdir()
    (tmp_path / "step-000000009").write_bytes(b"a file of somebody's")
    # The same folder may be written differently in the row.
    removed = sweep(tmp_path, ["/seen/from/elsewhere/step-000000002"], 1)
    assert [path.name for path in removed] == [
        ".writing-step-000000003-0a1b2c3d",
        "step-000000001",
        "step-000000001-2",
    ]
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".hidden", "artifacts", "step-000000001-copy", "step-000000002", "step-000000009", "step-1"]


def test_the_sweep_leaves_what_later_attempts_have_made(tmp_path):
    """Who was stopped with the rows in hand, and superseded, sweeps when it wakes; the others' rows it doesn't know."""
    earlier = ["step-000000001", "step-000000002-a2", "step-000000002-a2-2", ".writing-step-000000003-a2-0a1b2c3d"]
    later = ["step-000000003-a3", "step-000000003-a10-2", ".writing-step-000000004-a3-0a1b2c3d"]
    for name in earlier + later:
        (tmp_path / name).mkdir()
    assert sorted(path.name for path in sweep(tmp_path, [], 2)) == sorted(earlier)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(later)


def test_the_sweep_follows_no_link(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "run"
    outside.mkdir()
    (outside / "precious").touch()
    (folder / "step-000000002" / "below").mkdir(parents=True)
    (folder / "step-000000001").symlink_to(outside)
    (folder / ".writing-step-000000003-0a1b2c3d").symlink_to(outside, target_is_directory=True)
    (folder / "step-000000002" / "link").symlink_to(outside)
    (folder / "step-000000002" / "below" / "file").symlink_to(outside / "precious")
    assert len(sweep(folder, [], 1)) == 3
    assert list(folder.iterdir()) == []
    assert list(outside.iterdir()) == [outside / "precious"]


def test_a_folder_swapped_for_a_link_at_the_last_moment_saves_what_it_leads_to(tmp_path, monkeypatch):
    outside, folder = tmp_path / "outside", tmp_path / "run"
    outside.mkdir()
    (outside / "precious").touch()
    victim = folder / "step-000000001"
    victim.mkdir(parents=True)
    honest = shutil.rmtree

    def swapped(path):
        Path(path).rmdir()
        Path(path).symlink_to(outside)
        honest(path)

    monkeypatch.setattr(shutil, "rmtree", swapped)
    failures = []
    assert sweep(folder, [], 1, lambda path, error: failures.append((path, error))) == []
    assert failures[0][0] == victim
    assert (outside / "precious").exists()


def test_what_cant_be_removed_is_reported_and_the_rest_goes(tmp_path, monkeypatch):
    for step in (1, 2):
        (tmp_path / folder_name(step)).mkdir()
    honest = retention.remove_folder

    def stubborn(path):
        if path.name == folder_name(1):
            raise PermissionError(13, "not yours")
        honest(path)

    monkeypatch.setattr(retention, "remove_folder", stubborn)
    failures = []
    removed = sweep(tmp_path, [], 1, lambda path, error: failures.append((path.name, error.errno)))
    assert (removed, failures) == ([tmp_path / folder_name(2)], [(folder_name(1), 13)])
    assert sweep(tmp_path, [], 1) == []


def test_there_may_be_nothing_to_sweep(tmp_path):
    assert sweep(tmp_path / "none", [], 1) == []
