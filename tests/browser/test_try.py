"""What a person brings along is predicted on the web page: real files dropped and uploaded, a digit drawn by mouse."""

from __future__ import annotations

import base64
import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from sklearn.datasets import load_digits, load_wine

from tests.browser.patience import PATIENCE, TRAINED, at_rest
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

CONFIG = """name: digits
model: cnn
data: digits
epochs: 6
seed: 0
optimizer: {type: adamw}
metrics: [accuracy]
monitor: val_accuracy
histograms: {activations: true, gradients: true}
"""
ROWS = """name: wine-rows
model: {type: mlp, hidden: [16]}
data: wine
epochs: 3
seed: 0
metrics: [accuracy]
"""
_SCALE = 8
"""So many pixels of a file are one pixel of scikit-learn's digits."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the environment of a person with two finished runs."""
    folder = tmp_path_factory.mktemp("try")
    places = {"DLTRAINER_HOME": "dltrainer", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_CONFIG_DIR": "config"}
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **{name: str(folder / it) for name, it in places.items()}}
    for text in (ROWS, CONFIG):
        config = folder / "run.yaml"
        config.write_text(text)
        command = [sys.executable, "-m", "dltrainer_jupyter.cli", "train", str(config)]
        subprocess.run(command, env=environment, check=True, timeout=400, stdout=subprocess.DEVNULL)
    return environment


@pytest.fixture(scope="module")
def address(home: dict[str, str]) -> Iterator[str]:
    """Serve the page, and give its address with the token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dltrainer_jupyter.cli", "ui", "--no-browser", f"--port={port}", "--ip=127.0.0.1"]
    with subprocess.Popen(command, env=home, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = next((line for line in server.stdout or () if "DLTrainer is at" in line), "")
            found = re.search(r"http\S+", line)
            assert found is not None, f"expected the page's address, got {line!r}"
            yield found.group()
        finally:
            server.send_signal(signal.SIGTERM)


@pytest.fixture
def page(address: str, chromium: Browser) -> Iterator[Page]:
    """Open the run on its Try tab."""
    page = chromium.new_page(viewport={"width": 1200, "height": 900}, reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.get_by_text("digits", exact=True).first.click()
    page.get_by_role("tab", name="Try", exact=True).click()
    page.locator(".dlt-try").wait_for()
    yield page
    page.close()
    assert errors == []


@pytest.fixture
def digits(tmp_path: Path) -> list[tuple[Path, int]]:
    """Write eight digits as PNGs, larger than the model's inputs, and give them with what they are."""
    data = load_digits()
    chosen = [int(np.flatnonzero(data.target == digit)[40]) for digit in range(8)]
    found = []
    for digit, at in enumerate(chosen):
        pixels = np.kron(data.images[at] * 255 / 16, np.ones((_SCALE, _SCALE))).round().astype(np.uint8)
        path = tmp_path / f"digit-{digit}.png"
        Image.fromarray(pixels).convert("RGB").save(path)
        found.append((path, digit))
    return found


def _way(page: Page, name: str) -> None:
    page.locator(".dlt-try").get_by_text(name, exact=True).click()


def _upload(page: Page, *paths: Path) -> None:
    page.locator(".dlt-zone input[type=file]").first.set_input_files(list(paths))


def _drop(page: Page, path: Path) -> None:
    """Drag a file of the disk over the tab, and let it go there."""
    transfer = page.evaluate_handle(
        """([name, data]) => {
            const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type: 'image/png' }));
            return transfer;
        }""",
        [path.name, base64.b64encode(path.read_bytes()).decode()],
    )
    target = page.locator(".dlt-drop")
    target.dispatch_event("dragenter", {"dataTransfer": transfer})
    expect(page.locator(".dlt-drop-veil")).to_have_text("Drop files to predict them")
    target.dispatch_event("dragover", {"dataTransfer": transfer})
    target.dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.locator(".dlt-drop-veil")).to_have_count(0)


def _stroke(page: Page, points: list[tuple[float, float]]) -> None:
    box = at_rest(page.locator(".dlt-pad canvas"))
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()


def _paste(page: Page, path: Path) -> None:
    """Put a picture on the clipboard, and paste it by the keyboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        """async data => {
            const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
            const picture = new Blob([bytes], { type: 'image/png' });
            await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
        }""",
        base64.b64encode(path.read_bytes()).decode(),
    )
    page.keyboard.press("Control+v")


def _touch(page: Page, points: list[tuple[float, float]]) -> None:
    """Draw with a finger."""
    box = at_rest(page.locator(".dlt-pad canvas"))
    finger = page.context.new_cdp_session(page)
    for at, (x, y) in enumerate(points):
        place = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        kind = "touchMove" if at else "touchStart"
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def _shares(answer: Locator) -> list[float]:
    return [float(text.removesuffix(" %")) for text in answer.locator(".dlt-guess-share").all_inner_texts()]


def test_a_picture_dropped_on_the_tab_is_told_with_what_was_done_to_it(
    page: Page, digits: list[tuple[Path, int]], keep_picture: Callable[..., None]
) -> None:
    path, digit = digits[3]
    _drop(page, path)
    answer = page.locator(".dlt-answer")
    expect(answer.locator(".dlt-answer-word")).to_have_text(f"Prediction: {digit}", timeout=TRAINED)
    shares = _shares(answer)
    # What is hardly possible isn't told.
    assert 1 <= len(shares) <= 5
    assert shares == sorted(shares, reverse=True)
    assert 99 <= sum(shares) <= 100.5
    facts = answer.locator(".dlt-answer-facts").inner_text()
    assert re.search(r"step [\d,]+ \(epoch \d\)", facts)
    assert re.search(r"weights [0-9a-f]{8}", facts)
    assert re.search(r"\d (ms|µs)", facts)
    expect(answer.locator(".dlt-notes")).to_contain_text("8×8")
    opacity = "it => it.getContext('2d').getImageData(0, 0, 1, 1).data[3]"
    until(lambda: page.locator(".dlt-seen").evaluate(opacity) == 255)
    keep_picture(page.locator(".dlt-card"), "try-dropped")

    page.get_by_role("button", name="Heatmap").click()
    expect(page.get_by_role("button", name="Heatmap")).to_have_attribute("aria-pressed", "true")
    expect(answer).to_have_attribute("aria-busy", "false")
    expect(answer.locator(".dlt-answer-word")).to_have_text(f"Prediction: {digit}")
    keep_picture(page.locator(".dlt-card"), "try-heatmap")


def test_several_files_are_a_table_and_a_bad_one_hides_no_good_one(
    page: Page, digits: list[tuple[Path, int]], tmp_path: Path, keep_picture: Callable[..., None]
) -> None:
    bad = tmp_path / "broken.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n and then nothing of a picture")
    _way(page, "Files")
    _upload(page, *(path for path, _ in digits[:4]), bad, *(path for path, _ in digits[4:]))
    rows = page.locator(".dlt-answers tbody tr")
    expect(rows).to_have_count(9, timeout=TRAINED)
    expect(page.locator("progress")).to_have_attribute("value", "9")
    told = {row[0].inner_text(): row[1] for row in ((it.locator("th"), it) for it in rows.all())}
    for path, digit in digits:
        expect(told[path.name].locator("b")).to_have_text(str(digit))
    failed = told["broken.png"].locator(".dlt-answers-error")
    expect(failed).to_contain_text("broken.png")
    keep_picture(page.locator(".dlt-card"), "try-files")

    with page.expect_download() as started:
        page.get_by_role("button", name="Download CSV").click()
    saved = tmp_path / "saved.csv"
    started.value.save_as(saved)
    with saved.open(newline="", encoding="utf-8") as lines:
        found = {line["name"]: line for line in csv.DictReader(lines)}
    assert {name: found[name]["prediction"] for name in found if name != "broken.png"} == {
        path.name: str(digit) for path, digit in digits
    }
    assert "broken.png" in found["broken.png"]["error"]

    with page.expect_download() as started:
        page.get_by_role("button", name="Download JSON").click()
    started.value.save_as(saved)
    answer = json.loads(saved.read_text(encoding="utf-8"))
    assert [it["prediction"] for it in answer["predictions"] if it["error"] is None].count("3") == 1
    assert len(answer["digest"]) > 8


def test_a_digit_drawn_by_mouse_is_predicted_when_the_pen_rests(page: Page, keep_picture: Callable[..., None]) -> None:
    _way(page, "Draw")
    answer = page.locator(".dlt-drawing-answer .dlt-answer")
    expect(answer).to_contain_text("The answer appears here.")
    ring = [(0.5 + 0.2 * np.sin(a), 0.5 - 0.32 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 24)]
    _stroke(page, ring)
    expect(answer.locator(".dlt-answer-word")).to_have_text("Prediction: 0", timeout=TRAINED)
    expect(answer.locator(".dlt-notes")).to_contain_text("8×8")
    keep_picture(page.locator(".dlt-card"), "try-drawn")

    page.get_by_role("button", name="Undo").click()
    expect(answer).to_contain_text("The answer appears here.")
    _stroke(page, [(0.5, 0.12), (0.5, 0.9)])
    expect(answer.locator(".dlt-answer-word")).not_to_have_text("Prediction: 0")
    page.get_by_role("button", name="Clear").click()
    expect(answer.locator(".dlt-answer-word")).to_have_count(0)


def test_a_picture_of_the_clipboard_is_told(page: Page, digits: list[tuple[Path, int]]) -> None:
    path, digit = digits[5]
    _way(page, "Files")
    page.get_by_role("button", name="Upload").focus()
    _paste(page, path)
    expect(page.locator(".dlt-answer-word")).to_have_text(f"Prediction: {digit}", timeout=TRAINED)


def test_a_digit_is_drawn_by_a_finger_on_a_phone_and_the_page_stays_where_it_is(
    address: str, chromium: Browser, keep_picture: Callable[..., None]
) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.get_by_text("digits", exact=True).first.tap()
    # The tab is out of sight, behind an arrow.
    page.locator(".dlt-tabs-more[data-side=after]").wait_for()
    page.get_by_role("tab", name="Try", exact=True).tap()
    page.locator(".dlt-try").get_by_text("Draw", exact=True).tap()
    page.locator(".dlt-pad canvas").scroll_into_view_if_needed()
    top = at_rest(page.locator(".dlt-pad canvas"))
    _touch(page, [(0.5 + 0.2 * np.sin(a), 0.5 - 0.32 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 24)])
    answer = page.locator(".dlt-drawing-answer .dlt-answer")
    expect(answer.locator(".dlt-answer-word")).to_have_text("Prediction: 0", timeout=TRAINED)
    assert at_rest(page.locator(".dlt-pad canvas")) == top
    keep_picture(page, "try-phone")
    page.close()


def test_what_was_drawn_is_there_again_after_another_tab_and_another_checkpoint_answers(page: Page) -> None:
    _way(page, "Draw")
    _stroke(page, [(0.5, 0.12), (0.5, 0.9)])
    word = page.locator(".dlt-drawing-answer .dlt-answer-word")
    expect(word).to_be_visible(timeout=TRAINED)
    page.get_by_role("tab", name="Log", exact=True).click()
    page.get_by_role("tab", name="Try", exact=True).click()
    expect(word).to_be_visible()
    select = page.get_by_label("Checkpoint")
    oldest = select.locator("option").last
    step = oldest.inner_text()
    select.select_option(label=step)
    expect(page.locator(".dlt-drawing-answer .dlt-answer-facts")).to_contain_text(f"{step} (epoch")


def test_rows_are_written_with_their_names_in_sight_and_a_wrong_one_is_told_in_place(
    page: Page, keep_picture: Callable[..., None]
) -> None:
    page.get_by_text("wine-rows", exact=True).first.click()
    expect(page.locator(".dlt-name")).to_have_text("wine-rows")
    page.get_by_role("tab", name="Try", exact=True).click()
    _way(page, "Text")
    field = page.get_by_role("textbox", name="Rows")
    expect(field).to_have_attribute("placeholder", re.compile("alcohol, malic_acid"))
    row = [f"{value:g}" for value in load_wine().data[0]]
    field.fill(",".join(row))
    field.press("Control+Enter")
    answer = page.locator(".dlt-answer")
    expect(answer.locator(".dlt-guesses li")).to_have_count(3, timeout=TRAINED)
    keep_picture(page.locator(".dlt-card"), "try-row")
    field.fill(",".join([*row[:2], "much", *row[3:]]))
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(answer.get_by_role("alert")).to_contain_text("much")
    field.fill("\n".join([",".join(row)] * 3))
    field.press("Control+Enter")
    expect(page.locator(".dlt-answers tbody tr")).to_have_count(3)


def test_the_epoch_slider_shows_each_validation_and_a_click_lists_its_examples(
    page: Page, keep_picture: Callable[..., None]
) -> None:
    page.get_by_role("tab", name="Confusion", exact=True).click()
    slider = page.locator(".dlt-confusion input[type=range]")
    score = page.locator(".dlt-score")
    expect(score).to_contain_text("Epoch 6:")
    said = {6: score.inner_text()}
    for epoch in range(5, 0, -1):
        slider.press("ArrowLeft")
        expect(score).to_contain_text(f"Epoch {epoch}:")
        said[epoch] = score.inner_text()
    right = [int(re.findall(r"[\d,]+", said[epoch])[1].replace(",", "")) for epoch in (1, 6)]
    assert right[0] < right[1]
    box = at_rest(slider)
    slider.click(position={"x": box["width"] - 4, "y": box["height"] / 2})
    expect(score).to_contain_text("Epoch 6:")
    page.locator(".dlt-matrix [data-cell='3,3']").click()
    tiles = page.locator(".dlt-cell-examples [data-example]")
    expect(tiles.first).to_be_visible()
    keep_picture(page.locator(".dlt-card"), "try-slider")


def test_a_checkpoint_is_measured_on_the_held_back_set_opened_downloaded_and_deleted(
    page: Page, tmp_path: Path, keep_picture: Callable[..., None]
) -> None:
    page.get_by_role("tab", name="Tests", exact=True).click()
    expect(page.locator(".dlt-empty")).to_contain_text("No test runs yet.")
    page.get_by_role("button", name="Test on a data set…").click()
    page.get_by_role("button", name="Test", exact=True).click()
    said = page.locator(".dlt-test-said")
    expect(said).to_contain_text("Tested on validation: 359 examples.", timeout=TRAINED)
    row = page.locator(".dlt-tests tbody tr")
    expect(row).to_have_count(1)
    with page.expect_download() as started:
        row.get_by_role("button", name="CSV").click()
    saved = tmp_path / "test.csv"
    started.value.save_as(saved)
    with saved.open(newline="", encoding="utf-8") as lines:
        examples = list(csv.DictReader(lines))
    assert sorted(int(it["index"]) for it in examples) == list(range(359))
    right = sum(it["truth"] == it["prediction"] for it in examples)
    accuracy = float(row.locator("td").nth(4).inner_text())
    assert abs(right / 359 - accuracy) < 1e-4

    page.locator(".dlt-test-name").click()
    expect(page.locator(".dlt-test-title")).to_contain_text("validation, step")
    expect(page.locator(".dlt-matrix [data-cell]")).to_have_count(100)
    listed = page.locator(".dlt-test .dlt-examples-scroll")
    expect(listed.locator(".dlt-tile").first).to_be_visible()
    keep_picture(page.locator(".dlt-card"), "test-open")
    page.get_by_role("button", name="All test runs").click()
    row.get_by_role("button", name="Delete").click()
    expect(row.locator(".dlt-ask-question")).to_have_text("Delete the test on validation?")
    row.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".dlt-empty")).to_contain_text("No test runs yet.")


def test_a_data_set_that_nobody_knows_is_refused_in_place(page: Page) -> None:
    page.get_by_role("tab", name="Tests", exact=True).click()
    page.get_by_role("button", name="Test on a data set…").click()
    asked = page.get_by_role("textbox", name="Data set")
    asked.fill("digts")
    asked.press("Enter")
    expect(page.locator(".dlt-test-said[data-failed=true]")).to_contain_text("digits", timeout=TRAINED)


def test_two_epochs_stand_against_one_another(page: Page, keep_picture: Callable[..., None]) -> None:
    page.get_by_role("tab", name="Compare", exact=True).click()
    change = page.locator(".dlt-side-table tr", has_text="loss").locator(".dlt-change")
    expect(change).to_have_attribute("data-side", "better")
    cells = page.locator(".dlt-matrix-change [data-cell]")
    expect(cells).to_have_count(100)
    assert page.locator(".dlt-matrix-change [data-side=better]").count() > 0
    found = page.locator(".dlt-sides [role=status]", has_text="now right")
    better, worse = (int(number) for number in re.findall(r"\d+", found.inner_text()))
    assert better > worse
    expect(page.locator(".dlt-changed .dlt-example")).to_have_count(min(24, better + worse))
    expect(page.locator(".dlt-changed img").first).to_be_visible()
    keep_picture(page.locator(".dlt-card"), "two-sides")
    page.get_by_role("button", name="Swap").click()
    expect(found).to_contain_text(f"{worse} example")
    expect(change).to_have_attribute("data-side", "worse")


def test_the_model_is_shown_layer_by_layer_and_its_values_epoch_by_epoch(
    page: Page, keep_picture: Callable[..., None]
) -> None:
    page.get_by_role("tab", name="Analyse", exact=True).click()
    rows = page.locator(".dlt-layers tbody tr")
    expect(rows.filter(has_text="Conv2d").first).to_be_visible()
    parameters = [int(text.replace(",", "")) for text in rows.locator("td:nth-of-type(4)").all_inner_texts()]
    total = page.locator(".dlt-layers tfoot td").first.inner_text()
    assert sum(parameters) == int(total.replace(",", "")) > 0
    strip = page.locator(".dlt-heat canvas")
    strip.press("ArrowRight")
    expect(page.locator(".dlt-heat [role=status]")).to_contain_text("Epoch 1: median")
    painted = "it => it.getContext('2d').getImageData(0, 0, it.width, it.height).data.some(b => b > 0)"
    until(lambda: strip.evaluate(painted))
    keep_picture(page.locator(".dlt-card"), "analysis")
    page.locator(".dlt-distributions").get_by_text("Gradients", exact=True).click()
    expect(strip).to_have_attribute("aria-label", re.compile("^Gradients of "))


def test_a_notebook_and_the_tab_of_lab_take_pictures_and_drawings_and_test(
    open_notebook: Callable[..., Any], digits: list[tuple[Path, int]], keep_picture: Callable[..., None]
) -> None:
    cell = f"%%dltrain in-notebook\n{CONFIG.partition(chr(10))[2]}"
    notebook = open_notebook(["%load_ext dltrainer_jupyter", cell])
    notebook.run(0)
    notebook.start(1)
    panel = notebook.panel(1)
    expect(panel.locator(".dlt-state")).to_have_text("Completed", timeout=TRAINED)
    panel.get_by_role("tab", name="Try", exact=True).click()
    panel.locator(".dlt-try").wait_for()
    path, digit = digits[4]
    _drop(notebook.page, path)
    expect(panel.locator(".dlt-answer-word")).to_have_text(f"Prediction: {digit}", timeout=TRAINED)

    panel.locator(".dlt-try").get_by_text("Draw", exact=True).click()
    panel.locator(".dlt-pad canvas").scroll_into_view_if_needed()
    _stroke(notebook.page, [(0.5, 0.12), (0.5, 0.9)])
    expect(panel.locator(".dlt-drawing-answer .dlt-guesses li").first).to_be_visible()
    expect(panel.locator(".dlt-drawing-answer .dlt-answer-facts")).to_contain_text("weights")
    keep_picture(panel, "try-in-notebook")

    panel.get_by_role("tab", name="Tests", exact=True).click()
    panel.get_by_role("button", name="Test on a data set…").click()
    panel.get_by_role("button", name="Test", exact=True).click()
    expect(panel.locator(".dlt-test-said")).to_contain_text("Tested on validation: 359", timeout=TRAINED)
    with notebook.page.expect_request("**/tests/*/examples?format=csv"), notebook.page.expect_download() as started:
        panel.get_by_role("button", name="CSV").click()
    assert started.value.suggested_filename.endswith(".csv")

    # The run's own tab, which asks the server.
    notebook.do("""
        const found = await fetch(`${location.origin}/dltrainer/api/runs?filter=in-notebook`);
        const { runs } = await found.json();
        await jupyterapp.commands.execute('dltrainer:open-run', { id: runs[0].id });
    """)
    tab = notebook.page.locator(".jp-MainAreaWidget .dlt-view")
    tab.get_by_role("tab", name="Try", exact=True).click()
    tab.get_by_role("button", name="Predict", exact=True).click()
    expect(tab.locator(".dlt-examples > li")).to_have_count(12, timeout=TRAINED)
    tab.locator(".dlt-try").get_by_text("Files", exact=True).click()
    tab.locator(".dlt-zone input[type=file]").first.set_input_files(path)
    expect(tab.locator(".dlt-answer-word")).to_have_text(f"Prediction: {digit}", timeout=TRAINED)
    keep_picture(tab, "try-in-lab")
    tab.get_by_role("tab", name="Tests", exact=True).click()
    expect(tab.locator(".dlt-tests tbody tr")).to_have_count(1)
    tab.locator(".dlt-test-name").click()
    expect(tab.locator(".dlt-matrix [data-cell]")).to_have_count(100)
    keep_picture(tab, "test-in-lab")
