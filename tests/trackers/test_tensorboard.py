from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.records import ErrorRecord, EventRecord, ValidationRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import GraphNode, Mark, Points, Update
from dltrainer_jupyter.testing.tracker_samples import (
    BEGAN,
    checkpoint_artifact,
    ending,
    expected,
    file_artifact,
    observations,
    tracked_run,
    update,
)
from dltrainer_jupyter.trackers.tensorboard import TensorBoard
from dltrainer_jupyter.trackers.tensorboard.graph import drawn
from dltrainer_jupyter.trackers.tensorboard.hparams import plain, table
from tests.trackers.event_files import parameters, read, series, status, tags, tensors, texts

NOTHING = Mark()


class Followed:
    """A run and its folder of event files."""

    def __init__(self, root: Path, **changes):
        self.root, self.changes = root, changes
        self.key = None

    def opened(self, sent=NOTHING, **changes) -> TensorBoard:
        tracker = TensorBoard(TensorBoard.Config(logdir=str(self.root / "logs")))
        opened = tracker.open(tracked_run(self.root / "run", **self.changes | changes), self.key, sent)
        self.key = opened.key
        return tracker

    def sent(self, *updates: Update, mark=NOTHING, state=None, **changes) -> None:
        tracker = self.opened(mark, **changes)
        for one in updates:
            tracker.send(one)
        if state is not None:
            tracker.end(ending(state))
        tracker.close()

    @property
    def found(self):
        return read(self.key)

    @property
    def files(self) -> list[Path]:
        return sorted(Path(self.key).iterdir())

    def holds(self, *updates: Update) -> None:
        wanted, there = expected(*updates), series(self.found)
        assert sorted(there) == sorted(wanted)
        for name, points in wanted.items():
            assert [step for step, _ in there[name]] == [step for step, _ in points], name
            np.testing.assert_allclose([v for _, v in there[name]], [v for _, v in points], rtol=1e-7, err_msg=name)


@pytest.fixture
def run(tmp_path):
    return Followed(tmp_path)


# --- what is written ----------------------------------------------------------------------------------------


def test_points_keep_their_times(run):
    run.sent(update(1, 100))
    assert [time for _, time, _ in tensors(run.found, "step/train_loss")] == pytest.approx(
        (BEGAN + np.arange(1, 101) / 1000).tolist(), abs=0
    )


def test_numbers_are_read_with_tensors(run):
    """As TensorBoard 2 writes them: what Scalars gives are those of TensorFlow 1."""
    run.sent(update(1, 100))
    assert run.found.Tags()["scalars"] == []
    assert "step/train_loss" in run.found.Tags()["tensors"]


def test_histograms_are_rows_of_edges_and_counts(run):
    run.sent(replace(update(1, 100), **observations(1)))
    assert tags(run.found, "histograms") == ["activations/hidden", "weights/hidden.weight"]
    [(step, time, rows)] = tensors(run.found, "weights/hidden.weight")
    assert (step, time) == (100, BEGAN + 0.1)
    assert rows.tolist() == [[-1, -0.25, 1], [-0.25, 0.25, 5], [0.25, 1, 2]]


def test_a_confusion_matrix_is_a_picture(run):
    run.sent(replace(update(1, 100), **observations(1)))
    [(step, _, (width, height, encoded))] = tensors(run.found, "confusion_matrix")
    image = Image.open(io.BytesIO(encoded))
    assert (step, image.format, image.size) == (100, "PNG", (int(width), int(height)))


@pytest.mark.parametrize(("epochs", "stopped", "wanted"), [(3, 3, 3), (1000, 1000, 100), (1000, 95, 10)])
def test_so_many_confusion_matrices_are_kept_and_the_last_in_any_case(run, epochs, stopped, wanted, monkeypatch):
    small = io.BytesIO()
    Image.new("RGB", (2, 2)).save(small, "PNG")
    monkeypatch.setattr(
        "dltrainer_jupyter.trackers.tensorboard.writing.confusion_png", lambda *_arguments: small.getvalue()
    )
    seen = [ValidationRecord(epoch, epoch * 10, [[epoch]], ["a"]) for epoch in range(1, stopped + 1)]
    run.sent(Update(validations=seen), state=State.STOPPED, spec={"epochs": epochs})
    steps = [step for step, _, _ in tensors(run.found, "confusion_matrix")]
    assert (len(steps), steps[-1]) == (wanted, stopped * 10)


def test_events_are_texts(run):
    run.sent(replace(update(1, 100), **observations(1)))
    assert texts(run.found, "events/note") == [(100, "Validated.")]


def test_the_configuration_is_a_table(run):
    run.sent(update(1, 100))
    [(step, text)] = texts(run.found, "configuration")
    assert step == 0
    assert "| model.hidden | \\[64, 32\\] |" in text.splitlines()
    [(_, text)] = texts(run.found, "run")
    assert "| environment.git.commit | 0a1b2c3d |" in text.splitlines()


def test_a_changed_configuration_stands_beside_the_first(run):
    run.sent(update(1, 100))
    spec = {**tracked_run(run.root / "run").spec, "epochs": 20}
    run.sent(update(101, 200), mark=Mark(100, 1, 0), attempt=2, spec=spec)
    run.sent(update(201, 300), mark=Mark(200, 2, 0), attempt=3, spec=spec)
    assert [(step, "| epochs | 20 |" in text) for step, text in texts(run.found, "configuration")] == [
        (0, False),
        (100, True),
    ]


def test_the_graph_can_be_read_back(run):
    run.sent()
    graph = run.found.Graph()
    assert [(node.name, node.op, list(node.input)) for node in graph.node] == [
        ("input", "Input", []),
        ("hidden", "Linear", ["input"]),
        ("output", "Linear", ["hidden"]),
    ]
    hidden = graph.node[1].attr
    assert [size.size for size in hidden["_output_shapes"].list.shape[0].dim] == [-1, 64]
    assert hidden["parameters"].i == 4160


def test_a_graph_known_later_comes_later_and_once(run):
    run.sent(graph=())
    assert run.found.Tags()["graph"] is False
    run.sent(update(1, 100))
    run.sent(update(101, 200), mark=Mark(100, 1, 0))
    assert len(run.found.Graph().node) == 3


def test_names_in_a_graph_are_what_its_page_can_read():
    nodes = (GraphNode("", "Net"), GraphNode("a:b", "X", ("",)), GraphNode("a_b", "Y", ("a:b", "gone")))
    assert [(node.name, list(node.input)) for node in drawn(nodes).node] == [
        ("model", []),
        ("a_b", ["model"]),
        ("a_b_1", ["a_b"]),
    ]


def test_values_beyond_32_bits_are_told_of_once(run):
    points = Points(np.asarray([1, 2]), np.asarray([1e39, 1.0]), np.asarray([BEGAN, BEGAN]))
    tracker = run.opened()
    assert list(tracker.send(Update({"a": points}))) == [
        "TensorBoard keeps 32-bit floats: values of 'step/a' beyond 3.4e38 are infinite in it."
    ]
    later = replace(points, steps=np.asarray([3, 4]))
    assert list(tracker.send(Update({"a": later}))) == []
    tracker.close()
    assert series(run.found)["step/a"][0] == (1, np.inf)


def test_settings_are_flattened_for_the_table_of_runs():
    assert plain({"a": {"b": {"c": 1}}, "d": [1, {"e": None}], "f": None, "g": True, "h": {}}) == {
        "a.b.c": 1,
        "d": '[1, {"e": null}]',
        "f": "none",
        "g": True,
        "h": "{}",
    }


def test_nothing_in_a_setting_is_markup():
    assert table({"a": "x|y\n<b>__z__"}).splitlines()[-1] == "| a | x\\|y<br>&lt;b&gt;\\_\\_z\\_\\_ |"


# --- pictures and other files -------------------------------------------------------------------------------


def picture(folder, colour, name="samples.png"):
    folder.mkdir(exist_ok=True)
    artifact = file_artifact(folder, name, kind="image")
    Image.new("RGB", (3, 2), colour).save(artifact.path, "PNG")
    return artifact


def test_a_picture_is_shown_each_version_once(run, tmp_path):
    tracker = run.opened()
    red, blue = picture(tmp_path / "red", "red"), picture(tmp_path / "blue", "blue")
    assert [*tracker.attach(red), *tracker.attach(red), *tracker.attach(blue)] == []
    tracker.close()
    tracker = run.opened()
    tracker.attach(blue)
    tracker.close()
    found = tensors(run.found, "images/samples.png")
    assert [(int(width), int(height)) for _, _, (width, height, _) in found] == [(3, 2), (3, 2)]
    assert {encoded for _, _, (_, _, encoded) in found} == {red.path.read_bytes(), blue.path.read_bytes()}


def test_a_report_and_settings_are_shown_each_version_once(run, tmp_path):
    tracker = run.opened()
    tracker.send(update(1, 100))
    report, settings = file_artifact(tmp_path, "report.md", "# run"), file_artifact(tmp_path, "config.yaml", "a: 1")
    newer = file_artifact(tmp_path / "newer", "report.md", "# run 2")
    assert [*tracker.attach(report), *tracker.attach(settings), *tracker.attach(report), *tracker.attach(newer)] == []
    tracker.close()
    tracker = run.opened(Mark(100, 1, 0))
    tracker.attach(report)
    tracker.close()
    assert texts(run.found, "files/report.md") == [(100, "# run"), (100, "# run 2")]
    assert texts(run.found, "files/config.yaml") == [(100, "```\na: 1\n```")]


def test_other_files_are_left_out_with_one_note_a_kind(run, tmp_path):
    tracker = run.opened()
    notes = [
        *tracker.attach(checkpoint_artifact(tmp_path, 100)),
        *tracker.attach(checkpoint_artifact(tmp_path, 200)),
        *tracker.attach(file_artifact(tmp_path, "report.md", "x" * 300_000)),
        *tracker.attach(file_artifact(tmp_path, "sample.png", "no picture", "image")),
    ]
    tracker.close()
    assert notes == [
        "TensorBoard keeps pictures and short texts only: 'checkpoints/step-100' stays with the run.",
        "TensorBoard keeps pictures and short texts only: 'report.md' stays with the run.",
        "TensorBoard shows PNG, JPEG, GIF and BMP: 'sample.png' is none, and stays with the run.",
    ]


# --- going on -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999, 1.0])
def test_a_file_that_was_cut_off_anywhere_holds_each_point_once(run, share):
    """Killed in the middle of a record, of the one before or after it, or just before the mark was saved."""
    run.sent(update(1, 250))
    second = replace(update(251, 500), **observations(3))
    run.sent(second, mark=Mark(250, 2, 1))
    before, newest = run.files[-2:]
    newest.write_bytes(newest.read_bytes()[: int(newest.stat().st_size * share)])
    run.sent(replace(second, again=True), update(501, 600), mark=Mark(250, 2, 1))
    assert before in run.files
    run.holds(update(1, 600))
    for tag in ("confusion_matrix", "weights/hidden.weight", "events/note"):
        assert [step for step, _, _ in tensors(run.found, tag)] == [300], tag


def test_each_kind_of_history_is_cut_at_its_own_mark(run):
    """Series had arrived further than epochs, or epochs further than series; neither is lost or doubled."""
    whole = replace(update(1, 300), **observations(1))
    for mark in (Mark(300, 1, 0), Mark(120, 3, 1), Mark(300, 3, 1), Mark(0, 3, 0), Mark(300, 0, 1)):
        run.sent(whole, mark=NOTHING)
        rest = Update(
            {name: cut_to(points, points.steps > mark.step) for name, points in whole.curves.items()},
            [epoch for epoch in whole.epochs if epoch.epoch > mark.epoch],
            [validation for validation in whole.validations if validation.epoch > mark.epoch],
            [histogram for histogram in whole.histograms if histogram.epoch > mark.epoch],
            [event for event in whole.events if event.id > mark.event],
        )
        run.sent(rest, mark=mark)
        run.holds(whole)
        for tag in ("confusion_matrix", "weights/hidden.weight", "events/note"):
            assert [step for step, _, _ in tensors(run.found, tag)] == [100], (tag, mark)


def cut_to(points, which):
    return Points(points.steps[which], points.values[which], points.times[which])


def test_a_run_that_went_back_to_an_older_checkpoint_shows_its_new_history(run):
    run.sent(update(1, 500))
    anew = update(251, 500)
    changed = replace(anew, curves={name: replace(it, values=it.values + 1) for name, it in anew.curves.items()})
    run.sent(changed, mark=Mark(250, 2, 0), attempt=2)
    run.holds(update(1, 250), changed)


def test_event_files_of_others_are_left_alone(run):
    run.sent(update(1, 100))
    other = Path(run.key) / "events.out.tfevents.1.elsewhere"
    other.write_bytes(run.files[0].read_bytes())
    before = other.read_bytes()
    run.sent(update(1, 100), mark=NOTHING)
    assert other.read_bytes() == before


def test_a_run_that_is_only_opened_leaves_its_files_as_they_are(run):
    run.sent(update(1, 100), state=State.COMPLETED)
    before = {path: path.read_bytes() for path in run.files}
    run.sent(mark=Mark(100, 1, 0))
    assert {path: path.read_bytes() for path in run.files} == before


def test_what_was_sent_survives_the_process(run, tmp_path):
    """It is on the disk when ``send`` returns, whatever becomes of the sender."""
    code = (
        "import os, sys; from pathlib import Path; "
        "from dltrainer_jupyter.core.tracking import Mark; "
        "from dltrainer_jupyter.testing.tracker_samples import tracked_run, update; "
        "from dltrainer_jupyter.trackers.tensorboard import TensorBoard; "
        "root = Path(sys.argv[1]); tracker = TensorBoard(TensorBoard.Config(logdir=str(root / 'logs'))); "
        "print(tracker.open(tracked_run(root / 'run'), None, Mark()).key, flush=True); "
        "tracker.send(update(1, 250)); tracker.send(update(251, 300)); "
        "assert not {'tensorflow', 'torch', 'matplotlib.pyplot'} & set(sys.modules); os.kill(os.getpid(), 9)"
    )
    died = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert died.returncode == -9, died.stderr
    run.key = died.stdout.strip()
    run.holds(update(1, 300))


# --- how it ends --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (State.COMPLETED, STATUS_SUCCESS),
        (State.STOPPED, STATUS_SUCCESS),
        (State.FAILED, STATUS_FAILURE),
        (State.LOST, STATUS_FAILURE),
        (State.SUSPENDED, None),
    ],
)
def test_the_table_of_runs_says_how_it_ended(run, state, wanted):
    run.sent(update(1, 100), state=state)
    assert status(run.found) == wanted
    assert parameters(run.found)["model.type"] == "mlp"


def test_a_run_that_goes_on_hasnt_ended(run):
    """Readers believe the first end they find, so it mustn't be there any more."""
    run.sent(update(1, 100), state=State.FAILED)
    tracker = run.opened(Mark(100, 1, 0))
    assert status(run.found) == STATUS_FAILURE
    tracker.send(update(101, 200))
    assert status(run.found) is None
    tracker.end(ending())
    tracker.end(ending())
    assert status(run.found) == STATUS_SUCCESS
    tracker.send(update(201, 300))
    tracker.close()
    run.holds(update(1, 300))
    assert status(run.found) is None


def test_an_end_that_came_twice_counts_as_it_came_last(run):
    run.sent(update(1, 100), state=State.LOST)
    run.sent(mark=Mark(100, 1, 0), state=State.COMPLETED)
    assert status(run.found) == STATUS_SUCCESS


def test_an_error_is_shown_until_the_run_goes_on(run):
    tracker = run.opened()
    tracker.send(update(1, 100))
    error = ErrorRecord("ValueError", "a loss of -1", "  File 'train.py', line 3\n", 80)
    tracker.end(replace(ending(State.FAILED), error=error))
    assert texts(run.found, "error") == [
        (80, "**ValueError**: a loss of -1\n\n```\nFile 'train.py', line 3\n```"),
    ]
    tracker.send(update(101, 200))
    tracker.close()
    assert texts(run.found, "error") == []


# --- where it is written ------------------------------------------------------------------------------------


def test_by_default_it_lies_with_the_run(tmp_path):
    tracker = TensorBoard(TensorBoard.Config())
    opened = tracker.open(tracked_run(tmp_path), None, NOTHING)
    tracker.close()
    assert opened.key == opened.url == str(tmp_path / "digits-mlp-4f1c9a0b")
    assert opened.notices == (f"See it with: tensorboard --logdir {tmp_path}",)


def test_importing_it_imports_neither_tensorboard_nor_matplotlib():
    code = (
        "import sys; import dltrainer_jupyter.trackers.tensorboard; "
        "sys.exit(' '.join({'tensorboard', 'matplotlib', 'PIL', 'google.protobuf'} & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_it_is_told_once_how_to_see_it(run):
    run.sent(update(1, 100))
    tracker = TensorBoard(TensorBoard.Config(logdir=str(run.root / "logs")))
    assert tracker.open(tracked_run(run.root / "run"), run.key, Mark(100, 1, 0)).notices == ()
    tracker.close()


def test_home_is_what_the_tilde_means(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    tracker = TensorBoard(TensorBoard.Config(logdir="~/logs with spaces"))
    opened = tracker.open(tracked_run(tmp_path / "run"), None, NOTHING)
    tracker.close()
    assert Path(opened.key).parent == tmp_path / "logs with spaces"
    assert opened.notices == (f"See it with: tensorboard --logdir '{tmp_path}/logs with spaces'",)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("..", "run-4f1c9a0b"),
        ("a/../../b", "a-..-..-b-4f1c9a0b"),
        ("träining № 1", "träining-1-4f1c9a0b"),
        ("猫" * 120, "猫" * 33 + "-4f1c9a0b"),
    ],
)
def test_a_run_has_a_folder_of_its_own_within_logdir(run, name, wanted):
    run.sent(name=name)
    assert Path(run.key) == run.root / "logs" / wanted


@pytest.mark.parametrize("url", ["s3://bucket/logs", "gs://b", "file:///tmp/logs"])
def test_remote_folders_are_refused(url):
    with pytest.raises(ValidationError, match="expected a folder of this machine, got '"):
        TensorBoard.Config(logdir=url)


def test_no_folder_is_refused():
    with pytest.raises(ValidationError, match="expected a folder, got nothing; leave logdir out"):
        TensorBoard.Config(logdir=" ")


def test_a_folder_that_is_gone_is_told_of(run):
    run.sent(update(1, 100))
    for path in run.files:
        path.unlink()
    Path(run.key).rmdir()
    tracker = TensorBoard(TensorBoard.Config())
    opened = tracker.open(tracked_run(run.root / "run"), run.key, Mark(100, 1, 0))
    tracker.send(update(101, 200))
    tracker.close()
    assert opened.notices == (f"The folder {run.key} was gone; what it held isn't written again.",)
    run.holds(update(101, 200))
    assert parameters(run.found)["epochs"] == 10


# --- what goes wrong ----------------------------------------------------------------------------------------


def test_a_file_in_the_way_is_one_line(run):
    (run.root / "logs").write_text("")
    with pytest.raises(
        TrackerError, match=r"a file stands where a folder should: move it, or set another .* logdir\.$"
    ):
        run.opened()


@pytest.mark.parametrize(
    ("number", "cure"), [(errno.ENOSPC, "make room on that disk."), (errno.EROFS, "let it be written to, or set")]
)
def test_a_disk_that_takes_nothing_is_one_line_and_nothing_is_lost(run, monkeypatch, number, cure):
    tracker = run.opened()
    tracker.send(update(1, 100))

    def refuse(_descriptor):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr("dltrainer_jupyter.trackers.tensorboard.log.os.fsync", refuse)
        with pytest.raises(TrackerError) as told:
            tracker.send(update(101, 200))
    assert cure in str(told.value)
    assert "\n" not in str(told.value)
    run.sent(update(101, 200, again=True), mark=Mark(100, 1, 0))
    run.holds(update(1, 200))


def test_a_file_too_large_for_its_disk_is_one_line(run, tmp_path):
    """A real limit: of the size of files a process may write."""
    code = (
        "import resource, sys; from pathlib import Path; "
        "from dltrainer_jupyter.core.errors import TrackerError; "
        "from dltrainer_jupyter.core.tracking import Mark; "
        "from dltrainer_jupyter.testing.tracker_samples import tracked_run, update; "
        "from dltrainer_jupyter.trackers.tensorboard import TensorBoard; "
        "root = Path(sys.argv[1]); tracker = TensorBoard(TensorBoard.Config(logdir=str(root / 'logs'))); "
        "print(tracker.open(tracked_run(root / 'run'), None, Mark()).key); tracker.send(update(1, 100)); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        "try: tracker.send(update(101, 1000))\n"
        "except TrackerError as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    run.key, message = told.stdout.splitlines()
    assert message.startswith(f"TensorBoard's files can't be written to '{run.key}' (File too large)")
    run.sent(update(101, 1000, again=True), mark=Mark(100, 1, 0))
    run.holds(update(1, 1000))


def test_events_without_a_step_stand_where_the_run_is(run):
    event = EventRecord(1, "4f1c", datetime.fromtimestamp(BEGAN, UTC), "paused", "Paused.")
    run.sent(update(1, 100), Update(events=[event]))
    assert texts(run.found, "events/paused") == [(100, "Paused.")]
