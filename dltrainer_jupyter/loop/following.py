"""Who follows the course of a training: a native recipe, or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.core.protocols import Course, Follower, Recipe, TrainState


def follower_of(recipe: Recipe) -> Follower:
    """Give the recipe itself if it wants to be told, else somebody who doesn't mind."""
    return recipe if isinstance(recipe, Follower) else Nobody()


class Nobody:
    """Follows nothing: what a portable recipe needs is in its state."""

    def begin(self, state: TrainState, course: Course) -> None:
        """Prepare nothing."""

    def begin_epoch(self, state: TrainState, course: Course) -> None:
        """Prepare nothing."""

    def begin_validation(self, state: TrainState, course: Course) -> None:
        """Prepare nothing."""

    def end_validation(self, state: TrainState, course: Course) -> Mapping[str, float]:  # noqa: ARG002 - as above
        """Measure nothing."""
        return {}

    def end_epoch(self, state: TrainState, course: Course) -> Mapping[str, float]:  # noqa: ARG002 - as above
        """Measure nothing."""
        return {}

    def end(self, state: TrainState, course: Course) -> None:
        """Close nothing."""

    def own_rate(self, state: TrainState) -> float | None:  # noqa: ARG002 - as above
        """Leave the learning rate to the loop."""
        return None

    def state(self) -> dict[str, Any]:
        """Keep nothing."""
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take nothing."""
