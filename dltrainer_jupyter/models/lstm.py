"""Long short-term memory, for sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.sequences import SequenceConfig, SequenceInput, sequence_input

if TYPE_CHECKING:
    import keras
    from torch import nn

    from dltrainer_jupyter.core.protocols import Signature

Pooling = Literal["last", "mean", "max"]


@dataclass(frozen=True)
class Plan:
    """What a net is made of, whatever the framework."""

    read: SequenceInput
    embedding: int
    units: int
    layers: int
    bidirectional: bool
    pooling: Pooling
    dropout: float
    outputs: int

    @property
    def features(self) -> int:
        """Say how many values a step has for the first layer."""
        return self.embedding if self.read.tokens else self.read.features

    @property
    def width(self) -> int:
        """Say how many values a layer gives for a step."""
        return 2 * self.units if self.bidirectional else self.units


class LSTM:
    """Long short-term memory: layers that read a sequence step by step and keep what matters.

    Samples are values of shape (time, features), whole numbers of shape (time,), each of which stands for a token, or
    images, row by row. Where a layer reads backwards as well, and sequences are filled up at their end, it begins
    with their last step.

    Parameters
    ----------
    config : LSTM.Config
        Settings.

    Notes
    -----
    S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9 (1997), with gates that forget (F.
    Gers et al., 2000) and, at first, rather don't (R. Jozefowicz et al., 2015). PyTorch's layer adds two biases where
    Keras' has one. A token that training never saw is taken for the one unknown.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> net = LSTM(LSTM.Config(units=8)).pytorch(Signature("classification", (20, 3), 2))
    >>> [name for name, _ in net.named_children()]
    ['layers', 'output']
    """

    description: ClassVar[str] = "Long short-term memory (LSTM) over sequences of values or tokens, or rows of images."
    task: ClassVar[tuple[Task, ...]] = ("classification", "regression")
    tags: ClassVar[tuple[str, ...]] = ("sequences", "text", "recurrent")
    recommended_batch_size: ClassVar[int] = 64

    class Config(SequenceConfig, frozen=True, extra="forbid"):
        """Settings."""

        presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
            "easy": {"units": 32},
            "medium": {"units": 128, "bidirectional": True, "dropout": 0.2},
            "advanced": {"units": 256, "layers": 2, "bidirectional": True, "dropout": 0.4},
        }

        units: int = setting(64, ge=1, le=16_384, description="Values that a layer keeps from step to step.")
        layers: int = setting(1, ge=1, le=16, description="Layers, each of which reads what the one before gives.")
        bidirectional: bool = setting(
            default=False, description="Let each layer read backwards as well, by weights of its own."
        )
        embedding: int = setting(64, ge=1, le=16_384, description="Values that stand for a token.")
        pooling: Pooling = setting(
            "last", advanced=True, description="What the output looks at: the last state, or mean or maximum of all."
        )
        dropout: float = setting(
            0.0,
            ge=0,
            lt=1,
            step=0.05,
            group="regularization",
            description="Share of values dropped between layers and before the output.",
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
            If a sample is no sequence.
        """
        from dltrainer_jupyter.models.torch_lstm import LSTMModule

        return LSTMModule(self.plan(signature))

    def tensorflow(self, signature: Signature) -> keras.Model:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, time, features) or (n, time), and how many outputs come out, shape (n, outputs).

        Returns
        -------
        keras.Model
            A functional model.

        Raises
        ------
        ConfigurationError
            If a sample is no sequence.
        """
        from dltrainer_jupyter.models.keras_lstm import build

        return build(self.plan(signature), signature)

    def plan(self, signature: Signature) -> Plan:
        """Say what the net is made of for some data.

        Raises
        ------
        ConfigurationError
            If a sample is no sequence.
        """
        config = self.config
        return Plan(
            sequence_input("lstm", signature, config),
            config.embedding,
            config.units,
            config.layers,
            config.bidirectional,
            config.pooling,
            config.dropout,
            signature.outputs,
        )
