"""Arrays in IDX files, the format in which MNIST was published."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import BaseModel

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.places import is_remote
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Known, Raw, assemble
from dltrainer_jupyter.data.files.bounds import refuse_too_large
from dltrainer_jupyter.data.files.fetching import local_file
from dltrainer_jupyter.data.files.places import Place
from dltrainer_jupyter.data.host import to_host
from dltrainer_jupyter.data.steps import RawInput, Reshape, Scale, Step

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_PACKED = 1032
"""Times that deflate can make bytes fewer, at most."""
_PIECE = 2**22
_MOST_AXES = 32


def read_idx(path: Path, what: str = "data.path") -> Array:
    """Read an array; what it says of its size is checked before any memory is taken.

    Parameters
    ----------
    path : pathlib.Path
        Plain, or packed with gzip, whatever its name.
    what : str, default "data.path"
        What messages call it.

    Raises
    ------
    ConfigurationError
        If it isn't of this format, or was cut off, or has more than it says.
    """
    what = f"{what}: {path.name}"
    try:
        with path.open("rb") as file:
            is_packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if is_packed else path.open("rb") as file:
            return _read(file, path.stat().st_size, what, is_packed=is_packed)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        msg = f"{what} is damaged or was cut off: {' '.join(str(error).split())}."
        raise ConfigurationError(msg) from error
    except OSError as error:
        msg = f"{what} can't be read: {error.strerror or error}."
        raise ConfigurationError(msg) from error


def _read(file: Any, size: int, what: str, *, is_packed: bool) -> Array:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not head[3]:  # noqa: PLR2004 - four bytes
        msg = f"{what} isn't an IDX file, which begins with two zeros, a type and a number of axes; got {head.hex()}."
        raise ConfigurationError(msg)
    dtype, axes = np.dtype(_TYPES[head[2]]), head[3]
    if axes > _MOST_AXES:
        msg = f"{what} says that it has {axes} axes; expected at most {_MOST_AXES}."
        raise ConfigurationError(msg)
    lengths = file.read(4 * axes)
    if len(lengths) < 4 * axes:
        msg = f"{what} was cut off after {4 + len(lengths)} bytes."
        raise ConfigurationError(msg)
    shape = struct.unpack(f">{axes}I", lengths)
    wanted = math.prod(shape) * dtype.itemsize
    most = size * _MOST_PACKED if is_packed else size - 4 - len(lengths)
    if wanted > most or (not is_packed and wanted != most):
        has = f"{most:,}{' at most' if is_packed else ''}"
        msg = f"{what} says that it holds {wanted:,} bytes of values (shape {shape}), but has {has}."
        raise ConfigurationError(msg)
    refuse_too_large(wanted, what, "give a part of it, or save it as NPZ or HDF5, which may be larger than the memory")
    found = np.empty(wanted, np.uint8)
    have = 0
    while have < wanted and (piece := file.read(min(_PIECE, wanted - have))):
        found[have : have + len(piece)] = np.frombuffer(piece, np.uint8)
        have += len(piece)
    if have < wanted or file.read(1):
        has = "more" if have == wanted else f"{have:,}"
        msg = f"{what} says that it holds {wanted:,} bytes of values (shape {shape}), but has {has}."
        raise ConfigurationError(msg)
    values = found.view(dtype).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


class IDX:
    """Arrays in IDX files, MNIST's format: one file of inputs and one of targets, plain or packed with gzip.

    Bytes are taken for pixels, from 0 to 255, and scaled to 0 to 1; a model sees grey images as (1, height, width).

    Parameters
    ----------
    config : IDX.Config
        Settings.

    Examples
    --------
    >>> config = IDX.Config(path="train-images-idx3-ubyte.gz", targets="train-labels-idx1-ubyte.gz")
    >>> IDX(config).load(RunSpec(model="cnn", data="idx"), {})  # doctest: +SKIP
    """

    description: ClassVar[str] = "Arrays in IDX files, MNIST's format: one of inputs, one of targets."
    task: ClassVar[tuple[Task, ...]] = ("classification", "regression", "segmentation")
    tags: ClassVar[tuple[str, ...]] = ("array", "image", "file")

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        path: Place = setting(description="File of the inputs: a path or a URL.", examples=["FILE"])
        targets: Place = setting(description="File of the targets: a path or a URL.", examples=["FILE"])
        validation_path: Place | None = setting(
            None, description="File of the inputs to validate on; a share is held back if left out.", group="validation"
        )
        validation_targets: Place | None = setting(
            None, description="File of the targets to validate on.", group="validation"
        )
        scale: bool = setting(default=True, description="Divide bytes by 255.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def look(self, spec: RunSpec) -> None:  # noqa: ARG002 - files are the same for every run
        """See that files of this machine are there.

        Raises
        ------
        ConfigurationError
            If one isn't, or only half of a pair was given.
        """
        for place, _, key in self._files():
            if not is_remote(place):
                local_file(place, key)

    def _files(self) -> list[tuple[str, str, str]]:
        config = self.config
        if (config.validation_path is None) != (config.validation_targets is None):
            msg = "data.validation_path: expected validation_path and validation_targets, got one of them."
            raise ConfigurationError(msg)
        found = [(config.path, "path", "data.path"), (config.targets, "targets", "data.targets")]
        if config.validation_path is not None and config.validation_targets is not None:
            found += [
                (config.validation_path, "validation_path", "data.validation_path"),
                (config.validation_targets, "validation_targets", "data.validation_targets"),
            ]
        return found

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
        arrays = [read_idx(local_file(place, key, say=spec.verbose), key) for place, _, key in self._files()]
        pairs = [Raw(*arrays[at : at + 2]) for at in range(0, len(arrays), 2)]
        return of_pixels(spec, pairs, objects, scale=self.config.scale)


def of_pixels(
    spec: RunSpec, parts: list[Raw], objects: Mapping[str, Any], *, scale: bool = True, names: tuple[str, ...] = ()
) -> Dataset:
    """Make a data set of images as they are published: grey (n, height, width) or coloured (n, 3, height, width).

    Parameters
    ----------
    spec : RunSpec
        What is trained.
    parts : list of Raw
        To train on, and perhaps to validate on.
    objects : mapping
        ``groups``, if they were handed over.
    scale : bool, default True
        Whether bytes are divided by 255.
    names : tuple of str, optional
        Of the classes.
    """
    inputs = parts[0].inputs
    shape = inputs.shape[1:]
    is_grey = len(shape) == 2  # noqa: PLR2004 - height and width
    shapes = (shape, (1, *shape), (math.prod(shape),)) if is_grey else (shape,)
    steps: list[Step] = [RawInput(shapes, "float32")]
    if scale and inputs.dtype == np.uint8:
        steps.append(Scale(255.0))
    if is_grey:
        steps.append(Reshape((1, *shape)))
    groups = objects.get("groups")
    return assemble(
        spec,
        parts[0],
        steps,
        validation=parts[1] if len(parts) > 1 else None,
        class_names=names,
        known=Known(groups=None if groups is None else to_host(groups, "validation.groups")),
    )
