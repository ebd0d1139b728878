"""Attention between steps, for sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.blocks import Activation
from dltrainer_jupyter.models.encoder import Encoder, check_heads
from dltrainer_jupyter.models.sequences import SequenceConfig, SequenceInput, sequence_input

if TYPE_CHECKING:
    import keras
    from torch import nn

    from dltrainer_jupyter.core.protocols import Signature

Positions = Literal["sinusoidal", "learned", "none"]
Pooling = Literal["mean", "cls"]


@dataclass(frozen=True)
class Plan:
    """What a net is made of, whatever the framework."""

    read: SequenceInput
    encoder: Encoder
    positions: Positions
    pooling: Pooling
    outputs: int

    @property
    def steps(self) -> int:
        """Say how many steps the encoder looks at."""
        return self.read.steps + (self.pooling == "cls")


class Transformer:
    """Transformer's encoder: blocks of attention, in which each step of a sequence looks at all others.

    Samples are values of shape (time, features), whole numbers of shape (time,), each of which stands for a token, or
    images, row by row.

    Parameters
    ----------
    config : Transformer.Config
        Settings.

    Notes
    -----
    A. Vaswani et al., "Attention Is All You Need", NeurIPS (2017); blocks normalise before they compute, so that it
    trains without warm-up (R. Xiong et al., 2020). A token that training never saw is taken for the one unknown.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> net = Transformer(Transformer.Config(width=8, heads=2)).pytorch(Signature("classification", (20, 3), 2))
    >>> [name for name, _ in net.named_children()]
    ['projection', 'dropout', 'blocks', 'norm', 'output']
    """

    description: ClassVar[str] = "Transformer's encoder over sequences of values or tokens, or rows of images."
    task: ClassVar[tuple[Task, ...]] = ("classification", "regression")
    tags: ClassVar[tuple[str, ...]] = ("sequences", "text", "attention")
    recommended_batch_size: ClassVar[int] = 64

    class Config(SequenceConfig, frozen=True, extra="forbid"):
        """Settings."""

        presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
            "easy": {"width": 32, "depth": 1, "heads": 2},
            "medium": {"width": 128, "depth": 4},
            "advanced": {"width": 256, "depth": 6, "heads": 8, "dropout": 0.2},
        }

        width: int = setting(64, ge=1, le=8192, description="Values that stand for a step.")
        depth: int = setting(2, ge=1, le=64, description="Blocks of attention.")
        heads: int = setting(4, ge=1, le=128, description="Heads of attention, which share the width.")
        hidden: int | None = setting(
            None,
            ge=1,
            le=65_536,
            advanced=True,
            description="Values in between, in the second half of a block; if left out, four times the width.",
        )
        activation: Activation = setting("gelu", advanced=True, description="What lies between them.")
        positions: Positions = setting(
            "sinusoidal",
            advanced=True,
            description="What tells a step where it stands: waves, or values that begin as those and are learned.",
        )
        pooling: Pooling = setting(
            "mean", advanced=True, description="What the output looks at: the mean of all steps, or one of its own."
        )
        dropout: float = setting(
            0.1,
            ge=0,
            lt=1,
            step=0.05,
            group="regularization",
            description="Share of values dropped behind positions, attention and each layer of a block.",
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def pytorch(self, signature: Signature) -> nn.Module:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, time, features) or (n, time), and how many outputs come out, shape (n, outputs).

        Returns
        -------
        torch.nn.Module

        Raises
        ------
        ConfigurationError
            If a sample is no sequence, or heads don't divide the width.
        """
        from dltrainer_jupyter.models.torch_transformer import TransformerModule

        return TransformerModule(self.plan(signature))

    def tensorflow(self, signature: Signature) -> keras.Model:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, time, features) or (n, time), and how many outputs come out, shape (n, outputs).

        Returns
        -------
        keras.Model
            A functional model; its layers are named as PyTorch's.

        Raises
        ------
        ConfigurationError
            If a sample is no sequence, or heads don't divide the width.
        """
        from dltrainer_jupyter.models.keras_transformer import build

        return build(self.plan(signature), signature)

    def plan(self, signature: Signature) -> Plan:
        """Say what the net is made of for some data.

        Raises
        ------
        ConfigurationError
            If a sample is no sequence, or heads don't divide the width.
        """
        config = self.config
        read = sequence_input("transformer", signature, config)
        check_heads("transformer", config.width, config.heads)
        hidden = config.hidden or 4 * config.width
        encoder = Encoder(config.width, config.depth, config.heads, hidden, config.activation, config.dropout)
        return Plan(read, encoder, config.positions, config.pooling, signature.outputs)
