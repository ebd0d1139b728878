"""What a report of a run holds, and that nothing in it is ever run."""

from __future__ import annotations

import base64
import io
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest
from PIL import Image

from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, UnknownNameError
from dltrainer_jupyter.core.records import EpochRecord, ErrorRecord, ValidationRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import GraphNode
from dltrainer_jupyter.views.report import writing
from dltrainer_jupyter.views.report.document import document
from dltrainer_jupyter.views.report.reading import read
from dltrainer_jupyter.views.report.writing import FORMS, METADATA
from tests.stand_in import STEPS, Trainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dltrainer_jupyter.store import Store

EVIL = "<script>alert(1)</script>|`$x$` --> </script><img src=x onerror=alert(2)> ![a](javascript:x)\n```\n# no"
FORM = pytest.mark.parametrize("form", sorted(FORMS))


def written(store: Store, run_id: str, form: str) -> bytes:
    return writing.written(store, run_id, Path(store.run(run_id).folder), form)


class Tags(HTMLParser):
    """Lists what a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def evil(train: Callable[..., Trainer]) -> Trainer:
    """Give a run whose every text is somebody's attack."""
    made = train(name="<b>di`g|its $x$")
    made.steps(STEPS)
    made.epoch(1, labels=[f"{EVIL}{at}" for at in range(3)])
    made.attempt.set_graph([GraphNode("model/<i>", EVIL, (), (3,), 12, 0, (4,), 24, 0.5, 8)])
    made.attempt.event("trouble", EVIL, 3)
    made.attempt.describe(environment={"device": EVIL}, signature={"task": EVIL, "labels": [EVIL]})
    made.end(State.FAILED, ErrorRecord("ValueError", EVIL, EVIL, 45))
    return made


@FORM
def test_a_report_reads_back_what_the_store_holds(trainer: Trainer, store: Store, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"report.{form}"
    path.write_bytes(written(store, trainer.run.id, form))
    found, expected = read(path), document(store, trainer.run.id)
    for part in ("run", "best", "config", "metrics", "curves", "confusion", "evaluation", "checkpoints", "events"):
        assert found[part] == expected[part], part
    assert [row["epoch"] for row in found["metrics"]] == [1, 2]
    assert found["evaluation"]["summary"]["classes"][0]["recall"] == pytest.approx(35 / 37, abs=1e-6)


def test_a_notebook_is_one_and_shows_pictures_and_tables(trainer: Trainer, store: Store) -> None:
    notebook = nbformat.reads(written(store, trainer.run.id, "ipynb").decode(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata[METADATA]["run"]["id"] == trainer.run.id
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    pictures = [output.data["image/png"] for output in outputs if "image/png" in output.data]
    assert len(pictures) == 2
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures)
    titles = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert titles[:3] == ["## Summary", "## Configuration", "## Data"]
    assert {"## Curves", "## Validation after epoch 2", "## Environment"} <= set(titles)
    assert all("text/plain" in output.data for output in outputs)
    # Whatever is run again is valid Python.
    for cell in notebook.cells:
        if cell.cell_type == "code":
            compile(cell.source, "cell", "exec")


def test_a_dark_page_turns_charts_over(trainer: Trainer, store: Store) -> None:
    page = written(store, trainer.run.id, "html").decode()
    dark = page[page.index("prefers-color-scheme:dark") : page.index("</style>")]
    assert "img.chart{filter:invert(" in dark
    assert [attributes.get("class") for tag, attributes in Tags(page).found if tag == "img"] == ["chart", "chart"]


def test_no_text_of_anybody_is_markup_in_the_page(evil: Trainer, store: Store) -> None:
    page = written(store, evil.run.id, "html").decode()
    tags = Tags(page).found
    scripts = [attributes for tag, attributes in tags if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "dltrainer-report"}]
    assert {tag for tag, _ in tags}.isdisjoint({"b", "i", "iframe", "object", "form", "link"})
    assert all(attributes["src"].startswith("data:image/png") for tag, attributes in tags if tag == "img")
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
    policies = [attributes.get("content") for tag, attributes in tags if tag == "meta"]
    assert any(policy and policy.startswith("default-src 'none'") for policy in policies)
    assert "&lt;b&gt;di" in page


def test_no_text_of_anybody_is_markdown_in_the_notebook(evil: Trainer, store: Store) -> None:
    """Only outputs hold it, and those as HTML in which it is escaped."""
    notebook = nbformat.reads(written(store, evil.run.id, "ipynb").decode(), as_version=4)
    for cell in notebook.cells:
        assert "alert" not in cell.source
        for output in cell.get("outputs", ()):
            assert {tag for tag, _ in Tags(output.data["text/html"]).found}.isdisjoint({"script", "b", "i"})


def test_no_text_of_anybody_is_markup_in_markdown(evil: Trainer, store: Store, tmp_path: Path) -> None:
    page = written(store, evil.run.id, "md").decode()
    outside = re.sub(r"^(`{3,})\n.*?^\1$", "", page.rpartition("```json")[0], flags=re.MULTILINE | re.DOTALL)
    assert "<" not in outside
    assert "](javascript" not in outside
    # A line of a table has the columns of its head, whatever is in it.
    for table in re.findall(r"(?:^\|.*\n?)+", outside, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.strip().split("\n")}) == 1
    path = tmp_path / "evil.md"
    path.write_text(page)
    assert read(path)["run"]["error"]["message"] == EVIL


def test_quotes_stay_quotes_in_markdown(train: Callable[..., Trainer], store: Store) -> None:
    made = train(name='it\'s "mine"')
    page = written(store, made.run.id, "md").decode()
    assert page.startswith('# it\'s "mine"\n')
    assert "&\\#" not in page


@FORM
def test_a_run_of_which_nothing_is_known_has_a_report(begin: Callable, store: Store, tmp_path: Path, form: str) -> None:
    begin("run-1")
    path = tmp_path / f"report.{form}"
    path.write_bytes(written(store, "run-1", form))
    found = read(path)
    assert (found["metrics"], found["confusion"], found["best"]) == ([], None, None)


@pytest.mark.slow
@FORM
def test_a_large_run_has_a_small_report(begin: Callable, store: Store, form: str) -> None:
    attempt = begin("run-1")
    names = [f"val_{letter}" for letter in "abcdefghij"]
    labels = [f"class {number}" for number in range(100)]
    columns = {"index": np.arange(5000), "loss": np.ones(5000, np.float32)}
    with attempt.transaction():
        for epoch in range(1, 3001):
            record = EpochRecord(epoch, 100 * epoch, dict.fromkeys(names, 1 / (epoch + 3)))
            attempt.epoch(record, None, None)
        found = ValidationRecord(3001, 300_100, np.full((100, 100), 12345).tolist(), labels, None, columns)
        attempt.epoch(EpochRecord(3001, 300_100, {}), found, None)
        attempt.curves({name: (1, np.random.default_rng(0).normal(size=300_000).astype("f4")) for name in names})
        for number in range(500):
            attempt.event("notice", "a long story " * 20, number)
    assert len(written(store, "run-1", form)) < 5_000_000


def test_a_form_nobody_knows_is_refused(begin: Callable, store: Store) -> None:
    begin("run-1")
    with pytest.raises(UnknownNameError, match="form of report 'pdf'"):
        written(store, "run-1", "pdf")


def test_what_is_not_installed_is_named(begin: Callable, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begin("run-1")
    monkeypatch.setitem(__import__("sys").modules, "nbconvert", None)
    with pytest.raises(MissingPackageError, match=r"needs nbconvert: pip install 'dltrainer-jupyter\[report\]'"):
        written(store, "run-1", "html")
    assert written(store, "run-1", "md")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.ipynb", b'{"cells": [], "metadata": {}}', "is no report"),
        ("a.ipynb", b'{"cells": [', "is no report"),
        ("a.ipynb", b"[" * 100_000, "is no report"),
        ("a.html", b"<html>hello</html>", "is no report"),
        ("a.md", b"```json dltrainer-report\n{\n```", "is no report"),
        ("a.png", b"\x89PNG\x00\xff", "is no report"),
        ("a.md", b'```json dltrainer-report\n{"dltrainer_report": 1, "run": {}}\n```', "damaged: .*made_at"),
        ("b.md", None, "can't be read"),
    ],
    ids=["notebook", "half", "deep", "page", "fence", "binary", "damaged", "missing"],
)
def test_what_is_no_report_is_refused(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message):
        read(path)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ({"run": ["one"]}, "run"),
        ({"made_at": "yesterday"}, "made_at"),
        ({"checkpoints": "gone"}, "checkpoints"),
        ({"checkpoints": [{"step": 1}]}, "epoch"),
        ({"metrics": [{"epoch": 1, "step": 1, "val_loss": {"a": 1}}]}, "val_loss"),
        ({"curves": {"loss": {"steps": [1, 2], "values": [0.5]}}}, "expected a value for each step"),
        ({"confusion": {"labels": ["a", "b"], "matrix": [[1, 2], [3]]}}, "expected 2 rows and columns"),
        ({"curves": {"loss": {"steps": [10**30], "values": [0.5]}}}, "steps"),
        ({"confusion": {"labels": ["a"], "matrix": [[10**30]]}}, "matrix"),
        ({"environment": None}, "environment"),
    ],
    ids=[
        "run",
        "date",
        "text",
        "checkpoint",
        "metric",
        "curve",
        "matrix",
        "endless step",
        "endless count",
        "environment",
    ],
)
def test_a_report_that_somebody_has_changed_is_refused_where_it_is_read(
    trainer: Trainer, store: Store, tmp_path: Path, damage: dict[str, Any], named: str
) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"```json dltrainer-report\n{json.dumps(document(store, trainer.run.id) | damage)}\n```\n")
    with pytest.raises(ConfigurationError, match=f"damaged: .*{named}"):
        read(path)


def test_what_never_ends_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.md")
    with pytest.raises(ConfigurationError, match="is no report"):
        read(tmp_path / "a.md")


def test_a_report_of_a_newer_version_is_refused(trainer: Trainer, store: Store, tmp_path: Path) -> None:
    newer: dict[str, Any] = document(store, trainer.run.id) | {"dltrainer_report": 2}
    path = tmp_path / "a.md"
    path.write_text(f"```json dltrainer-report\n{json.dumps(newer)}\n```\n")
    with pytest.raises(ConfigurationError, match="newer version"):
        read(path)


def test_worst_examples_come_with_their_pictures(store: Store, tmp_path: Path) -> None:
    store.create_run("run-1", RunSpec(model="mlp", data="digits", name="worst"), folder=str(tmp_path), environment={})
    attempt = store.claim("run-1", executor="thread", environment={"device": "cpu"})
    gallery = tmp_path / "validation_examples"
    gallery.mkdir()
    (gallery / "about.json").write_text(json.dumps({"kind": "image", "count": 30, "features": None}))
    np.save(gallery / "index.npy", np.arange(30))
    np.save(gallery / "inputs.npy", np.full((30, 200, 100), 7, np.uint8))
    columns = {
        "index": np.arange(30),
        "truth": np.zeros(30, np.int32),
        "prediction": np.ones(30, np.int32),
        "confidence": np.full(30, 0.75, np.float32),
        "loss": np.arange(30, dtype=np.float32),
        "correct": np.zeros(30, bool),
    }
    found = ValidationRecord(1, 10, [[0, 30], [0, 0]], ["cat", "dog"], {"task": "classification"}, columns)
    attempt.epoch(EpochRecord(1, 10, {"val_loss": 1.0}), found, None)
    notebook = json.loads(written(store, "run-1", "ipynb"))
    examples = notebook["metadata"][METADATA]["examples"]
    assert [item["index"] for item in examples] == list(range(29, 13, -1))
    assert examples[0]["prediction"] == "dog"
    page = written(store, "run-1", "html").decode()
    assert page.count("<figcaption>dog, not cat</figcaption>") == 16
    pictures = [attributes["src"] for tag, attributes in Tags(page).found if tag == "img"]
    image = Image.open(io.BytesIO(base64.b64decode(str(pictures[-1]).partition(",")[2])))
    assert image.size == (48, 96)


def test_each_task_is_told_of_in_its_own_words_and_pictures(begin: Callable, store: Store, tmp_path: Path) -> None:
    """Masks beside the pictures of a segmentation, the boxes of a detection, the residuals of a regression."""
    attempt = begin("run-1")
    gallery = tmp_path / "validation_examples"
    gallery.mkdir()
    (gallery / "about.json").write_text(json.dumps({"kind": "image", "count": 2, "features": None, "size": [8, 8]}))
    np.save(gallery / "index.npy", np.arange(2))
    np.save(gallery / "inputs.npy", np.zeros((2, 8, 8), np.uint8))
    np.save(gallery / "masks.npy", np.ones((2, 8, 8), np.uint8))
    columns = {"index": np.arange(2), "loss": np.ones(2, np.float32), "score": np.full(2, 0.25, np.float32)}
    columns |= {"masks": np.full((1, 8, 8), 2, np.uint8), "mask_rows": np.zeros(1, np.int64)}
    summary = {
        "task": "segmentation",
        "count": 2,
        "overall": {"mean_iou": 0.5},
        "classes": [{"label": "<disc>", "support": 64, "iou": 0.5, "dice": None}],
        "notes": ["Nothing <b>of note</b>."],
        "residuals": {"edges": [0.0, 1.0, 2.0], "counts": [3, 4]},
        "pr": {"0": {"x": [0.0, 1.0], "y": [1.0, None]}},
    }
    attempt.epoch(
        EpochRecord(1, 10, {"val_loss": 1.0}), ValidationRecord(1, 10, None, ["<disc>"], summary, columns), None
    )
    page = writing.written(store, "run-1", tmp_path, "html").decode()
    assert page.count("<figcaption>score 0.2500</figcaption>") == 2
    assert "None" not in page.partition("<script")[0]
    for words in ("mean iou", ">pixels<", "&lt;disc&gt;", "Nothing &lt;b&gt;of note&lt;/b&gt;.", "Residuals", "Rates"):
        assert words in page
    pictures = [attributes for tag, attributes in Tags(page).found if tag == "img"]
    image = Image.open(io.BytesIO(base64.b64decode(str(pictures[-2]["src"]).partition(",")[2]))).convert("RGB")
    assert image.size == (8 + 2 + 8 + 2 + 8, 8)
    truth, said = image.getpixel((10, 0)), image.getpixel((20, 0))
    assert len({truth, said, image.getpixel((0, 0))}) == 3, "each class has a colour of its own"
    (tmp_path / "a.html").write_text(page)
    assert read(tmp_path / "a.html")["evaluation"]["summary"]["overall"] == {"mean_iou": 0.5}
