"""Settings of the copy for Neptune."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from dltrainer_jupyter.trackers.settings import TrackerSettings


class NeptuneSettings(TrackerSettings):
    """Settings of ``neptune``."""

    project: str = Field(
        default="workspace/project",
        pattern=r"^[^/\s]+/[^/\s]+$",
        description="The project on a server of your own; stands in the command that sends the files there.",
    )
    mode: Literal["offline"] = Field(
        default="offline",
        description="The history is kept in files: Neptune's hosted service closed on 2026-03-05. `neptune sync` sends "
        "them to a server of your own.",
    )
    tags: tuple[str, ...] = Field(default=(), description="Short words to find the run by.")
    description: str = Field(default="", description="What the run is about.")
    folder: Path | None = Field(default=None, description="Where its files lie; beside the run if left out.")
