"""Normalisations."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.layers.base import LayerConfig
from dltrainer_jupyter.models.layers.flow import Flow, MisfitError, expect

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.layers.base import FlaxCall, KerasCall


class Norm:
    """Bring values to mean 0 and variance 1, and give each channel a scale and a shift that are learnt.

    ``batch`` normalises each channel over the batch (Ioffe and Szegedy, 2015), ``layer`` the channels of each place by
    themselves (Ba et al., 2016), ``group`` groups of an image's channels (Wu and He, 2018).

    Parameters
    ----------
    config : Norm.Config
        Settings.

    Examples
    --------
    >>> Norm(Norm.Config()).parameters(Flow((32, 14, 14)))
    64
    """

    description: ClassVar[str] = "Bring values to mean 0 and variance 1, over the batch or within a sample."
    tags: ClassVar[tuple[str, ...]] = ("values",)

    class Config(LayerConfig):
        """Settings."""

        kind: Literal["batch", "layer", "group"] = setting(
            "batch", description="Each channel over the batch, the channels of each place, or groups of channels."
        )
        groups: int = setting(8, ge=1, le=1024, advanced=True, description="Groups of channels, for the kind group.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        kind, groups = self.config.kind, self.config.groups
        expect("norm", flow, ["image"] if kind == "group" else ["values", "sequence", "image"])
        if kind == "group" and flow.features % groups:
            msg = f"norm makes {groups} groups of channels, which {flow.features} channels can't be divided into"
            raise MisfitError(msg)
        return flow

    def parameters(self, flow: Flow) -> int:
        """Count the parameters it learns."""
        return 2 * flow.features

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch."""
        from torch import nn

        from dltrainer_jupyter.models.layers import torch_parts as parts

        channels, kind = flow.features, self.config.kind
        if kind == "group":
            return nn.GroupNorm(self.config.groups, channels)
        if kind == "layer":
            return parts.ChannelNorm(channels) if flow.form == "image" else nn.LayerNorm(channels)
        return parts.over_steps(nn.BatchNorm2d(channels) if flow.form == "image" else nn.BatchNorm1d(channels), flow)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:  # noqa: ARG002 - the protocol's
        """Build it for Keras."""
        from dltrainer_jupyter.models.layers import keras_parts as parts

        return parts.norm(name, self.config.kind, self.config.groups)

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        return parts.norm(self.config.kind, flow.features, self.config.groups, rngs)
