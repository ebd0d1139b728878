"""The form in a cell, without a page: what its page is answered, and what stays in the notebook."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import BaseModel

from dltrainer_jupyter import register, tal
from dltrainer_jupyter.core.registry import notebook
from dltrainer_jupyter.server import parts
from dltrainer_jupyter.server.part_schemas import ListingQuery
from dltrainer_jupyter.widgets import display, form
from dltrainer_jupyter.widgets.built import built

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dltrainer_jupyter.widgets.form import Form

PATIENCE = 60
X, Y = np.random.default_rng(0).random((64, 4), dtype=np.float32), np.arange(64) % 2


class Cell:
    """A cell that shows a form, and the page before it."""

    def __init__(self, shown: Form) -> None:
        self.form = shown
        self.outputs: list[tuple[Any, dict[str, Any]]] = []
        self._replies: list[dict[str, Any]] = []
        self._news = threading.Condition()

    def display(self, thing: Any, **how: Any) -> None:
        with self._news:
            self.outputs.append((thing, how))
            self._news.notify_all()

    def open(self) -> None:
        self.form._ipython_display_()
        self.view, self.below = self.outputs[0][0], self.outputs[1][0]
        self.view.send = self._receive

    def _receive(self, content: dict[str, Any], buffers: object = None) -> None:
        json.dumps(content, allow_nan=False)
        with self._news:
            self._replies.append(content)
            self._news.notify_all()

    def ask(self, verb: str, **arguments: Any) -> dict[str, Any]:
        number = len(self._replies)
        message = {"kind": "request", "id": f"p-{number}", "verb": verb, "arguments": arguments}
        self.view._handle_custom_msg(message, [])
        with self._news:
            assert self._news.wait_for(lambda: len(self._replies) > number, PATIENCE)
        return self._replies[-1]

    def answer(self, verb: str, **arguments: Any) -> Any:
        reply = self.ask(verb, **arguments)
        assert reply["ok"], reply
        return reply["result"]

    def until(self, condition: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(condition, PATIENCE)

    @property
    def copy(self) -> dict[str, str]:
        """What stays in the notebook: the newest text."""
        return [thing for thing, how in self.outputs if str(how.get("display_id")).startswith("dltrain-form")][-1]


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Cell]]:
    """Give a function that shows a form in a cell."""
    cells: list[Cell] = []
    monkeypatch.setattr(form, "in_notebook", lambda: True)

    def display_(thing: Any, **how: Any) -> None:
        cells[-1].display(thing, **how)

    monkeypatch.setattr("IPython.display.display", display_)

    def show_(*given: Any, **settings: Any) -> Cell:
        cells.append(Cell(tal.form(*given, **settings)))
        cells[-1].open()
        return cells[-1]

    yield show_
    for cell in cells:
        for run in cell.form.runs:
            run.wait(PATIENCE)


def test_a_form_is_a_widget_with_a_place_below_it_and_a_copy_of_its_text(show: Callable) -> None:
    cell = show(model="cnn", data="digits", epochs=3)
    state = cell.view.get_state()
    assert state["yaml"] == cell.form.yaml == "model: cnn\ndata: digits\nepochs: 3\n"
    assert cell.below.children == ()
    assert "model: cnn\ndata: digits\nepochs: 3" in cell.copy["text/html"]
    assert "epochs=3" in cell.copy["text/html"]
    kept = "".join(value for value in state.values() if isinstance(value, str))
    assert len(kept) < 20_000
    assert cell.answer("module") == {"script": built("form.js"), "sheet": built("form.css")}


def test_what_the_page_asks_is_answered_as_the_server_answers_it(show: Callable) -> None:
    cell = show(model="cnn", data="digits")
    here, served = (
        {it["name"]: it for it in answer["settings"]} for answer in (cell.answer("settings"), parts.settings())
    )
    # In a notebook a run may be trained by a thread.
    assert (here.pop("executor")["default"], served.pop("executor")["default"]) == ("thread", "process")
    assert here == served
    assert cell.answer("parts", kind="optimizers") == parts.parts("optimizers", ListingQuery())
    assert cell.answer("check", yaml="model: cnn\ndata: digits\n") == {"problems": []}
    (problem,) = cell.answer("check", yaml="model: cnn\ndata: digits\nepochs: many\n")["problems"]
    assert (problem["line"], problem["path"]) == (3, ["epochs"])
    layers = {"model": {"layers": ["flatten", {"type": "dense", "units": 8}]}, "data": "digits"}
    assert [line["gives"] for line in cell.answer("outline", settings=layers)["lines"]] == [[64], [8], [10]]
    assumed = {"input_shape": [3, 4, 4], "outputs": 2}
    assert cell.answer("outline", settings=layers, assumed=assumed)["lines"][0]["gives"] == [48]


@pytest.mark.parametrize(
    ("verb", "arguments", "says"),
    [
        ("dance", {}, "Unknown request 'dance'."),
        ("check", {"text": "x"}, "Unknown key 'check.text'."),
        ("parts", {"kind": "modles"}, "Unknown kind of part 'modles'. Did you mean 'models'?"),
        ("train", {"yaml": "model: cnn\ndata: digits\nepochs: -1\n"}, "epochs: expected greater than or equal to 1"),
        ("train", {"yaml": "model: ["}, "The YAML doesn't parse"),
        ("outline", {"settings": {"model": "cnn"}}, "model: expected layers"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(show: Callable, verb: str, arguments: Any, says: str) -> None:
    reply = show(model="cnn", data="digits").ask(verb, **arguments)
    assert reply["error"].startswith(says)
    assert tal.runs() == []


def test_the_text_follows_edits_and_so_does_its_copy(show: Callable) -> None:
    cell = show(model="cnn", data="digits")
    cell.view.set_state({"yaml": "model: mlp\ndata: digits\nseed: 7\n"})
    assert cell.form.yaml == "model: mlp\ndata: digits\nseed: 7\n"
    assert cell.form.settings == {"model": "mlp", "data": "digits", "seed": 7}
    cell.until(lambda: "seed=7" in cell.copy["text/html"])
    cell.view.set_state({"yaml": "model: ["})
    assert cell.answer("ping") is None
    assert "seed=7" in cell.copy["text/html"]


def test_own_objects_are_offered_and_looked_at(show: Callable) -> None:
    cell = show(model=len, data=(X, Y), loss=min)
    own = cell.answer("parts", kind="data")["parts"][0]
    assert (own["name"], own["description"]) == ("$data", "From Python: (ndarray(64, 4), ndarray(64,)).")
    assert "$data" not in json.dumps(cell.answer("parts", kind="models"))
    layers = {"model": {"layers": [{"type": "dense", "units": 8}]}, "data": "$data"}
    outline = cell.answer("outline", settings=layers)
    assert (outline["input_shape"], outline["outputs"], outline["parameters"]) == ([4], 2, 4 * 8 + 8 + 8 * 2 + 2)


def test_parts_that_the_notebook_registers_are_offered(show: Callable) -> None:
    cell = show(model="cnn", data="digits")

    @register("models", "of-this-notebook")
    class Mine:
        """Made here."""

        class Config(BaseModel, frozen=True, extra="forbid"):
            """Settings."""

            width: int = 4

    try:
        (found,) = [it for it in cell.answer("parts", kind="models")["parts"] if it["name"] == "of-this-notebook"]
    finally:
        notebook.remove("models", "of-this-notebook")
    assert [it["name"] for it in found["settings"]] == ["width"]


def test_each_start_makes_a_run_and_shows_it_next_to_the_form(show: Callable) -> None:
    cell = show("mlp", (X, Y), epochs=1, batch_size=32, checkpoint={"every_seconds": None}, verbose=False)
    told = [cell.answer("train", yaml=cell.form.yaml) for _ in range(2)]
    assert [run.id for run in cell.form.runs] == [it["id"] for it in told]
    above, first = cell.below.children
    place, second = above.children
    # The newest on top; the panel of the first one is left where it was.
    assert [second.run_id, first.run_id] == [told[1]["id"], told[0]["id"]]
    assert place.children == ()
    wanted = {"epochs": 1, "batch_size": 32, "checkpoint": {"every_seconds": None}, "verbose": False}
    spec, _ = tal.describe({"model": "mlp", "data": (X, Y), **wanted})
    assert [run.spec for run in cell.form.runs] == [spec, spec]
    assert {run.wait(PATIENCE).state for run in cell.form.runs} == {"completed"}


def test_without_the_built_front_end_the_text_and_the_code_are_shown(
    show: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dltrainer_jupyter.widgets.built._BUILT", tmp_path)
    monkeypatch.delitem(sys.modules, "dltrainer_jupyter.widgets.form_view", raising=False)
    shown = Cell(tal.form(model="cnn", data="digits"))
    monkeypatch.setattr("IPython.display.display", shown.display)
    shown.form._ipython_display_()
    assert capsys.readouterr().err.splitlines() == [
        "The front end's form-widget.js isn't built. In a copy of the sources run `make setup`, which needs Node.js."
    ]
    assert [thing["text/plain"] for thing, _ in shown.outputs] == [repr(shown.form)]
    assert repr(shown.form).startswith("model: cnn\ndata: digits\n")
    assert "    model='cnn',\n    data='digits',\n" in repr(shown.form)


def test_markup_in_the_text_is_shown_as_text(show: Callable) -> None:
    cell = show(model="cnn", data="digits", name="<b>bold")
    assert "<b>bold" not in cell.copy["text/html"]
    assert "&lt;b&gt;bold" in cell.copy["text/html"]


def test_outside_a_notebook_it_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert not display.in_notebook()
    tal.form(model="cnn", data="digits")._ipython_display_()
    assert capsys.readouterr().out.startswith("model: cnn\ndata: digits\n")
