"""The last layer of a stack."""

from __future__ import annotations

from typing import ClassVar

from dltrainer_jupyter.models.layers.base import Layer, LayerConfig
from dltrainer_jupyter.models.layers.chain import Chain
from dltrainer_jupyter.models.layers.composed import Composed, inner
from dltrainer_jupyter.models.layers.dense import Dense
from dltrainer_jupyter.models.layers.flow import Flow, expect
from dltrainer_jupyter.models.layers.shapes import Flatten


class Output(Composed):
    """As many values as the data has classes, or values to predict; flattens what isn't flat.

    Parameters
    ----------
    config : Output.Config
        There is nothing to set: the data says how many.
    values : int, default 1
        How many.

    Examples
    --------
    >>> Output(Output.Config(), values=10).gives(Flow((8, 4, 4))).shape
    (10,)
    """

    description: ClassVar[str] = "As many values as the data has classes, or values to predict."
    tags: ClassVar[tuple[str, ...]] = ("features",)

    class Config(LayerConfig):
        """Settings."""

    def __init__(self, config: Config, values: int = 1) -> None:
        super().__init__(config)
        self.values = values

    def chain(self, flow: Flow) -> Chain:
        """Say what it is made of."""
        expect("output", flow, ["values", "sequence", "image"])
        flat: list[tuple[str, Layer]] = [] if flow.form == "values" else [("flatten", Flatten(Flatten.Config()))]
        return Chain([*flat, ("linear", Dense(inner(Dense.Config, units=self.values)))])
