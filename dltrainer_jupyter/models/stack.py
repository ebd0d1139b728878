"""Models that a person stacks from layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.blocks import entry_layers, holds_whole_numbers
from dltrainer_jupyter.models.layers.chain import Chain
from dltrainer_jupyter.models.layers.flow import Flow
from dltrainer_jupyter.models.layers.outline import outline
from dltrainer_jupyter.models.layers.stacked import LayerPart
from dltrainer_jupyter.models.sequences import SequenceConfig, sequence_input

if TYPE_CHECKING:
    import keras
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.core.protocols import Signature

_TAKES_TOKENS = "embedding"


class Stack:
    """Layers one after another: ``model: {layers: [flatten, {type: dense, units: 64}]}``.

    The same layers make a net of the same shapes and as many parameters for PyTorch, Keras and Flax. Where the last
    one doesn't give as many values as the data wants, an ``output`` is put behind it.

    Parameters
    ----------
    config : Stack.Config
        Settings.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> signature = Signature(task="classification", input_shape=(1, 8, 8), outputs=10)
    >>> net = Stack(Stack.Config(layers=["flatten", {"type": "dense", "units": 16}])).pytorch(signature)
    >>> [name for name, _ in net.named_children()]
    ['flatten', 'dense', 'output']
    """

    description: ClassVar[str] = "Layers of one's own choice, one after another."
    task: ClassVar[tuple[Task, ...]] = ("classification", "regression")

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
            "table": {
                "layers": [
                    "flatten",
                    {"type": "dense", "units": 128, "activation": "relu"},
                    {"type": "dropout", "rate": 0.1},
                    {"type": "dense", "units": 64, "activation": "relu"},
                ]
            },
            "image": {
                "layers": [
                    {"type": "conv", "features": 32, "bias": False},
                    "norm",
                    "activation",
                    "pool",
                    {"type": "residual", "features": 64},
                    "global_pool",
                    "dropout",
                ]
            },
            "sequence": {"layers": [{"type": "recurrent", "units": 64, "bidirectional": True}, "dropout"]},
            "text": {"layers": ["embedding", "position", "transformer_block", "global_pool"]},
        }

        layers: tuple[LayerPart, ...] = setting(
            min_length=1, max_length=1000, description="Layers from the input on, by type, with their settings."
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def pytorch(self, signature: Signature) -> nn.Module:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, *input_shape), and how many outputs come out, shape (n, outputs).

        Returns
        -------
        torch.nn.Module
            A ``torch.nn.Sequential`` of named layers.

        Raises
        ------
        ConfigurationError
            If a layer doesn't fit; names it, with both shapes.
        """
        from collections import OrderedDict

        from torch import nn

        chain, flow = self._planned(signature)
        entry = {} if flow.tokens else entry_layers(signature)
        return nn.Sequential(OrderedDict({**entry, **dict(chain.pytorch(flow).named_children())}))

    def tensorflow(self, signature: Signature) -> keras.Model:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, *input_shape), and how many outputs come out, shape (n, outputs).

        Returns
        -------
        keras.Model
            A functional model of named layers.
        """
        import keras

        from dltrainer_jupyter.models import keras_layers as named

        chain, flow = self._planned(signature)
        if flow.tokens:
            given = found = keras.Input(flow.shape, dtype="int64", name="input")
        elif flow.form == "image":
            given, found = named.images(signature)
        else:
            given, *casts = named.entry(signature)
            found = given
            for cast in casts:
                found = cast(found)
        return keras.Model(given, chain.tensorflow("", flow)(found), name="stack")

    def jax(self, signature: Signature, rngs: nnx.Rngs) -> nnx.Module:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, *input_shape), and how many outputs come out, shape (n, outputs).
        rngs : flax.nnx.Rngs
            What initial weights (``params``) and dropped values (``dropout``) are drawn from.

        Returns
        -------
        flax.nnx.Module
            Named layers, one after another.
        """
        from dltrainer_jupyter.models.flax_layers import Function, Layer, Layers

        chain, flow = self._planned(signature)
        built = chain.jax(flow, rngs)
        cast = holds_whole_numbers(signature) and not flow.tokens
        entry: dict[str, Layer] = {"to_float": Function("to_float")} if cast else {}
        if flow.form == "image":
            entry["channels_last"] = Function("channels_last")
        return Layers({**entry, **{name: getattr(built, name) for name in built.order}})

    def _planned(self, signature: Signature) -> tuple[Chain, Flow]:
        """Fit the layers to the data.

        Raises
        ------
        ConfigurationError
            Names the first layer that is wrong.
        """
        flow = entering(self.config.layers, signature)
        lines = outline(self.config.layers, flow, signature.outputs)
        for number, line in enumerate(lines):
            for problem in line.problems:
                where = ".".join(["model", "layers", str(number), *problem.path])
                said = str(problem.message).removeprefix(f"{'.'.join(problem.path)}: ")
                msg = f"{where} ({line.name}): {said}"
                raise ConfigurationError(msg)
        return Chain([(line.name, line.layer) for line in lines if line.layer is not None]), flow


def entering(layers: Sequence[LayerPart], signature: Signature) -> Flow:
    """Say how a sample goes into a stack.

    Parameters
    ----------
    layers : sequence of LayerPart
        In order; the first says whether whole numbers are tokens.
    signature : Signature
        Of the data.

    Raises
    ------
    ConfigurationError
        If tokens are wanted, and the samples are none, or nobody knows how many there are.
    """
    if not layers or layers[0].type != _TAKES_TOKENS:
        return Flow(signature.input_shape)
    vocabulary = layers[0].config.get("vocabulary")
    read = sequence_input("embedding", signature, SequenceConfig(vocabulary=vocabulary))
    return Flow(signature.input_shape, read.tokens)
