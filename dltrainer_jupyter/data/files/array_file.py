"""What files of arrays have in common: inputs and targets under names, perhaps those of a validation part."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dltrainer_jupyter.core.errors import ConfigurationError, brief, did_you_mean
from dltrainer_jupyter.core.places import is_remote
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.assembly import Known
from dltrainer_jupyter.data.files.array_on_disk import Layout, array_on_disk
from dltrainer_jupyter.data.files.bounds import refuse_too_many_rows, too_large
from dltrainer_jupyter.data.files.fetching import local_file
from dltrainer_jupyter.data.files.laziness import Extent, Laziness, is_lazy, lazy_setting
from dltrainer_jupyter.data.files.places import Place, given_places
from dltrainer_jupyter.data.host import to_host
from dltrainer_jupyter.data.stored.assembly import StoredRaw, assemble_stored

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


class ArrayFileSettings(Arrays.Config, frozen=True, extra="forbid"):
    """Settings."""

    path: Place = setting(
        description="The file: a path, or a URL such as s3://BUCKET/FILE or https://….", examples=["FILE"]
    )
    x: str = setting("x", description="Name of the inputs in the file.", min_length=1, group="names")
    y: str = setting("y", description="Name of the targets in the file.", min_length=1, group="names")
    x_val: str = setting(
        "x_val",
        description="Name of the inputs to validate on, if the file has them.",
        min_length=1,
        group="names",
    )
    y_val: str = setting("y_val", description="Name of the targets to validate on.", min_length=1, group="names")
    lazy: Laziness = lazy_setting()


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

    @abstractmethod
    def layout(self, path: Path, name: str) -> Layout:
        """Say how an array lies in a file, whose size was looked at; refuse what can't be read row by row."""

    @abstractmethod
    def blocks(self, path: Path, name: str, layout: Layout) -> Iterator[Array]:
        """Read an array, some rows at a time."""

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
            extent = self._extent(path, self._chosen(path))
            if not is_lazy(self.config.lazy, extent.size):
                extent.refuse_too_large()

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
        arrays = [(path, name) for name in names]
        extents = [self._extent(path, names)]
        if other is not None:
            second = local_file(other, "validation.validation", say=spec.verbose)
            chosen = self._chosen(second)[:2]
            arrays += [(second, name) for name in chosen]
            extents.append(self._extent(second, chosen))
        settings = {key: getattr(self.config, key) for key in Arrays.Config.model_fields}
        found = Arrays(Arrays.Config(**settings))
        if is_lazy(self.config.lazy, sum(extent.size for extent in extents)):
            return self._from_disk(spec, found, arrays, extents, objects.get("groups"))
        for extent in extents:
            extent.refuse_too_large()
        return found.load(spec, {**objects, "data": tuple(self._array(*it) for it in arrays)})

    def _from_disk(
        self,
        spec: RunSpec,
        described: Arrays,
        arrays: Sequence[tuple[Path, str]],
        extents: Sequence[Extent],
        groups: Any,
    ) -> Dataset:
        """Have rows of the inputs read when they are due; targets lie in memory."""
        parts: list[StoredRaw] = []
        for (path, inputs), (_, targets) in zip(arrays[::2], arrays[1::2], strict=True):
            what = f"data.path: what is learnt, '{targets}' in {path.name},"
            count = math.prod(self.layout(path, inputs).shape[:1])
            refuse_too_many_rows(count, self._size(path, targets), what)
            rows, survey = array_on_disk(self, path, inputs, say=spec.verbose)
            which = "validation targets" if parts else "targets"
            parts.append(StoredRaw(rows, to_host(self._array(path, targets), which), survey))
        notices = []
        if self.config.lazy == "auto":
            size = sum(extent.size for extent in extents)
            notices.append(f"{arrays[0][0].name} is read from the disk when its samples are due: it {too_large(size)}.")
        return assemble_stored(
            spec,
            parts[0],
            described.steps(parts[0].inputs.shape, parts[0].inputs.dtype),
            validation=parts[1] if len(parts) > 1 else None,
            known=Known(
                groups=None if groups is None else to_host(groups, "validation.groups"), notices=tuple(notices)
            ),
        )

    def _extent(self, path: Path, names: Sequence[str]) -> Extent:
        size = sum(self._size(path, name) for name in names)
        return Extent(
            what=f"data.path: {path.name}",
            rows=0,
            size=size,
            packed=path.stat().st_size,
            cure="give a part of the arrays",
        )

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
        return chosen + there


def _like(key: str, names: Sequence[str]) -> str | None:
    usual = {"x": ("x_train", "X", "inputs", "images", "data", "features"), "y": ("y_train", "Y", "targets", "labels")}
    return next((name for name in usual[key] if name in names), None)
