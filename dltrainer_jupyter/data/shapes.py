"""Drawn shapes, to find in pictures: pixel by pixel, or by boxes around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field, field_validator

from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.seeds import derive
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Raw, assemble
from dltrainer_jupyter.data.drawing import Drawing
from dltrainer_jupyter.data.steps import RawInput, Scale
from dltrainer_jupyter.data.targets import Targets

Shape = Literal["disc", "square", "triangle", "cross"]


class Shapes:
    """Discs, squares, triangles and crosses of many sizes and colours, which hide each other and are noisy.

    A raw sample has shape (3, size, size), from 0 to 255; the model sees it from 0 to 1. For segmentation the targets
    are the class of each pixel, int64 (n, size, size), the background being class 0. For detection they are float32
    (n, most, 5): x0, y0, x1, y1 in pixels and the class, and -1 throughout where there are fewer objects. A box goes
    around what is seen of an object; one that is hidden for the most part has none.

    Parameters
    ----------
    config : Shapes.Config
        Settings.

    Examples
    --------
    >>> signature = Shapes(Shapes.Config(count=10, size=32)).load(RunSpec(model="unet", data="shapes"), {}).signature
    >>> signature.task, signature.labels[:2]
    ('segmentation', ('background', 'disc'))
    """

    description: ClassVar[str] = "Drawn discs, squares, triangles and crosses, to segment or to detect."
    task: ClassVar[tuple[Task, ...]] = ("segmentation", "detection")

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        count: int = Field(default=400, ge=2, le=100_000, description="Pictures.")
        size: int = Field(default=64, ge=16, le=512, description="Height and width, in pixels.")
        task: Literal["segmentation", "detection"] = Field(
            default="segmentation", description="What is asked for: the class of each pixel, or boxes around objects."
        )
        most: int = Field(default=4, ge=1, le=32, description="Objects in a picture, at most.")
        classes: tuple[Shape, ...] = Field(
            default=("disc", "square", "triangle", "cross"), min_length=1, description="Shapes that are drawn."
        )

        @field_validator("classes")
        @classmethod
        def _are_different(cls, classes: tuple[Shape, ...]) -> tuple[Shape, ...]:
            if len(set(classes)) < len(classes):
                msg = f"expected each shape once, got {', '.join(classes)}"
                raise ValueError(msg)
            return classes

    def __init__(self, config: Config) -> None:
        self.config = config

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:  # noqa: ARG002 - drawn here
        """Draw, split and preprocess.

        Parameters
        ----------
        spec : RunSpec
            What is trained; its seed decides about every stroke.
        objects : mapping
            Not used.

        Returns
        -------
        Dataset
        """
        config = self.config
        drawn = Drawing(config.size, config.most, config.classes).draw(config.count, derive(spec.seed, "shapes"))
        if config.task == "segmentation":
            labels = ("background", *config.classes)
            targets = Targets(drawn.masks, "segmentation", len(labels), labels)
        else:
            targets = Targets(drawn.boxes, "detection", len(config.classes), config.classes)
        steps = (RawInput((drawn.images.shape[1:],), "float32"), Scale(255.0))
        return assemble(spec, Raw(drawn.images, targets.values), steps, encoded=targets)
