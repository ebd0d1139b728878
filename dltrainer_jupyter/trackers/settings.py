"""What trackers have in common: how much of a run they are sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dltrainer_jupyter.core.frozen import Frozen


class TrackerSettings(Frozen):
    """Settings every tracker has; its ``Config`` is a subclass, which may have other defaults."""

    steps: Annotated[int, Field(ge=1)] | Literal["all", "none"] = Field(
        default=10, description="Values of per-step series that are sent: every so many steps, all, or none."
    )
    checkpoints: Literal["all", "best", "none"] = Field(
        default="best", description="Checkpoints that are attached: each one, the best when the run ends, or none."
    )
    model: bool = Field(
        default=True, description="Log the best model when the run ends, where the tracker keeps models."
    )
    histograms: bool = Field(
        default=False, description="Have weights and activations measured after each epoch, and send how they lie."
    )
    largest_artifact_mb: float = Field(
        default=1024, gt=0, description="Files larger than this are left out, and a note says so."
    )
