"""Settings of parts: how they are declared, and presets."""

from __future__ import annotations

from typing import ClassVar

import pytest
from pydantic import BaseModel

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.schema import part_settings, presets, setting, without_preset


class Config(BaseModel, frozen=True, extra="forbid"):
    """Settings."""

    presets: ClassVar = {"easy": {"width": 8, "depth": 1}, "advanced": {"width": 512}}

    width: int = setting(64, description="Units.", ge=1, step=8, group="size")
    depth: int = setting(3, description="Layers.", ge=1, advanced=True)
    name: str = setting(description="What it is called.")


def test_a_setting_is_a_field_that_says_how_a_form_shows_it() -> None:
    schema = Config.model_json_schema()
    assert schema["required"] == ["name"]
    assert schema["properties"]["width"] == {
        "type": "integer",
        "title": "Width",
        "description": "Units.",
        "default": 64,
        "minimum": 1,
        "step": 8,
        "group": "size",
    }
    assert schema["properties"]["depth"]["advanced"] is True
    assert "advanced" not in schema["properties"]["width"]


def test_a_preset_stands_for_settings_and_those_beside_it_win() -> None:
    settings = part_settings(Config, {"preset": "easy", "depth": 2, "name": "x"})
    assert (settings.width, settings.depth) == (8, 2)
    assert part_settings(Config, {"name": "x"}).width == 64
    assert "preset" not in without_preset(Config, {"preset": "easy"})


@pytest.mark.parametrize("name", ["esy", 3, None, ["easy"], {}])
def test_an_unknown_preset_is_refused_by_its_key(name) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^model\.preset: unknown preset .* Known: easy, advanced\.$"
    ) as raised:
        part_settings(Config, {"preset": name, "name": "x"}, "model")
    assert [problem.path for problem in raised.value.problems] == [("model", "preset")]


def test_a_part_without_presets_takes_none() -> None:
    class Plain(BaseModel, extra="forbid"):
        width: int = 1

    with pytest.raises(ConfigurationError, match=r"Unknown key 'model\.preset'"):
        part_settings(Plain, {"preset": "easy"}, "model")


def test_a_setting_that_is_called_preset_is_no_preset() -> None:
    class Own(BaseModel, extra="forbid"):
        preset: str = "loud"

    assert presets(Own) == {}
    assert part_settings(Own, {"preset": "quiet"}).preset == "quiet"
