from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.core.records import ErrorRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.views.live import snapshot
from dltrainer_jupyter.widgets.still import bundle, html

if TYPE_CHECKING:
    from collections.abc import Callable

PNG = b"\x89PNG\r\n\x1a\n..."


class Page(HTMLParser):
    """Reads HTML back."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(trainer: Any) -> dict[str, Any]:
    return snapshot(trainer.run.store, trainer.run.id)


def test_the_copy_holds_the_facts_and_the_picture(trainer: Any) -> None:
    trainer.end()
    forms = bundle(shown(trainer), PNG)
    page = Page(forms["text/html"])
    assert page.tags[0] == ("div", {"class": "dltrain-static"})
    assert "completed" in page.text
    assert "train 0.5000, val 0.5500" in page.text
    (picture,) = (attributes for tag, attributes in page.tags if tag == "img")
    assert picture["src"] == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert picture["alt"] == (
        "Training curves and confusion matrix of digits-cnn: completed, epoch 3 of 20, "
        "best val_accuracy 0.8233 (epoch 2)"
    )
    assert base64.b64decode(forms["image/png"]) == PNG
    assert forms["text/plain"].startswith("digits-cnn: completed")
    assert "val_accuracy" in forms["text/plain"]


def test_a_copy_without_picture_has_no_image(new_run: Callable) -> None:
    run = new_run()
    forms = bundle(snapshot(run.store, run.id), None)
    assert set(forms) == {"text/html", "text/plain"}
    assert "<img" not in forms["text/html"]


@pytest.mark.parametrize("evil", ["<b>x", '"><script>alert(1)<|script>', "&lt;i&gt;"])
def test_whatever_people_name_is_escaped(train: Callable, evil: str) -> None:
    trainer = train(evil)
    trainer.steps(5)
    trainer.epoch(1, labels=[evil, "b"], **{f"val_{evil}": 0.5})
    trainer.end(State.FAILED, ErrorRecord("ValueError", f"{evil} message", f"trace {evil}", 5))
    text = html(shown(trainer), PNG)
    page = Page(text)
    assert evil in page.text
    assert f"{evil} message" in page.text
    assert f"trace {evil}" in page.text
    assert {tag for tag, _ in page.tags} <= {
        "div",
        "table",
        "thead",
        "caption",
        "tbody",
        "tr",
        "th",
        "td",
        "p",
        "pre",
        "code",
        "img",
    }
    (picture,) = (attributes for tag, attributes in page.tags if tag == "img")
    assert evil in str(picture["alt"])
    assert set(picture) == {"src", "width", "style", "alt"}


def test_the_copy_says_whether_the_run_had_ended(trainer: Any) -> None:
    assert "had not ended" in html(shown(trainer), None)
    trainer.end()
    assert "made when the run ended" in html(shown(trainer), None)


def test_the_copy_leads_to_where_the_run_is_tracked_and_nowhere_else(trainer: Any) -> None:
    store, run_id = trainer.run.store, trainer.run.id
    urls = {"lab<b>": "javascript:alert(1)", "mlflow": 'http://localhost:5000/"><script>', "tensorboard": "/runs/tb"}
    store.begin_tracking(run_id, [(name, name) for name in urls])
    for name, url in urls.items():
        store.hold_tracking(run_id, name).tell("delivered", url=url)
    forms = bundle(shown(trainer), None)
    page = Page(forms["text/html"])
    assert [(tag, it["href"]) for tag, it in page.tags if tag in {"a", "b", "script"}] == [("a", urls["mlflow"])]
    for name, url in {"lab<b>": urls["lab<b>"], "TensorBoard": "/runs/tb"}.items():
        assert f"{name}: delivered, 0 steps sent, {url}" in page.text
        assert f"Tracked: {name}: delivered" in forms["text/plain"]


def tables(page: str) -> list[list[list[str]]]:
    """Read the cells of the tables of a page."""
    return [
        [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)]
        for table in re.findall(r"<table.*?</table>", page)
    ]


def test_the_copy_has_a_table_of_metrics_and_one_of_classes(trainer: Any) -> None:
    _, metrics, classes = tables(html(shown(trainer), PNG))
    assert metrics[0] == ["metric", "train", "validation"]
    assert ["loss", "0.5000", "0.5500"] in metrics
    assert classes[0] == ["class", "examples", "precision", "recall", "f1"]
    # 35 right, and two taken for the next class.
    assert classes[1] == ["0", "37", "1.000", "0.9459", "0.9722"]
    assert classes[2] == ["1", "35", "0.9459", "1.000", "0.9722"]
    assert len(classes) == 11


def test_of_many_classes_the_copy_has_those_told_apart_worst(train: Callable) -> None:
    trainer = train()
    trainer.steps(45)
    trainer.epoch(1, labels=[f"class {number}" for number in range(60)])
    page = html(shown(trainer), None)
    classes = tables(page)[-1]
    assert len(classes) == 21
    assert [row[0] for row in classes[1:3]] == ["class 0", "class 1"]
    assert "the 20 of 60 with the lowest F1" in page


def test_what_was_not_measured_has_no_table(new_run: Callable) -> None:
    run = new_run()
    assert len(tables(html(snapshot(run.store, run.id), None))) == 1
