"""What to train: a frozen description that validates itself and survives the process that wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator

from dltrainer_jupyter.core.beginning import WeightsSpec, short_weights
from dltrainer_jupyter.core.errors import brief
from dltrainer_jupyter.core.frozen import Frozen, short
from dltrainer_jupyter.core.holding_back import ValidationSpec
from dltrainer_jupyter.core.live import Live
from dltrainer_jupyter.core.parameter_groups import ParameterGroup
from dltrainer_jupyter.core.part import USER_OBJECT, Part, Parts, TrackerPart, TrackerParts, stacked
from dltrainer_jupyter.core.run_groups import (
    AverageSpec,
    CheckpointSpec,
    ClippingSpec,
    EarlyStoppingSpec,
    FastSpec,
    HistogramSpec,
)
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.supervision import NotifySpec, RetrySpec
from dltrainer_jupyter.core.terms import one_or_several
from dltrainer_jupyter.core.validation import AlsoCalled

__all__ = [
    "USER_OBJECT",
    "AverageSpec",
    "CheckpointSpec",
    "ClippingSpec",
    "EarlyStoppingSpec",
    "FastSpec",
    "HistogramSpec",
    "Part",
    "Parts",
    "RunSpec",
    "TrackerPart",
    "ValidationSpec",
]

ClassWeights = (
    Literal["balanced"] | dict[Annotated[str, BeforeValidator(str)], Annotated[float, Field(ge=0, allow_inf_nan=False)]]
)


_ONE, _SEVERAL = "one[Part]", "several[Part]"
Losses = Annotated[
    Annotated[Part, Tag(_ONE)] | Annotated[tuple[Part, ...], Tag(_SEVERAL), Field(min_length=1)],
    Discriminator(lambda given: _SEVERAL if isinstance(given, tuple) else _ONE),
    BeforeValidator(one_or_several),
]
"""One loss, or several that carry what they are computed on and how much they count."""


class RunSpec(Frozen):
    """Frozen description of what to train.

    Examples
    --------
    >>> RunSpec(model="cnn", data="digits").epochs
    10
    """

    name: str = setting(
        default="run",
        description="Name of the run; several may share it. By default that of model and data.",
        group="basic",
    )
    framework: str = setting(default="pytorch", description="The adapter that trains.", group="basic")
    recipe: Part = setting(
        default=Part(type="supervised"), description="The learning algorithm.", group="model", advanced=True
    )
    model: Annotated[Part, BeforeValidator(stacked)] = setting(description="What is trained.", group="model")
    data: Part = setting(description="What it is trained on.", group="data")
    epochs: Annotated[int, Live()] = setting(
        default=10, ge=1, le=1_000_000, description="Passes over the training data.", group="basic"
    )
    batch_size: int = setting(default=32, ge=1, description="Samples in a step.", group="basic")
    learning_rate: Annotated[float | None, AlsoCalled("lr"), Live()] = setting(
        default=None,
        gt=0,
        description="Base learning rate; 0.001, or your own optimizer's, if left out.",
        group="basic",
    )
    optimizer: Part = setting(
        default=Part(type="adam"), description="What turns gradients into updates.", group="optimizer"
    )
    parameter_groups: tuple[ParameterGroup, ...] = setting(
        default=(),
        description="Parameters by patterns of their names: frozen, with a rate or weight decay of their own.",
        group="optimizer",
        advanced=True,
    )
    weights: Annotated[WeightsSpec | None, short_weights] = setting(
        default=None,
        description="What the model begins with instead of fresh weights: a file, a URL, or run:NAME@best of a run.",
        group="model",
        advanced=True,
    )
    scheduler: Part | None = setting(
        default=None, description="How the learning rate changes over time.", group="scheduler"
    )
    loss: Losses | None = setting(
        default=None,
        description="What is minimised, one or several; chosen by the task if left out.",
        group="objective",
    )
    regularization: Parts = setting(
        default=(), description="What is minimised besides, each with a weight.", group="objective", advanced=True
    )
    metrics: Parts = setting(default=(), description="What is measured besides the loss.", group="objective")
    preprocessing: Parts = setting(
        default=(), description="Steps every sample goes through once, in order.", group="preprocessing"
    )
    postprocessing: Parts = setting(
        default=(),
        description="Steps every prediction goes through before people see it, in order.",
        group="postprocessing",
    )
    augmentation: Parts = setting(
        default=(), description="Random changes of each training batch, in order.", group="augmentation"
    )
    validation: ValidationSpec | Literal[False] = setting(
        default=ValidationSpec(), description="Validation, or false to train on everything.", group="validation"
    )
    class_weights: ClassWeights | None = setting(
        default=None,
        description="How much each class counts in the loss: balanced, or weights by label, 1 for those left out.",
        group="data",
        advanced=True,
    )
    early_stopping: EarlyStoppingSpec | None = setting(
        default=None, description="Stop when nothing improves.", group="early stopping"
    )
    monitor: str | None = setting(
        default=None, description="Metric that decides which checkpoint is best.", group="validation"
    )
    monitor_mode: Literal["min", "max"] | None = setting(
        default=None,
        description="Whether less or more is better; known for built-in metrics.",
        group="validation",
        advanced=True,
    )
    checkpoint: CheckpointSpec = setting(
        default=CheckpointSpec(), description="When checkpoints are written.", group="checkpoints"
    )
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = setting(
        default="32-true",
        description="Floating-point precision; mixed keeps weights in 32 bits and computes in 16.",
        group="hardware",
    )
    ema: Annotated[AverageSpec | None, short("decay")] = setting(
        default=None,
        description="Moving average of the weights; a number is its decay.",
        group="optimizer",
        advanced=True,
    )
    gradient_accumulation: Annotated[int, AlsoCalled("accumulate_grad_batches")] = setting(
        default=1,
        ge=1,
        description="Batches whose averaged gradient makes one update.",
        group="optimizer",
        advanced=True,
    )
    gradient_clipping: Annotated[ClippingSpec | None, short("norm")] = setting(
        default=None, description="Bound for gradients; a number is the norm of all together.", group="optimizer"
    )
    steps_per_epoch: int | None = setting(
        default=None,
        ge=1,
        description="Batches that make an epoch, for data that has no end or doesn't tell.",
        group="data",
        advanced=True,
    )
    on_nan: Literal["stop", "skip", "continue"] = setting(
        default="stop",
        description="What to do when the loss is not finite: fail, leave that update out, or go on.",
        group="optimizer",
        advanced=True,
    )
    seed: int = setting(
        default=0, ge=0, lt=2**63, description="Everything random in the run derives from it.", group="basic"
    )
    device: str = setting(default="auto", description="auto, cpu, cuda, cuda:N or mps.", group="hardware")
    compile: bool | Literal["cuda_graphs"] = setting(
        default=False,
        description="Compile loss and gradients on PyTorch, and with cuda_graphs replay them on a GPU by one launch; "
        "Keras and JAX always compile their steps.",
        group="hardware",
        advanced=True,
    )
    threads: int | None = setting(
        default=None,
        ge=1,
        le=4096,  # what computes ends the process when it can't begin them all
        description="CPU threads of the trainer; chosen if left out.",
        group="hardware",
        advanced=True,
    )
    executor: str = setting(
        default="thread",
        description="Where the trainer runs: thread, process or inline.",
        group="hardware",
        advanced=True,
    )
    track: TrackerParts = setting(
        default=(), description="Trackers that receive a copy of the run's history.", group="tracking"
    )
    resources: bool = setting(
        default=True,
        description="Record use of processors, memory and GPUs as series system/….",
        group="tracking",
        advanced=True,
    )
    histograms: HistogramSpec | Literal[True, False] | None = setting(
        default=None,
        description=(
            "Measure how weights and activations lie after each epoch; by default if a tracker asks for it, or else "
            "weights alone after epochs 1, 2, 4, 8 … and the last."
        ),
        group="tracking",
        advanced=True,
    )
    notify: Annotated[NotifySpec | None, short("webhook", str)] = setting(
        default=None,
        description="Who is told how the run ended; an address is that of a webhook.",
        group="tracking",
        advanced=True,
    )
    retry: Annotated[RetrySpec, short("times")] = setting(
        default=RetrySpec(),
        description="When a failed trainer tries again; a number is how many times.",
        group="hardware",
        advanced=True,
    )
    fast: FastSpec = setting(
        default=FastSpec(),
        description="Optimizations, each of which may be switched off.",
        group="hardware",
        advanced=True,
    )
    verbose: bool = setting(
        default=True, description="Say what happens as it happens.", group="tracking", advanced=True
    )

    @field_validator("name")
    @classmethod
    def _name_is_readable(cls, name: str) -> str:
        if not re.fullmatch(r"[^\s/\\\x00-\x1f][^/\\\x00-\x1f]{0,119}", name):
            msg = f"expected 1 to 120 characters without slashes or line breaks, got {brief(name)}"
            raise ValueError(msg)
        return name

    @field_validator("class_weights", mode="before")
    @classmethod
    def _class_weights_are_said(cls, value: Any) -> Any:
        if value is not None and value != "balanced" and not isinstance(value, Mapping):
            msg = f"expected balanced, or weights by class such as {{cat: 2}}, got {brief(value)}"
            raise ValueError(msg)
        return value

    @property
    def user_objects(self) -> frozenset[str]:
        """Keys whose part is the user's own object."""
        keys = "recipe model data optimizer scheduler loss regularization metrics preprocessing postprocessing"
        return frozenset(key for key in keys.split() if any(part.is_user_object for part in self.parts(key)))

    def parts(self, key: str) -> tuple[Part, ...]:
        """Give the parts under a key, whether it takes one or several."""
        value = getattr(self, key)
        return value if isinstance(value, tuple) else () if value is None else (value,)

    @property
    def first_loss(self) -> Part | None:
        """The loss, or the first of several; None where the task chooses it."""
        return next(iter(self.parts("loss")), None)

    @property
    def trackers(self) -> dict[str, Part]:
        """The trackers by name: their type's, and a number behind it from the second of one type on."""
        named: dict[str, Part] = {}
        for part in self.track:
            number = sum(other.type == part.type for other in named.values()) + 1
            named[part.type if number == 1 else f"{part.type}-{number}"] = part
        return named

    def dump(self) -> dict[str, Any]:
        """Give the description as plain data, without the settings that are as they are by default.

        Returns
        -------
        dict
            What :func:`dltrainer_jupyter.core.validation.validate` reads back to an equal description.
        """
        return self.model_dump(mode="json", exclude_defaults=True)
