"""Groups of a run's settings: stopping early, checkpoints, averages, clipping, histograms, optimizations."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from dltrainer_jupyter.core.frozen import Frozen
from dltrainer_jupyter.core.live import Live
from dltrainer_jupyter.core.places import without_secrets
from dltrainer_jupyter.core.schema import setting


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
    quota_gb: float | None = setting(
        20.0, gt=0, description="Most disk space for a run's checkpoints, in GB.", advanced=True
    )
    mirror: str | Literal[False] | None = setting(
        None,
        description="Folder or URL (s3://…) that gets a copy of the run; false for none, by default DLTRAINER_MIRROR.",
        advanced=True,
    )
    mirror_objects: bool = setting(
        default=True,
        description="Copy your own objects there, too: without them nobody can go on with their run.",
        advanced=True,
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
