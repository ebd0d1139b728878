"""What to train: a frozen description that validates itself and survives the process that wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from dltrainer_jupyter.core.errors import brief
from dltrainer_jupyter.core.frozen import Frozen, short
from dltrainer_jupyter.core.holding_back import ValidationSpec
from dltrainer_jupyter.core.live import Live
from dltrainer_jupyter.core.parameter_groups import ParameterGroup
from dltrainer_jupyter.core.part import USER_OBJECT, Part, Parts, TrackerPart, TrackerParts
from dltrainer_jupyter.core.places import without_secrets
from dltrainer_jupyter.core.supervision import NotifySpec, RetrySpec
from dltrainer_jupyter.core.terms import one_or_several
from dltrainer_jupyter.core.validation import AlsoCalled

__all__ = ["USER_OBJECT", "Part", "Parts", "RunSpec", "TrackerPart", "ValidationSpec"]

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


class EarlyStoppingSpec(Frozen):
    """When to give up waiting for the monitored metric to improve."""

    patience: Annotated[int, Live()] = Field(
        default=5, ge=1, description="Validations without improvement before the run completes."
    )
    min_delta: float = Field(default=0.0, ge=0, description="Smallest change that counts as improvement.")


class CheckpointSpec(Frozen):
    """When checkpoints are written, and how many stay."""

    every_seconds: Annotated[float | None, Live(to_none=True)] = Field(
        default=60.0, gt=0, description="Longest time between two checkpoints."
    )
    every_epochs: Annotated[int | None, Live(to_none=True)] = Field(
        default=1, ge=1, description="Write one after every so many epochs."
    )
    keep: Annotated[int, Live()] = Field(
        default=3, ge=2, description="Newest checkpoints to keep; the best and manual ones stay as well."
    )
    quota_gb: float | None = Field(default=20.0, gt=0, description="Most disk space for a run's checkpoints, in GB.")
    mirror: str | Literal[False] | None = Field(
        default=None,
        description="Folder or URL (s3://…) that gets a copy of the run; false for none, by default DLTRAINER_MIRROR.",
    )
    mirror_objects: bool = Field(
        default=True, description="Copy your own objects there, too: without them nobody can go on with their run."
    )

    @field_validator("mirror")
    @classmethod
    def _mirror_is_no_secret(cls, mirror: str | Literal[False] | None) -> str | Literal[False] | None:
        return without_secrets(mirror) if isinstance(mirror, str) else mirror


class AverageSpec(Frozen):
    """An exponential moving average of the weights; validation and predictions use it (Polyak and Juditsky, 1992)."""

    decay: float = Field(default=0.999, gt=0, lt=1, description="Share of the average kept at each update.")
    warmup: bool = Field(
        default=True, description="Begin with a smaller share, (1 + n) / (10 + n) after n updates, until it is reached."
    )


class ClippingSpec(Frozen):
    """How large gradients may become (Pascanu et al., 2013); of two bounds that of single values comes first."""

    norm: float | None = Field(default=None, gt=0, description="Largest norm of all gradients together.")
    value: float | None = Field(default=None, gt=0, description="Largest absolute value of a single one.")

    @model_validator(mode="after")
    def _is_a_bound(self) -> Self:
        if self.norm is None and self.value is None:
            msg = "expected a norm, a value or both, such as {norm: 1.0}"
            raise ValueError(msg)
        return self


class HistogramSpec(Frozen):
    """How often it is measured how weights and activations lie, and how finely."""

    every_epochs: int = Field(default=1, ge=1, description="Measure after every so many epochs, and after the last.")
    bins: int = Field(default=64, ge=2, le=1024, description="Buckets of a histogram.")
    activations: bool = Field(
        default=True, description="Measure what layers give for 64 samples, too, not the weights alone."
    )
    gradients: bool = Field(
        default=False, description="Measure the gradients of the loss of 64 held-back samples, too; costs a step."
    )


class FastSpec(Frozen):
    """The optimizations of the loop; each may be switched off alone, and results stay the same to the bit.

    Two have bits of their own and are recorded with the attempt: ``fused_optimizer`` and ``channels_last``.
    """

    batching: bool = Field(
        default=True, description="Cut batches by one vectorised index where the samples are, small ones together."
    )
    several_steps: bool = Field(
        default=True, description="Make several short steps in one call where the framework compiles them."
    )
    deferred_metrics: bool = Field(default=True, description="Keep losses and outputs on the device until a flush.")
    background_checkpoints: bool = Field(default=True, description="Write checkpoints beside the training.")
    fused_optimizer: bool = Field(default=True, description="Use the framework's fused optimizer step.")
    channels_last: bool = Field(
        default=True, description="Let PyTorch's convolutions on a CPU work on images whose channels lie last."
    )
    direct_calls: bool = Field(
        default=True, description="Call PyTorch's kernels directly where nobody listens to the layers around them."
    )


class RunSpec(Frozen):
    """Frozen description of what to train.

    Examples
    --------
    >>> RunSpec(model="cnn", data="digits").epochs
    10
    """

    name: str = Field(
        default="run", description="Name of the run; several may share it. By default that of model and data."
    )
    framework: str = Field(default="pytorch", description="The adapter that trains.")
    recipe: Part = Field(default=Part(type="supervised"), description="The learning algorithm.")
    model: Part = Field(description="What is trained.")
    data: Part = Field(description="What it is trained on.")
    epochs: Annotated[int, Live()] = Field(default=10, ge=1, le=1_000_000, description="Passes over the training data.")
    batch_size: int = Field(default=32, ge=1, description="Samples in a step.")
    learning_rate: Annotated[float | None, AlsoCalled("lr"), Live()] = Field(
        default=None, gt=0, description="Base learning rate; 0.001, or your own optimizer's, if left out."
    )
    optimizer: Part = Field(default=Part(type="adam"), description="What turns gradients into updates.")
    parameter_groups: tuple[ParameterGroup, ...] = Field(
        default=(),
        description="Parameters by patterns of their names: frozen, with a rate or weight decay of their own.",
    )
    scheduler: Part | None = Field(default=None, description="How the learning rate changes over time.")
    loss: Losses | None = Field(
        default=None, description="What is minimised, one or several; chosen by the task if left out."
    )
    regularization: Parts = Field(default=(), description="What is minimised besides, each with a weight.")
    metrics: Parts = Field(default=(), description="What is measured besides the loss.")
    preprocessing: Parts = Field(default=(), description="Steps every sample goes through once, in order.")
    augmentation: Parts = Field(default=(), description="Random changes of each training batch, in order.")
    validation: ValidationSpec | Literal[False] = Field(
        default=ValidationSpec(), description="Validation, or false to train on everything."
    )
    class_weights: ClassWeights | None = Field(
        default=None,
        description="How much each class counts in the loss: balanced, or weights by label, 1 for those left out.",
    )
    early_stopping: EarlyStoppingSpec | None = Field(default=None, description="Stop when nothing improves.")
    monitor: str | None = Field(default=None, description="Metric that decides which checkpoint is best.")
    monitor_mode: Literal["min", "max"] | None = Field(
        default=None, description="Whether less or more is better; known for built-in metrics."
    )
    checkpoint: CheckpointSpec = Field(default=CheckpointSpec(), description="When checkpoints are written.")
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = Field(
        default="32-true", description="Floating-point precision; mixed keeps weights in 32 bits and computes in 16."
    )
    ema: Annotated[AverageSpec | None, short("decay")] = Field(
        default=None, description="Moving average of the weights; a number is its decay."
    )
    gradient_accumulation: Annotated[int, AlsoCalled("accumulate_grad_batches")] = Field(
        default=1, ge=1, description="Batches whose averaged gradient makes one update."
    )
    gradient_clipping: Annotated[ClippingSpec | None, short("norm")] = Field(
        default=None, description="Bound for gradients; a number is the norm of all together."
    )
    steps_per_epoch: int | None = Field(
        default=None, ge=1, description="Batches that make an epoch, for data that has no end or doesn't tell."
    )
    on_nan: Literal["stop", "skip", "continue"] = Field(
        default="stop", description="What to do when the loss is not finite: fail, leave that update out, or go on."
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="Everything random in the run derives from it.")
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:N or mps.")
    compile: bool | Literal["cuda_graphs"] = Field(
        default=False,
        description="Compile loss and gradients on PyTorch, and with cuda_graphs replay them on a GPU by one launch; "
        "Keras and JAX always compile their steps.",
    )
    threads: int | None = Field(default=None, ge=1, description="CPU threads of the trainer; chosen if left out.")
    executor: str = Field(default="thread", description="Where the trainer runs: thread, process or inline.")
    track: TrackerParts = Field(default=(), description="Trackers that receive a copy of the run's history.")
    resources: bool = Field(default=True, description="Record use of processors, memory and GPUs as series system/….")
    histograms: HistogramSpec | Literal[True, False] | None = Field(
        default=None,
        description=(
            "Measure how weights and activations lie after each epoch; by default if a tracker asks for it, or else "
            "weights alone after epochs 1, 2, 4, 8 … and the last."
        ),
    )
    notify: Annotated[NotifySpec | None, short("webhook", str)] = Field(
        default=None, description="Who is told how the run ended; an address is that of a webhook."
    )
    retry: Annotated[RetrySpec, short("times")] = Field(
        default=RetrySpec(), description="When a failed trainer tries again; a number is how many times."
    )
    fast: FastSpec = Field(default=FastSpec(), description="Optimizations, each of which may be switched off.")
    verbose: bool = Field(default=True, description="Say what happens as it happens.")

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
        keys = ("recipe", "model", "data", "optimizer", "scheduler", "loss", "regularization", "metrics")
        return frozenset(key for key in keys if any(part.is_user_object for part in self.parts(key)))

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
