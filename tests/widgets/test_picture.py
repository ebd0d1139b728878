from __future__ import annotations

import io
import threading
import warnings
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from dltrainer_jupyter.views.live import snapshot
from dltrainer_jupyter.widgets.picture import SERIES, WIDTH, colour, png, printable

if TYPE_CHECKING:
    from collections.abc import Callable


def shown(trainer: Any) -> dict[str, Any]:
    return snapshot(trainer.run.store, trainer.run.id)


def opened(drawn: bytes | None) -> Image.Image:
    assert drawn is not None
    image = Image.open(io.BytesIO(drawn))
    image.load()
    return image


def test_the_picture_is_a_png_in_the_colour_of_the_run(trainer: Any) -> None:
    image = opened(png(shown(trainer)))
    assert image.format == "PNG"
    assert image.width == 2 * WIDTH
    ink = tuple(int(colour(trainer.run.id)[at : at + 2], 16) for at in (1, 3, 5))
    pixels = np.asarray(image.convert("RGB")).astype(int)
    assert (np.abs(pixels - ink).sum(axis=2) < 24).sum() > 2000
    assert tuple(pixels[-1, 0]) == (255, 255, 255)


def test_a_long_noisy_run_stays_a_small_file(train: Callable) -> None:
    trainer = train(epochs=300)
    trainer.steps(100_000, ("train_loss", "train_accuracy"))
    for number in range(1, 200):
        trainer.epoch(number, labels=[f"class {label}" for label in range(100)])
    drawn = png(shown(trainer))
    assert drawn is not None
    assert len(drawn) < 150_000


def test_a_run_that_measured_nothing_has_no_picture(new_run: Callable) -> None:
    run = new_run()
    assert png(snapshot(run.store, run.id)) is None


def test_one_point_is_seen(train: Callable) -> None:
    trainer = train()
    trainer.steps(1)
    before = opened(png(shown(trainer)))
    ink = np.array([int(colour(trainer.run.id)[at : at + 2], 16) for at in (1, 3, 5)])
    lighter = 0.62 * ink + 0.38 * 255
    assert (np.abs(np.asarray(before.convert("RGB")) - lighter).sum(axis=2) < 24).sum() > 10


def test_names_of_people_draw_without_a_warning(train: Callable) -> None:
    trainer = train("$x^$ 数字")
    trainer.steps(5)
    trainer.epoch(1, labels=["$\\frac", "数字", "🐈", "_hidden", "", "x" * 80])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened(png(shown(trainer)))


def test_the_persons_own_settings_of_matplotlib_neither_matter_nor_change(trainer: Any) -> None:
    plain = png(shown(trainer))
    with mpl.rc_context({"text.usetex": True, "axes.facecolor": "black", "font.family": "monospace"}):
        before = dict(mpl.rcParams)
        styled = png(shown(trainer))
        assert dict(mpl.rcParams) == before
    difference = np.abs(np.asarray(opened(plain).convert("L"), int) - np.asarray(opened(styled).convert("L"), int))
    assert difference.mean() < 1


def test_threads_draw_at_the_same_time(trainer: Any) -> None:
    news = shown(trainer)
    drawn: list[bytes | None] = []
    threads = [threading.Thread(target=lambda: drawn.append(png(news))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drawn) == 3
    assert len(set(drawn)) == 1


@pytest.mark.parametrize(("run_id", "place"), [("", 0), ("a", 97 % 6), ("ab", (97 * 31 + 98) % 6), ("4f1c9a0b77de", 3)])
def test_the_colour_is_the_one_of_the_page(run_id: str, place: int) -> None:
    assert colour(run_id) == SERIES[place]


def test_characters_the_font_lacks_are_replaced() -> None:
    assert printable("a数b", 9) == "a□b"
    assert printable("abcdef", 4) == "abc…"
