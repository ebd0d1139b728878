"""What files of arrays have in common: inputs and targets under names, perhaps those of a validation part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dltrainer_jupyter.core.errors import ConfigurationError, brief, did_you_mean
from dltrainer_jupyter.core.places import is_remote
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.files.bounds import refuse_too_large
from dltrainer_jupyter.data.files.fetching import local_file
from dltrainer_jupyter.data.files.places import Place, given_places

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


class ArrayFileSettings(Arrays.Config, frozen=True, extra="forbid"):
    """Settings."""

    path: Place = setting(description="The file: a path, or a URL such as s3://BUCKET/FILE or https://….")
    x: str = setting("x", description="Name of the inputs in the file.", min_length=1, group="names")
    y: str = setting("y", description="Name of the targets in the file.", min_length=1, group="names")
    x_val: str = setting(
        "x_val",
        description="Name of the inputs to validate on, if the file has them.",
        min_length=1,
        group="names",
    )
    y_val: str = setting("y_val", description="Name of the targets to validate on.", min_length=1, group="names")


class ArrayFile(ABC):
    """Arrays by name, in a file.

    Parameters
    ----------
    config : ArrayFileSettings
        Settings.
    """

    task: ClassVar[tuple[Task, ...]] = ("classification", "regression", "segmentation", "detection")
    config: Any

    def __init__(self, config: Any) -> None:
        self.config = config

    @abstractmethod
    def _names(self, path: Path) -> list[str]:
        """List the arrays in the file."""

    @abstractmethod
    def _size(self, path: Path, name: str) -> int:
        """Give the bytes that an array takes, without reading it; refuse what can't be read safely."""

    @abstractmethod
    def _array(self, path: Path, name: str) -> Array:
        """Read an array."""

    def look(self, spec: RunSpec) -> None:
        """See that a file of this machine has what is asked for, before anything starts.

        Raises
        ------
        ConfigurationError
            If it hasn't.
        """
        place, _ = given_places(spec, self.config.path)
        if not is_remote(place):
            path = local_file(place)
            self._chosen(path)

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:
        """Read, divide and prepare.

        Parameters
        ----------
        spec : RunSpec
            What is trained.
        objects : mapping
            ``groups``, if they were handed over.

        Returns
        -------
        Dataset
        """
        place, other = given_places(spec, self.config.path)
        path = local_file(place, say=spec.verbose)
        names = self._chosen(path)
        if other is not None or spec.validation is False:
            names = names[:2]
        given = [self._array(path, name) for name in names]
        if other is not None:
            second = local_file(other, "validation.validation", say=spec.verbose)
            given += [self._array(second, name) for name in self._chosen(second)[:2]]
        settings = {key: getattr(self.config, key) for key in Arrays.Config.model_fields}
        return Arrays(Arrays.Config(**settings)).load(spec, {**objects, "data": tuple(given)})

    def _chosen(self, path: Path) -> Sequence[str]:
        """Give the names of the arrays to read: two, or four."""
        names = self._names(path)
        chosen = [self.config.x, self.config.y]
        for key in ("x", "y"):
            name = getattr(self.config, key)
            if name not in names:
                hint = did_you_mean(name, names) or (f" It may be '{_like(key, names)}'." if _like(key, names) else "")
                msg = (
                    f"data.{key}: {path.name} has no array {brief(name)}.{hint} "
                    f"It has: {brief(names) if names else 'none'}."
                )
                raise ConfigurationError(msg)
        beside = [self.config.x_val, self.config.y_val]
        there = [name for name in beside if name in names]
        if len(there) == 1 or (not there and {"x_val", "y_val"} & self.config.model_fields_set):
            found = " and ".join(there) or "neither"
            msg = f"data.x_val: expected {beside[0]} and {beside[1]} in {path.name}, got {found}."
            raise ConfigurationError(msg)
        chosen += there
        refuse_too_large(
            sum(self._size(path, name) for name in chosen),
            f"data.path: {path.name}",
            "give a part of the arrays, or a folder of files, which are read when they are due",
        )
        return chosen


def _like(key: str, names: Sequence[str]) -> str | None:
    usual = {"x": ("x_train", "X", "inputs", "images", "data", "features"), "y": ("y_train", "Y", "targets", "labels")}
    return next((name for name in usual[key] if name in names), None)
