"""TensorBoard itself reads what was written, while it is written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode
from urllib.request import Request, urlopen

import numpy as np
import pytest

from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Mark, Points, Update
from dltrainer_jupyter.testing.tracker_samples import BEGAN, ending, observations, tracked_run, update
from dltrainer_jupyter.trackers.tensorboard import TensorBoard
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# As it is where TensorFlow isn't installed.
_START = (
    "import sys, types; sys.modules['tensorboard.compat.notf'] = types.ModuleType('notf'); "
    "from tensorboard.main import run_main; run_main()"
)
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
RUN = "digits-mlp-4f1c9a0b"


class Page:
    def __init__(self, address: str) -> None:
        self._address = f"{address}/data"

    def raw(self, path: str, body: Any = None, **query: Any) -> bytes:
        kind = {"Content-Type": "application/json"}
        address = f"{self._address}/{path}?{urlencode(query)}"
        request = Request(address, body and json.dumps(body).encode(), kind)  # noqa: S310 - its own localhost
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.read()

    def get(self, path: str, body: Any = None, **query: Any) -> Any:
        return json.loads(self.raw(path, body, **query))

    def plugin(self, name: str, **query: Any) -> Any:
        return self.get(f"plugin/{name}", run=RUN, **query)

    def steps(self, tag: str) -> list[int]:
        if tag not in self.get("plugin/scalars/tags").get(RUN, {}):
            return []
        return [step for _, step, _ in self.plugin("scalars/scalars", tag=tag)]

    def runs(self) -> list[str]:
        return self.get("runs")

    def compared(self) -> Any:
        """Give what the table of runs holds of this one."""
        experiment = self.get("plugin/hparams/experiment", {"includeMetrics": True})
        columns = [{"metric": info["name"]} for info in experiment["metricInfos"]]
        statuses = ["STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING", "STATUS_UNKNOWN"]
        wanted = {"startIndex": 0, "sliceSize": 9, "colParams": columns, "allowedStatuses": statuses}
        [group] = self.get("plugin/hparams/session_groups", wanted)["sessionGroups"]
        return group


@contextmanager
def opened(logs: Path) -> Iterator[Page]:
    command = [sys.executable, "-c", _START, "--logdir", str(logs), "--host", "127.0.0.1", "--port", "0"]
    command += ["--reload_interval", "1", "--load_fast", "true", "--samples_per_plugin", "scalars=100000"]
    written = logs.with_name("tensorboard.txt")
    with written.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: _ADDRESS.search(written.read_text()) or process.poll() is not None, 60)
        found = _ADDRESS.search(written.read_text())
        assert found is not None, written.read_text()
        yield Page(found[0])
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with opened(tmp_path / "logs") as page:
        yield page


def test_the_page_shows_a_run_as_it_is_written(page, tmp_path):
    def made() -> TensorBoard:
        return TensorBoard(TensorBoard.Config(logdir=str(tmp_path / "logs")))

    tracker = made()
    key = tracker.open(tracked_run(tmp_path / "run"), None, Mark()).key
    tracker.send(replace(update(1, 250), **observations(1)))
    odd = Points(np.arange(1, 5), np.asarray([1, np.nan, np.inf, -np.inf]), BEGAN + np.arange(1, 5))
    tracker.send(replace(update(251, 500), curves={**update(251, 500).curves, "odd": odd}))
    # It reads a file piece by piece, and shows what it has so far.
    until(lambda: page.runs() == [RUN] and len(page.steps("step/train_loss")) == 500, 60)
    until(lambda: len(page.steps("step/odd")) == 4 and page.steps("val_accuracy")[-1:] == [500], 60)

    assert set(page.get("plugin/scalars/tags")[RUN]) == {
        *("step/train_loss", "step/odd", "system/cpu_percent"),
        *("train_loss", "val_loss", "val_accuracy", "learning_rate", "epoch"),
    }
    assert [value for _, _, value in page.plugin("scalars/scalars", tag="step/odd")] == [
        *(1.0, "NaN", "Infinity", "-Infinity")
    ]
    assert page.plugin("scalars/scalars", tag="val_accuracy")[0] == [BEGAN + 0.1, 100, 0.5]
    assert page.plugin("histograms/histograms", tag="weights/hidden.weight") == [
        [BEGAN + 0.1, 100, [[-1, -0.25, 1], [-0.25, 0.25, 5], [0.25, 1, 2]]]
    ]
    [shown] = page.plugin("images/images", tag="confusion_matrix", sample=0)
    assert page.raw("plugin/images/individualImage", **dict(parse_qsl(shown["query"]))).startswith(b"\x89PNG")
    assert "<td>model.type</td>\n<td>mlp</td>" in page.plugin("text/text", tag="configuration")[0]["text"]
    assert page.plugin("graphs/info")[RUN]["run_graph"] is True
    assert b'op: "Linear"' in page.raw("plugin/graphs/graph", run=RUN, conceptual="false")
    compared = page.compared()
    assert compared["hparams"]["optimizer.type"] == "adam"
    assert {column["name"]["tag"]: column["value"] for column in compared["metricValues"]}["val_accuracy"] == (
        pytest.approx(0.9)
    )
    assert [one["status"] for one in compared["sessions"]] == ["STATUS_UNKNOWN"]

    # The one who sent it died before anybody knew that it had arrived; the page stays open.
    tracker.close()
    tracker = made()
    tracker.open(tracked_run(tmp_path / "run", attempt=2), key, Mark(250, 2, 1))
    tracker.send(update(251, 500, again=True))
    tracker.send(update(501, 600))
    tracker.end(ending(State.COMPLETED))
    tracker.close()
    until(lambda: 600 in page.steps("step/train_loss") and 600 in page.steps("val_loss"), 60)
    assert page.steps("step/train_loss") == list(range(1, 601))
    assert page.steps("val_loss") == [100, 200, 300, 400, 500, 600]
    until(lambda: page.compared()["sessions"][0]["status"] == "STATUS_SUCCESS", 60)


def test_the_page_of_a_run_that_has_ended_holds_each_point_once(tmp_path):
    """Started afterwards, it reads what is in the files only."""
    tracker = TensorBoard(TensorBoard.Config(logdir=str(tmp_path / "logs")))
    key = tracker.open(tracked_run(tmp_path / "run"), None, Mark()).key
    tracker.send(update(1, 500))
    tracker.end(ending(State.FAILED))
    tracker.open(tracked_run(tmp_path / "run"), key, Mark(250, 2, 0))
    tracker.send(Update({}, update(251, 300).epochs))
    tracker.end(ending())
    tracker.close()
    with opened(tmp_path / "logs") as page:
        until(lambda: page.runs() == [RUN] and page.steps("step/train_loss") == list(range(1, 251)), 60)
        until(lambda: page.steps("val_loss") == [100, 200, 300], 60)
        until(lambda: page.compared()["sessions"][0]["status"] == "STATUS_SUCCESS", 60)
