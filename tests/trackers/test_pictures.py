from __future__ import annotations

import io
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from dltrainer_jupyter.trackers.pictures import _short, confusion_png


def opened(drawn: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(drawn))
    image.load()
    return image


def pixels(drawn: bytes) -> np.ndarray:
    return np.asarray(opened(drawn).convert("RGB")).astype(int)


def matrix(classes: int) -> list[list[int]]:
    return (np.eye(classes, dtype=int) * 90 + np.random.default_rng(0).integers(0, 3, (classes, classes))).tolist()


def test_it_is_a_png_on_white_with_the_right_ones_dark():
    drawn = confusion_png(matrix(10), [str(number) for number in range(10)], "digits, epoch 7")
    assert opened(drawn).format == "PNG"
    shown = pixels(drawn)
    assert tuple(shown[0, 0]) == tuple(shown[-1, -1]) == (255, 255, 255)
    assert (np.abs(shown - (0x00, 0x68, 0xB3)).sum(axis=2) < 60).sum() > 2000


def test_counts_titles_and_labels_are_written():
    """What differs in the pictures is where they are."""
    base = pixels(confusion_png([[5, 1], [2, 6]], ["cat", "dog"], "pets"))
    for other in (
        confusion_png([[5, 1], [2, 6]], ["cat", "dog"], "cars"),
        confusion_png([[5, 1], [2, 6]], ["cow", "dog"], "pets"),
        confusion_png([[10, 2], [2, 6]], ["cat", "dog"], "pets"),  # the same shares, other numbers
    ):
        assert (pixels(other) != base).any()


def test_rows_are_true_classes():
    """All of the first class were taken for the second: the cell above on the right is the dark one."""
    shown = pixels(confusion_png([[0, 50], [50, 0]], ["a", "b"], "t"))
    other = pixels(confusion_png([[0, 50], [0, 50]], ["a", "b"], "t"))
    changed = np.argwhere(np.abs(shown - other).sum(axis=2) > 200)
    assert changed[:, 0].min() > shown.shape[0] * 0.4  # only in the lower half


@pytest.mark.parametrize("classes", [1, 2, 20, 21, 100, 1000])
def test_any_number_of_classes_stays_bounded(classes):
    drawn = confusion_png(matrix(classes), [f"class number {number}" for number in range(classes)], "many")
    image = opened(drawn)
    assert max(image.size) <= 1100
    assert len(drawn) < 1_500_000


def test_odd_texts_are_drawn_as_they_stand():
    odd = ["$x^2$", "猫\n犬", "_{^}" * 20]
    assert opened(confusion_png(matrix(3), odd, "100% of $\\frac{1}{2}$ 🎉" * 5)).format == "PNG"


def test_an_empty_class_is_no_fault():
    assert opened(confusion_png([[0, 0], [0, 3]], ["a", "b"], "t")).format == "PNG"


def test_the_settings_of_the_person_dont_show():
    calm = confusion_png(matrix(3), ["a", "b", "c"], "t")
    with mpl.rc_context({"text.color": "red", "font.family": "serif", "xtick.color": "lime", "axes.grid": True}):
        assert (pixels(confusion_png(matrix(3), ["a", "b", "c"], "t")) == pixels(calm)).all()


def test_pyplot_stays_unimported_and_matplotlib_until_it_is_needed():
    code = (
        "import sys; from dltrainer_jupyter.trackers.pictures import confusion_png; "
        "assert 'matplotlib' not in sys.modules; confusion_png([[1]], ['a'], 't'); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("count", "written"), [(0, "0"), (9999, "9999"), (10_000, "10k"), (999_999, "999k"), (2_500_000, "2M")]
)
def test_large_counts_are_shortened(count, written):
    assert _short(count) == written
