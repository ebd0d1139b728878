"""CIFAR-10 and CIFAR-100 in the files in which they are published for Python."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.places import is_remote
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Raw
from dltrainer_jupyter.data.files.bounds import in_words
from dltrainer_jupyter.data.files.cifar_pickles import read_batch
from dltrainer_jupyter.data.files.fetching import local_file, local_path
from dltrainer_jupyter.data.files.idx import of_pixels
from dltrainer_jupyter.data.files.places import Place

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

Use = Literal["train", "test", "given"]
USES = (
    "Which part: train, of which a share is held back for validation; test; or given, to train on the first and to "
    "validate on the second."
)
_TRAIN = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "train")
_TEST = ("test_batch", "test")
_META = ("batches.meta", "meta")
_LARGEST = 512 * 2**20
"""Bytes of a batch at most; CIFAR-100's largest has 155 MB."""
_PIXELS = 3 * 32 * 32


class CIFAR:
    """CIFAR-10 or CIFAR-100 from the files that are published for Python: a folder, or the archive itself.

    The batches are pickles. They are read without running anything in them: what holds more than numbers, text and
    arrays is refused.

    Parameters
    ----------
    config : CIFAR.Config
        Settings.

    Notes
    -----
    A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009).

    Examples
    --------
    >>> source = CIFAR(CIFAR.Config(path="cifar-10-python.tar.gz"))
    >>> source.load(RunSpec(model="cnn", data="cifar"), {})  # doctest: +SKIP
    """

    description: ClassVar[str] = "CIFAR-10 or CIFAR-100 from their files for Python, read without running code."
    task: ClassVar[tuple[Task, ...]] = ("classification",)
    tags: ClassVar[tuple[str, ...]] = ("image", "file")

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        path: Place = setting(
            description="Folder of the batches, or the archive (.tar.gz): a path or a URL.", examples=["FOLDER"]
        )
        use: Use = setting("train", description=USES)
        labels: Literal["fine", "coarse"] = setting(
            "fine", description="Of CIFAR-100, the 100 classes or the 20 they belong to."
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def look(self, spec: RunSpec) -> None:  # noqa: ARG002 - files are the same for every run
        """See that a file or folder of this machine is there.

        Raises
        ------
        ConfigurationError
            If it isn't.
        """
        if not is_remote(self.config.path):
            local_path(self.config.path)

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
        place = self.config.path
        path = local_file(place, say=spec.verbose) if is_remote(place) else local_path(place)
        return cifar(spec, path, objects, use=self.config.use, labels=self.config.labels)


def cifar(
    spec: RunSpec, path: Path, objects: Mapping[str, Any], *, use: Use, labels: Literal["fine", "coarse"] = "fine"
) -> Dataset:
    """Make a data set of a folder or archive of batches.

    Parameters
    ----------
    spec : RunSpec
        What is trained.
    path : pathlib.Path
        Folder or archive.
    objects : mapping
        ``groups``, if they were handed over.
    use : {"train", "test", "given"}
        Which part.
    labels : {"fine", "coarse"}, default "fine"
        Of CIFAR-100.
    """
    wanted = {"train": _TRAIN, "test": _TEST, "given": (*_TRAIN, *_TEST)}[use]
    files = _files(path, {*wanted, *_META})
    parts = [
        _part([(name, files[name]) for name in names if name in files], path, labels)
        for names in ((_TRAIN, _TEST) if use == "given" else (wanted,))
    ]
    meta = next((read_batch(files[name], f"data.path: {name}") for name in _META if name in files), {})
    return of_pixels(spec, parts, objects, names=_names(meta, labels))


def _part(batches: list[tuple[str, bytes]], path: Path, labels: str) -> Raw:
    if not batches:
        msg = f"data.path: {path.name} has none of CIFAR's batches (data_batch_1 … test_batch, or train and test)."
        raise ConfigurationError(msg)
    inputs: list[Array] = []
    targets: list[Array] = []
    for name, data in batches:
        what = f"data.path: {name}"
        found = read_batch(data, what)
        pixels: Any = found.get("data")
        classes: Any = found.get("labels", found.get(f"{labels}_labels"))
        is_pixels = isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8 and pixels.shape[1:] == (_PIXELS,)
        is_classes = isinstance(classes, list | np.ndarray)
        if not is_pixels or not is_classes or len(classes) != len(pixels):
            msg = f"{what} isn't one of CIFAR's batches: expected rows of 3,072 pixels and a label for each."
            raise ConfigurationError(msg)
        inputs.append(pixels.reshape(-1, 3, 32, 32))
        try:
            targets.append(np.asarray(classes, np.int64))
        except (TypeError, ValueError, OverflowError) as error:
            msg = f"{what}: expected whole numbers as labels."
            raise ConfigurationError(msg) from error
    return Raw(np.concatenate(inputs), np.concatenate(targets))


def _names(meta: Mapping[str, Any], labels: str) -> tuple[str, ...]:
    found = meta.get("label_names", meta.get(f"{labels}_label_names")) or ()
    names = [it.decode("utf-8", "replace") if isinstance(it, bytes) else str(it) for it in found]
    return tuple(names)


def _files(path: Path, wanted: set[str]) -> dict[str, bytes]:
    """Read the batches of a folder or archive, wherever in it they lie."""
    found: dict[str, bytes] = {}
    try:
        if path.is_dir():
            folder = next(
                (it for it in (path, path / "cifar-10-batches-py", path / "cifar-100-python") if _has(it)), path
            )
            for name in sorted(wanted):
                if (file := folder / name).is_file():
                    _refuse_large(file.stat().st_size, name)
                    found[name] = file.read_bytes()
            return found
        with tarfile.open(path) as archive:
            for member in archive:
                name = member.name.rsplit("/", 1)[-1]
                if name in wanted and name not in found and member.isreg():
                    _refuse_large(member.size, name)
                    # Read into memory: no name in an archive decides where anything is written.
                    file_in = archive.extractfile(member)
                    found[name] = b"" if file_in is None else file_in.read()
    except (tarfile.TarError, EOFError, zlib.error) as error:
        msg = f"data.path: {path.name} is no archive of CIFAR's, or was cut off: {' '.join(str(error).split())}."
        raise ConfigurationError(msg) from error
    except OSError as error:
        msg = f"data.path: {path} can't be read: {error.strerror or error}."
        raise ConfigurationError(msg) from error
    return found


def _has(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (*_TRAIN, *_TEST))


def _refuse_large(size: int, name: str) -> None:
    if size > _LARGEST:
        msg = f"data.path: {name} has {in_words(size)}, far more than a batch of CIFAR's."
        raise ConfigurationError(msg)
