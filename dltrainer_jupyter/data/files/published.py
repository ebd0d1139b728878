"""Data sets by name that are fetched from where they were published: MNIST, Fashion-MNIST, CIFAR-10.

Each file is known by its SHA-256. What was fetched stays in ``DLTRAINER_HOME/cache``; without a network the same files
can be put there by hand.
"""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel

from dltrainer_jupyter.core.protocols import Dataset, Signature, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.variables import DATA_MIRROR
from dltrainer_jupyter.data.assembly import Raw
from dltrainer_jupyter.data.files.cifar import USES, Use, cifar
from dltrainer_jupyter.data.files.downloading import Published, download
from dltrainer_jupyter.data.files.fetching import cache_folder
from dltrainer_jupyter.data.files.idx import of_pixels, read_idx

_MADE_UP = 10
"""Samples of a class."""


class PublishedSource(ABC):
    """A data set that is fetched when it is first used.

    Parameters
    ----------
    config : PublishedSource.Config
        Settings.
    """

    task: ClassVar[tuple[Task, ...]] = ("classification",)
    tags: ClassVar[tuple[str, ...]] = ("image", "download")
    folder: ClassVar[str]
    """In the cache."""
    mirrors: ClassVar[Sequence[str]]
    files: ClassVar[Sequence[Published]]
    shape: ClassVar[tuple[int, ...]]
    """Of the pixels of one sample."""
    names: ClassVar[tuple[str, ...]] = tuple("0123456789")

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        use: Use = setting("train", description=USES)

    def __init__(self, config: Config) -> None:
        self.config = config

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:
        """Fetch what isn't there, read, divide and prepare.

        Parameters
        ----------
        spec : RunSpec
            What is trained.
        objects : mapping
            ``groups``, if they were handed over.

        Returns
        -------
        Dataset

        Raises
        ------
        ConfigurationError
            If it can't be fetched: the message says which file to put where.
        """
        folder = cache_folder(self.folder)
        # For a mirror of one's own, asked first.
        own = os.environ.get(DATA_MIRROR.name)
        mirrors = [*([f"{own.rstrip('/')}/{self.folder}"] if own else []), *self.mirrors]
        wanted = [file for file in self.files if self._uses(file.name)]
        paths = {file.name: download(file, mirrors, folder, say=spec.verbose) for file in wanted}
        return self._read(spec, paths, objects)

    def stand_in(self, spec: RunSpec) -> Signature:
        """Say what samples are like without a file, by some that are made up: what only their values tell is wrong.

        Parameters
        ----------
        spec : RunSpec
            How they are prepared.
        """
        count = _MADE_UP * len(self.names)
        pixels = np.arange(count * math.prod(self.shape), dtype=np.uint8).reshape(count, *self.shape)
        classes = np.arange(count) % len(self.names)
        return of_pixels(spec, [Raw(pixels, classes)], {}, names=self.names).signature

    def _uses(self, name: str) -> bool:
        """Tell whether a file is needed."""
        return self.config.use == "given" or name.startswith("t10k") == (self.config.use == "test")

    @abstractmethod
    def _read(self, spec: RunSpec, paths: Mapping[str, Path], objects: Mapping[str, Any]) -> Dataset:
        """Read the files."""


class MNIST(PublishedSource):
    """70,000 handwritten digits of 28x28 pixels: 60,000 to train on, 10,000 to test.

    Parameters
    ----------
    config : MNIST.Config
        Settings.

    Notes
    -----
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-Based Learning Applied to Document Recognition",
    Proceedings of the IEEE (1998).

    Examples
    --------
    >>> MNIST(MNIST.Config(use="given")).load(RunSpec(model="cnn", data="mnist"), {})  # doctest: +SKIP
    """

    description: ClassVar[str] = "70,000 handwritten digits of 28x28 pixels; 11 MB are fetched once."
    folder: ClassVar[str] = "mnist"
    mirrors: ClassVar[Sequence[str]] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    )
    files: ClassVar[Sequence[Published]] = (
        Published(
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        Published(
            "train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        Published(
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        Published(
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    )
    shape: ClassVar[tuple[int, ...]] = (28, 28)

    def _read(self, spec: RunSpec, paths: Mapping[str, Path], objects: Mapping[str, Any]) -> Dataset:
        arrays = [read_idx(paths[file.name]) for file in self.files if file.name in paths]
        parts = [Raw(*arrays[at : at + 2]) for at in range(0, len(arrays), 2)]
        return of_pixels(spec, parts, objects, names=self.names)


class FashionMNIST(MNIST):
    """70,000 pictures of clothes of 28x28 pixels in ten classes: 60,000 to train on, 10,000 to test.

    Parameters
    ----------
    config : FashionMNIST.Config
        Settings.

    Notes
    -----
    H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms" (2017).

    Examples
    --------
    >>> FashionMNIST(FashionMNIST.Config()).load(RunSpec(model="cnn", data="fashion_mnist"), {})  # doctest: +SKIP
    """

    description: ClassVar[str] = "70,000 pictures of clothes of 28x28 pixels, in ten classes; 31 MB are fetched once."
    folder: ClassVar[str] = "fashion_mnist"
    mirrors: ClassVar[Sequence[str]] = (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    )
    files: ClassVar[Sequence[Published]] = (
        Published(
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        Published(
            "train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        Published(
            "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        Published(
            "t10k-labels-idx1-ubyte.gz",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    )
    names: ClassVar[tuple[str, ...]] = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )


class CIFAR10(PublishedSource):
    """60,000 colour pictures of 32x32 pixels in ten classes: 50,000 to train on, 10,000 to test.

    Parameters
    ----------
    config : CIFAR10.Config
        Settings.

    Notes
    -----
    A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009).

    Examples
    --------
    >>> CIFAR10(CIFAR10.Config()).load(RunSpec(model="cnn", data="cifar10"), {})  # doctest: +SKIP
    """

    description: ClassVar[str] = "60,000 colour pictures of 32x32 pixels, in ten classes; 170 MB are fetched once."
    folder: ClassVar[str] = "cifar10"
    shape: ClassVar[tuple[int, ...]] = (3, 32, 32)
    mirrors: ClassVar[Sequence[str]] = ("https://www.cs.toronto.edu/~kriz",)
    files: ClassVar[Sequence[Published]] = (
        Published(
            "cifar-10-python.tar.gz",
            170_498_071,
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
    )

    def _uses(self, name: str) -> bool:  # noqa: ARG002 - everything lies in one archive
        return True

    def _read(self, spec: RunSpec, paths: Mapping[str, Path], objects: Mapping[str, Any]) -> Dataset:
        return cifar(spec, next(iter(paths.values())), objects, use=self.config.use)
