from __future__ import annotations

import base64
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
    assert {tag for tag, _ in page.tags} <= {"div", "table", "tbody", "tr", "th", "td", "p", "pre", "code", "img"}
    (picture,) = (attributes for tag, attributes in page.tags if tag == "img")
    assert evil in str(picture["alt"])
    assert set(picture) == {"src", "width", "style", "alt"}


def test_the_copy_says_whether_the_run_had_ended(trainer: Any) -> None:
    assert "had not ended" in html(shown(trainer), None)
    trainer.end()
    assert "made when the run ended" in html(shown(trainer), None)
