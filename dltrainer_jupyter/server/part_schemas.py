"""Answers about parts that can be named in a configuration: what there is, and what a form has to know of settings."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from dltrainer_jupyter.core.forms import FieldKind
from dltrainer_jupyter.server.schemas import Strict


class PartSetting(Strict):
    """One setting of a part, as a form shows it; what doesn't apply is left out."""

    name: str
    type: str = Field(description="In words, with its bounds.")
    kind: FieldKind
    default: Any
    example: Any = Field(default=None, description="A value that could stand there.")
    required: bool
    description: str
    nullable: bool = Field(default=False, description="Whether null, for none, may stand there.")
    minimum: float | None = None
    exclusive_minimum: float | None = None
    maximum: float | None = None
    exclusive_maximum: float | None = None
    step: float | None = Field(default=None, description="By how much a form's arrows change it.")
    options: list[Any] = Field(default=[], description="The values to choose from.")
    group: str | None = Field(default=None, description="Heading under which it stands.")
    advanced: bool = Field(default=False, description="Whether few people ever change it.")
    secret: bool = Field(default=False, description="Whether nobody may see it.")
    shortest: int | None = Field(default=None, description="Least characters of a text, least items of a list.")
    longest: int | None = Field(default=None, description="Most of them.")
    pattern: str | None = Field(default=None, description="What a text has to match.")
    item: PartSetting | None = Field(default=None, description="Each item of a list, each value of a mapping.")
    fields: list[PartSetting] = Field(
        default=[], description="The settings of a group; of a part those beside its own."
    )
    alternatives: list[PartSetting] = Field(default=[], description="The kinds of which it is one.")
    parts: str | None = Field(default=None, description="The kind of parts that may be named there.")
    short: str | None = Field(default=None, description="The setting of a group that a plain value stands for.")


class RunSettings(Strict):
    """The settings of a run as a whole, in the order of a form, each under its heading."""

    settings: list[PartSetting]


Presets = dict[str, dict[str, Any]]


class ListingQuery(Strict):
    """Which parts to list."""

    framework: str | None = Field(default=None, description="Only those for this framework.")
    task: str | None = Field(default=None, description="Only those for this task, such as segmentation.")
    reload: bool = Field(default=False, description="Whether to read the plug-in folder again first.")


class SaidOfItself(Strict):
    """What a part says of itself; what it says nothing of is empty or null."""

    package: str = Field(description="What brings it: a package, a file of the plug-in folder.")
    version: str | None
    author: str | None
    tasks: list[str]
    tags: list[str]
    min_gpu_memory_gb: float | None
    recommended_batch_size: int | None
    supported_image_sizes: list[int] = Field(description="Heights and widths in pixels; empty if any.")


class PartKinds(Strict):
    """The kinds of parts that have settings."""

    kinds: list[str]


class PartRow(SaidOfItself):
    """A part that can be named."""

    name: str
    description: str
    frameworks: list[str] = Field(description="Those it belongs to; empty if it knows none.")
    example: str = Field(description="How it may be written in a configuration.")
    settings: list[PartSetting]
    presets: Presets = Field(description="Settings that go together, by name; explicit ones win.")


class PartsAnswer(Strict):
    """The parts of one kind."""

    parts: list[PartRow]
    problems: list[str] = Field(description="What of the plug-in folder can't be used, and why.")


class PartAnswer(PartRow):
    """A part in full."""

    kind: str
    documentation: str
    config_schema: dict[str, Any] = Field(description="The JSON schema of its settings.")
