"""Convolutions, for images."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Field, field_validator

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.blocks import Activation, activation_layer, entry_layers, holds_whole_numbers
from dltrainer_jupyter.models.images import image_shape

if TYPE_CHECKING:
    import keras
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.core.protocols import Signature


class CNN:
    """Convolutional net: blocks of convolution and pooling, then a fully connected layer.

    Each block convolves with as much padding as keeps the image's size, normalises, and halves height and width.

    Parameters
    ----------
    config : CNN.Config
        Settings.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> signature = Signature(task="classification", input_shape=(1, 8, 8), outputs=10)
    >>> net = CNN(CNN.Config(channels=(4,), hidden=0, dropout=0)).pytorch(signature)
    >>> [name for name, _ in net.named_children()]
    ['conv1', 'norm1', 'activation1', 'pool1', 'flatten', 'output']
    """

    description: ClassVar[str] = "Blocks of convolution and pooling over images (channels, height, width)."
    task: ClassVar[tuple[Task, ...]] = ("classification", "regression")

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
            "easy": {"channels": [16], "hidden": 32, "dropout": 0.0},
            "medium": {"channels": [32, 64], "hidden": 128, "dropout": 0.25},
            "advanced": {"channels": [32, 64, 128], "hidden": 256, "dropout": 0.4},
        }

        channels: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = setting(
            (32, 64), min_length=1, max_length=12, description="Channels of each block."
        )
        kernel_size: int = setting(
            3, ge=1, le=15, step=2, advanced=True, description="Height and width of a convolution; odd."
        )
        pooling: Literal["max", "average", "none"] = setting(
            "max", advanced=True, description="How a block halves height and width, if it does."
        )
        hidden: int = setting(
            128, ge=0, le=65_536, description="Units of the layer before the output; 0 leaves it out."
        )
        activation: Activation = setting("relu", description="What follows each layer but the last.")
        dropout: float = setting(
            0.25,
            ge=0,
            lt=1,
            step=0.05,
            group="regularization",
            description="Share of values dropped before the output.",
        )
        batch_norm: bool = setting(
            default=True, group="regularization", advanced=True, description="Normalise each channel over the batch."
        )

        @field_validator("kernel_size")
        @classmethod
        def _is_odd(cls, size: int) -> int:
            if size % 2 == 0:
                msg = f"expected an odd number, so that a pixel has as many neighbours on each side, got {size}"
                raise ValueError(msg)
            return size

    def __init__(self, config: Config) -> None:
        self.config = config

    def pytorch(self, signature: Signature) -> nn.Module:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, channels, height, width), and how many outputs come out, shape (n, outputs).

        Returns
        -------
        torch.nn.Module
            A ``torch.nn.Sequential`` of named layers.

        Raises
        ------
        ConfigurationError
            If a sample is no image, or too small for the blocks.
        """
        from torch import nn

        config = self.config
        channels, height, width = self._image(signature.input_shape)
        layers = OrderedDict[str, nn.Module](entry_layers(signature))
        for number, features in enumerate(config.channels, start=1):
            # A bias before a normalisation would be subtracted again at once.
            layers[f"conv{number}"] = nn.Conv2d(
                channels, features, config.kernel_size, padding=config.kernel_size // 2, bias=not config.batch_norm
            )
            if config.batch_norm:
                layers[f"norm{number}"] = nn.BatchNorm2d(features)
            layers[f"activation{number}"] = activation_layer(config.activation)
            if config.pooling != "none":
                layers[f"pool{number}"] = nn.MaxPool2d(2) if config.pooling == "max" else nn.AvgPool2d(2)
                height, width = height // 2, width // 2
            channels = features
        layers["flatten"] = nn.Flatten()
        values = channels * height * width
        if config.hidden:
            layers["linear"] = nn.Linear(values, config.hidden)
            layers["activation"] = activation_layer(config.activation)
            values = config.hidden
        if config.dropout:
            layers["dropout"] = nn.Dropout(config.dropout)
        layers["output"] = nn.Linear(values, signature.outputs)
        return nn.Sequential(layers)

    def jax(self, signature: Signature, rngs: nnx.Rngs) -> nnx.Module:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, channels, height, width), and how many outputs come out, shape (n, outputs).
        rngs : flax.nnx.Rngs
            What initial weights (``params``) and dropped values (``dropout``) are drawn from.

        Returns
        -------
        flax.nnx.Module
            Named layers, one after another; they bring the channels to the back, where Flax expects them.

        Raises
        ------
        ConfigurationError
            If a sample is no image, or too small for the blocks.
        """
        from flax import nnx

        from dltrainer_jupyter.models.flax_layers import Function, Layer, Layers, batch_norm, convolution, linear

        config = self.config
        channels, height, width = self._image(signature.input_shape)
        layers: dict[str, Layer] = {"to_float": Function("to_float")} if holds_whole_numbers(signature) else {}
        layers["channels_last"] = Function("channels_last")
        for number, features in enumerate(config.channels, start=1):
            layers[f"conv{number}"] = convolution(
                channels, features, config.kernel_size, rngs, bias=not config.batch_norm
            )
            if config.batch_norm:
                layers[f"norm{number}"] = batch_norm(features, rngs)
            layers[f"activation{number}"] = Function(config.activation)
            if config.pooling != "none":
                layers[f"pool{number}"] = Function(config.pooling)
                height, width = height // 2, width // 2
            channels = features
        layers["flatten"] = Function("flatten_image")
        values = channels * height * width
        if config.hidden:
            layers["linear"] = linear(values, config.hidden, rngs)
            layers["activation"] = Function(config.activation)
            values = config.hidden
        if config.dropout:
            layers["dropout"] = nnx.Dropout(config.dropout, rngs=rngs)
        layers["output"] = linear(values, signature.outputs, rngs)
        return Layers(layers)

    def tensorflow(self, signature: Signature) -> keras.Model:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, channels, height, width), and how many outputs come out, shape (n, outputs).

        Returns
        -------
        keras.Model
            A ``keras.Sequential`` of named layers; they bring the channels to the back, where a CPU can convolve them.

        Raises
        ------
        ConfigurationError
            If a sample is no image, or too small for the blocks.
        """
        from keras import Sequential, layers

        from dltrainer_jupyter.models import keras_layers as named

        config = self.config
        channels, height, width = self._image(signature.input_shape)
        stack = [*named.entry(signature), layers.Permute((2, 3, 1), name="channels_last")]
        for number, features in enumerate(config.channels, start=1):
            conv = named.conv(f"conv{number}", channels, features, config.kernel_size, bias=not config.batch_norm)
            stack.append(conv)
            if config.batch_norm:
                stack.append(named.batch_norm(f"norm{number}"))
            stack.append(named.activation(f"activation{number}", config.activation))
            if config.pooling != "none":
                stack.append(named.pooling(f"pool{number}", config.pooling))
                height, width = height // 2, width // 2
            channels = features
        # Back to the front first: the weights behind it then mean the same on every framework.
        stack += [layers.Permute((3, 1, 2), name="channels_first"), layers.Flatten(name="flatten")]
        values = channels * height * width
        if config.hidden:
            stack.append(named.linear("linear", values, config.hidden))
            stack.append(named.activation("activation", config.activation))
            values = config.hidden
        if config.dropout:
            stack.append(layers.Dropout(config.dropout, name="dropout"))
        stack.append(named.linear("output", values, signature.outputs))
        return Sequential(stack, name="cnn")

    def _image(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        """Check that a sample is an image with room for every block."""
        channels, height, width = image_shape("cnn", shape)
        blocks = len(self.config.channels)
        most = min(height, width).bit_length() - 1
        if self.config.pooling != "none" and blocks > most:
            msg = (
                f"model: cnn with {blocks} blocks halves {height}x{width} pixels {blocks} times, which leaves nothing; "
                f"use at most {most} blocks (channels), or pooling: none."
            )
            raise ConfigurationError(msg)
        return channels, height, width
