"""Settings that all sources of files have in common."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from dltrainer_jupyter.core.schema import setting


class ReadingSettings(BaseModel, frozen=True, extra="forbid"):
    """How files are read."""

    cache: Literal["auto", "memory", "none"] = setting(
        "auto",
        description="Read everything once and keep it in memory, or read each batch when it is due; auto keeps what "
        "takes 1 GiB at most.",
        group="reading",
    )
    on_bad_sample: Literal["refuse", "skip"] = setting(
        "refuse",
        description="End the run at a sample that can't be read or has no target, naming its file; or leave it out.",
        group="reading",
    )
    max_bad: float = setting(
        0.01,
        ge=0,
        le=1,
        step=0.01,
        description="Share of the samples that may be left out before the run ends all the same.",
        group="reading",
    )
    workers: int | None = setting(
        None,
        ge=1,
        le=64,
        description="Threads that read ahead; left out, one for each processor, eight at most.",
        group="reading",
        advanced=True,
    )
