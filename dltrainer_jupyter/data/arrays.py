"""The user's own arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, Field

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.core.protocols import Dataset, Signature, Task
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Known, Raw, assemble, outline
from dltrainer_jupyter.data.host import to_host
from dltrainer_jupyter.data.raw import columns_of
from dltrainer_jupyter.data.several import assemble_several, outline_several
from dltrainer_jupyter.data.several_meaning import Several
from dltrainer_jupyter.data.steps import RawInput, Scale, Standardize, Step
from dltrainer_jupyter.data.structured import Named, are_several, named, shown

if TYPE_CHECKING:
    import numpy as np

    from dltrainer_jupyter.core.protocols import Array


class Arrays:
    """Inputs and targets a person has in hand: arrays, tensors, data frames or lists.

    Inputs become float32. Whole numbers wider than a byte stay whole (int64), since they may be token ids; a model
    that wants floats casts them, or ``inputs: float32`` does. A run holds copies: changing the arrays later changes
    nothing.

    Several inputs or targets come in a mapping or a tuple of arrays, ``({"image": a, "table": b}, y)``; the net is
    called with them in that structure.

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
            ``objects["data"]`` is ``(x, y)`` or ``(x, y, x_val, y_val)``; each may be several arrays.

        Returns
        -------
        Dataset

        Raises
        ------
        ConfigurationError
            If it is something else, or can't be trained on.
        """
        given, groups = _parts(objects.get("data")), objects.get("groups")
        groups = None if groups is None else to_host(groups, "validation.groups")
        if any(several := are_several(given[0], given[1])):
            return assemble_several(spec, self._several(given, several, groups))
        train, validation = _raw(given)
        steps, features = self.steps(train.inputs.shape, train.inputs.dtype), columns_of(given[0])
        columns = {name: train.inputs[:, at] for at, name in enumerate(features)} if train.inputs.ndim == 2 else {}  # noqa: PLR2004
        known = Known(columns=columns, groups=groups)
        return assemble(spec, train, steps, validation=validation, features=features, known=known)

    def outline(self, spec: RunSpec, objects: Mapping[str, Any]) -> Signature:
        """Say what is learnt from what was handed over, before anything starts; nothing is divided or preprocessed.

        Parameters
        ----------
        spec : RunSpec
            What is to be trained.
        objects : mapping
            As for :meth:`load`.

        Returns
        -------
        Signature
            ``input_shape`` is that of samples as they came.

        Raises
        ------
        ConfigurationError
            If it is something else, or can't be trained on.
        """
        given = _parts(objects.get("data"))
        if any(several := are_several(given[0], given[1])):
            return outline_several(spec, self._several(given, several, None))
        return outline(spec, *_raw(given))

    def _several(self, given: Sequence[Any], several: tuple[bool, bool], groups: Array | None) -> Several:
        """Take apart several inputs or targets."""
        inputs = named(given[0], "inputs", several=several[0])
        targets = named(given[1], "targets", several=several[1])
        val_inputs, val_targets = Named(), Named()
        if len(given) == 4:  # noqa: PLR2004 - with validation
            val_inputs = named(given[2], "validation inputs", several=several[0], like=inputs)
            val_targets = named(given[3], "validation targets", several=several[1], like=targets)
        if several[0] and (self.config.scale is not None or self.config.standardize):
            key = "standardize" if self.config.scale is None else "scale"
            msg = (
                f"data.{key}: there are several inputs ({shown(inputs)}); say which in preprocessing: "
                f"[{{type: {key}, input: {next(iter(inputs))}}}]."
            )
            raise ConfigurationError(msg)
        tables = given[0].values() if isinstance(given[0], Mapping) else given[0] if several[0] else (given[0],)
        columns = {
            name: array[:, at]
            for table, array in zip(tables, inputs.values(), strict=True)
            for at, name in enumerate(columns_of(table))
        }
        return Several(
            inputs=inputs,
            targets=targets,
            val_inputs=val_inputs,
            val_targets=val_targets,
            steps={name: self.steps(array.shape, array.dtype) for name, array in inputs.items()},
            columns=columns,
            groups=groups,
        )

    def steps(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> list[Step]:
        """Give the steps for inputs, not yet fitted.

        Parameters
        ----------
        shape : tuple of int
            (n, ...).
        dtype : numpy.dtype
            As they came.
        """
        steps: list[Step] = [RawInput((shape[1:],), self._dtype(dtype))]
        if self.config.scale is not None:
            steps.append(Scale(self.config.scale))
        if self.config.standardize:
            steps.append(Standardize())
        return steps

    def _dtype(self, given: np.dtype[Any]) -> Literal["float32", "int64"]:
        if self.config.inputs != "auto":
            return self.config.inputs
        if self.config.standardize or self.config.scale is not None:
            return "float32"
        # Bytes are pixels far more often than tokens, and no model takes truth values.
        return "int64" if given.kind in "iu" and given.itemsize > 1 else "float32"


def _parts(given: Any) -> Sequence[Any]:
    """See that inputs and targets were handed over, and perhaps those to validate on.

    Raises
    ------
    ConfigurationError
        Says how, for a table in which inputs and targets are together.
    """
    if isinstance(given, tuple | list) and len(given) in (2, 4):
        return given
    if len(named_columns := columns_of(given)) > 1:
        msg = (
            f"data: expected inputs and targets apart, got a {type(given).__name__} with the columns "
            f"{brief(list(named_columns))}; give data=(df[features], df[target]), or its file: type: csv, path: …, "
            "target: …."
        )
        raise ConfigurationError(msg)
    found = f"{len(given)} objects" if isinstance(given, tuple | list) else type(given).__name__
    msg = f"data: expected (x, y), (x, y, x_val, y_val), a loader or a data set, got {found}."
    raise ConfigurationError(msg)


def _raw(given: Sequence[Any]) -> tuple[Raw, Raw | None]:
    """Bring what to train on, and to validate on where it was handed over, to NumPy."""
    train = Raw(to_host(given[0], "inputs"), to_host(given[1], "targets"))
    if len(given) == 2:  # noqa: PLR2004 - without validation
        return train, None
    return train, Raw(to_host(given[2], "validation inputs"), to_host(given[3], "validation targets"))
