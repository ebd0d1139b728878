"""The pictures of the documentation: each is there, small, shown somewhere, and taken by ``make pictures``."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from tests.pictures.__main__ import FILM
from tests.pictures.recording import SECONDS, WIDTH
from tests.pictures.small import LARGEST_FILM, LARGEST_PICTURE, LAST
from tests.pictures.stills import STILLS

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
RECORDING = IMAGES / f"{FILM}.webp"
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def test_the_pictures_are_those_that_are_taken() -> None:
    assert {path.stem for path in IMAGES.glob("*.png")} == {*STILLS, f"{FILM}-still"}
    assert [path.stem for path in IMAGES.glob("*.webp")] == [FILM]


def test_they_are_small() -> None:
    too_large = {
        path.name: path.stat().st_size for path in IMAGES.glob("*.png") if path.stat().st_size > LARGEST_PICTURE
    }
    assert too_large == {}
    assert RECORDING.stat().st_size <= LARGEST_FILM


def test_the_recording_moves_for_less_than_twenty_seconds() -> None:
    film = Image.open(RECORDING)
    assert film.width == WIDTH
    shown = []
    for number in range(film.n_frames):
        film.seek(number)
        film.load()
        shown.append(film.info["duration"])
    assert len(shown) > SECONDS  # more than one a second
    assert 10_000 <= sum(shown) <= 1000 * (SECONDS + LAST) <= 20_000


def test_each_is_shown_on_a_page_and_said_in_words() -> None:
    shown: dict[str, str] = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        shown |= {Path(to).name: said for said, to in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text)}
        for block in re.findall(r"<picture>.*?</picture>", text, re.DOTALL):
            (said,) = re.findall(r'alt="([^"]+)"', block)
            for to in re.findall(r'src(?:set)?="([^"]+)"', block):
                assert (page.parent / to).exists(), f"{page.name}: {to}"
                shown[Path(to).name] = said
    unshown = {path.name for path in IMAGES.glob("*.*") if not path.name.startswith("badge-")} - set(shown)
    assert unshown == set()
    assert [name for name, said in shown.items() if len(said.split()) < 3] == []
