"""The reference page of the parts."""

from __future__ import annotations

from pathlib import Path

from dltrainer_jupyter.tal import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "parts.md"


def test_the_reference_page_says_what_the_parts_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.page(), "write it anew: make reference"


def test_each_setting_has_its_row() -> None:
    lines = reference.page().splitlines()
    dropout = "| `dropout` | number ≥ 0, < 1 | `0.25` | Share of values dropped before the output. |"
    assert dropout in lines
    pooling = [line for line in lines if line.startswith("| `pooling` ")]
    assert pooling[0].startswith('| `pooling` | max \\| average \\| none | `"max"` | How a block halves')
    assert "- preset `easy`: `channels: [16]`, `hidden: 32`, `dropout: 0.0`" in lines
