"""What a step's program gives besides the state."""

from __future__ import annotations

from typing import Any, NamedTuple

from dltrainer_jupyter.core.protocols import StepOutput


class Shown(NamedTuple):
    """What a program gives of a step besides the state; numbers and arrays, in structures, or None."""

    loss: Any
    outputs: Any
    targets: Any
    terms: Any = None
    noted: Any = None

    def output(self, size: int, steps: int = 1) -> StepOutput:
        """Give it as steps do."""
        return StepOutput(self.loss, self.outputs, self.targets, size, steps, self.terms, self.noted)
