"""The README in other languages is the same README: who changes one of them changes all."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ORIGINAL = ROOT / "README.md"
LANGUAGES = {"English": "README.md", "Português": "README.pt.md", "Español": "README.es.md"}
TRANSLATIONS = [ROOT / name for name in LANGUAGES.values() if name != ORIGINAL.name]
_FRAME = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r" *#.*$", re.MULTILINE)


def _prose(page: Path) -> str:
    """Give what stands outside of frames, without what each page has of its own."""
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if not _is_of_its_own(line)]
    return _FRAME.sub("```", "\n".join(lines))


def _is_of_its_own(line: str) -> bool:
    is_choice = line.count(" · ") == len(LANGUAGES) - 1 and all(name in line for name in LANGUAGES)
    return is_choice or line.startswith(("<!-- badges", "<!-- translates"))


def frames(page: Path) -> list[tuple[str, str]]:
    """List the examples: their language, and their text without comments, which are translated."""
    return [(of, _COMMENT.sub("", text)) for of, text in _FRAME.findall(page.read_text(encoding="utf-8"))]


def outline(page: Path) -> list[str]:
    """Give the order of headings, frames, pictures, tables and paragraphs."""
    kinds = {"#": "heading", "`": "frame", "|": "table", "!": "picture", "<": "tag"}
    found = re.split(r"\n{2,}", _prose(page).strip())
    return [f"heading {len(it) - len(it.lstrip('#'))}" if it[0] == "#" else kinds.get(it[0], "text") for it in found]


def targets(page: Path) -> list[str]:
    """List where links lead and what is pictured, in order."""
    return re.findall(r"(?:\]\(|srcset=\"|src=\"|<(?=https?:))([^)\s\">]+)", _prose(page))


def names(page: Path) -> list[str]:
    """List what is set in code: names of parts, verbs, commands, files."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", _prose(page))


def tables(page: Path) -> list[list[tuple[int, list[str]]]]:
    """Give each table's rows: how many cells, and the names in them."""
    found = re.findall(r"(?:^\|.*\|\n?)+", _prose(page), re.MULTILINE)
    return [[(row.count("|"), sorted(re.findall(r"`[^`]+`", row))) for row in it.strip().split("\n")] for it in found]


@pytest.mark.parametrize("page", TRANSLATIONS, ids=lambda path: path.stem)
def test_a_translation_is_the_same_page(page: Path) -> None:
    assert outline(page) == outline(ORIGINAL)
    assert frames(page) == frames(ORIGINAL)
    assert targets(page) == targets(ORIGINAL)
    assert tables(page) == tables(ORIGINAL)
    assert sorted(names(page)) == sorted(names(ORIGINAL))


@pytest.mark.parametrize("page", TRANSLATIONS, ids=lambda path: path.stem)
def test_a_translation_is_in_its_language(page: Path) -> None:
    """No paragraph, row or heading of prose was left as it stood."""
    here, there = ({line for line in _prose(it).split("\n") if _is_said(line)} for it in (page, ORIGINAL))
    assert here
    assert not here & there


def _is_said(line: str) -> bool:
    """Whether a line has words of a language, besides names, places and tags."""
    words = re.sub(r"`[^`]*`|\([^)]*\)", "", line.rsplit("alt=", maxsplit=1)[-1])
    return not line.lstrip().startswith(("<!--", "<source")) and len(re.findall(r"\w+", words)) > 6


@pytest.mark.parametrize("page", TRANSLATIONS, ids=lambda path: path.stem)
def test_a_translation_is_of_the_present_text(page: Path) -> None:
    """Its last line says of which; whoever has brought a translation up to date writes the line anew."""
    assert page.read_text(encoding="utf-8").splitlines()[-1] == f"<!-- translates README.md: {checksum(ORIGINAL)} -->"


def checksum(page: Path) -> str:
    """Tell one text from another; badges, which say where the sources are, are no part of it."""
    text = re.sub(r"^<!-- badges -->.*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return sha256(text.encode()).hexdigest()[:12]


@pytest.mark.parametrize(("language", "name"), LANGUAGES.items())
def test_each_language_leads_to_the_others(language: str, name: str) -> None:
    choice = " · ".join(each if each == language else f"[{each}]({file})" for each, file in LANGUAGES.items())
    assert choice in (ROOT / name).read_text(encoding="utf-8").splitlines()[:8]
