"""The user's own arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, Field

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Known, Raw, assemble
from dltrainer_jupyter.data.host import to_host
from dltrainer_jupyter.data.raw import columns_of
from dltrainer_jupyter.data.steps import RawInput, Scale, Standardize, Step

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


class Arrays:
    """Inputs and targets a person has in hand: arrays, tensors, data frames or lists.

    Inputs become float32. Whole numbers wider than a byte stay whole (int64), since they may be token ids; a model
    that wants floats casts them, or ``inputs: float32`` does. A run holds copies: changing the arrays later changes
    nothing.

    Parameters
    ----------
    config : Arrays.Config
        Settings.

    Examples
    --------
    >>> spec = RunSpec(model="mlp", data="arrays")
    >>> x, y = [[0.0], [1.0], [2.0], [3.0], [4.0]], [0.0, 1.0, 2.0, 3.0, 4.0]
    >>> Arrays(Arrays.Config()).load(spec, {"data": (x, y)}).signature.task
    'regression'
    """

    description: ClassVar[str] = "Your own arrays, tensors, data frames or lists: (x, y) or (x, y, x_val, y_val)."
    task: ClassVar[tuple[Task, ...]] = ("classification", "regression", "segmentation", "detection")

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        inputs: Literal["auto", "float32", "int64"] = Field(
            default="auto", description="What inputs become; auto keeps whole numbers wider than a byte whole."
        )
        scale: float | None = Field(
            default=None, gt=0, allow_inf_nan=False, description="Divide inputs by this, such as 255 for images."
        )
        standardize: bool = Field(
            default=False, description="Subtract the training mean and divide by the training deviation."
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:
        """Load what was handed over.

        Parameters
        ----------
        spec : RunSpec
            What is trained.
        objects : mapping
            ``objects["data"]`` is ``(x, y)`` or ``(x, y, x_val, y_val)``.

        Returns
        -------
        Dataset

        Raises
        ------
        ConfigurationError
            If it is something else, or can't be trained on.
        """
        given = objects.get("data")
        if not isinstance(given, tuple | list) or len(given) not in (2, 4):
            found = f"{len(given)} objects" if isinstance(given, tuple | list) else type(given).__name__
            msg = f"data: expected (x, y), (x, y, x_val, y_val), a loader or a data set, got {found}."
            raise ConfigurationError(msg)
        train = Raw(to_host(given[0], "inputs"), to_host(given[1], "targets"))
        validation = None
        if len(given) == 4:  # noqa: PLR2004 - with validation
            validation = Raw(to_host(given[2], "validation inputs"), to_host(given[3], "validation targets"))
        steps, features = self._steps(train.inputs), columns_of(given[0])
        groups = objects.get("groups")
        known = Known(
            columns={name: train.inputs[:, at] for at, name in enumerate(features)} if train.inputs.ndim == 2 else {},  # noqa: PLR2004
            groups=None if groups is None else to_host(groups, "validation.groups"),
        )
        return assemble(spec, train, steps, validation=validation, features=features, known=known)

    def _steps(self, inputs: Array) -> list[Step]:
        steps: list[Step] = [RawInput((inputs.shape[1:],), self._dtype(inputs))]
        if self.config.scale is not None:
            steps.append(Scale(self.config.scale))
        if self.config.standardize:
            steps.append(Standardize())
        return steps

    def _dtype(self, inputs: Array) -> Literal["float32", "int64"]:
        if self.config.inputs != "auto":
            return self.config.inputs
        if self.config.standardize or self.config.scale is not None:
            return "float32"
        # Bytes are pixels far more often than tokens, and no model takes truth values.
        return "int64" if inputs.dtype.kind in "iu" and inputs.dtype.itemsize > 1 else "float32"
