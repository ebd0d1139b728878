"""Text files in folders, one folder a class, or a file with a text a line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import field_validator

from dltrainer_jupyter.core.errors import BadSampleError, ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.fetching import local_file
from dltrainer_jupyter.data.files.places import Place, given_places
from dltrainer_jupyter.data.lazy.assembly import Meaning, Told, assemble_read
from dltrainer_jupyter.data.lazy.settings import ReadingSettings
from dltrainer_jupyter.data.measured import measured
from dltrainer_jupyter.data.pictures.image_folder import by_class, numbers
from dltrainer_jupyter.data.pictures.listing import Listing, folders_of, is_folder
from dltrainer_jupyter.data.splits import divide
from dltrainer_jupyter.data.steps import RawInput
from dltrainer_jupyter.data.steps.tokens import Tokens
from dltrainer_jupyter.data.text.readers import TextFiles, TextLines, TextReader, Texts

if TYPE_CHECKING:
    import numpy.typing as npt

SUFFIXES = (".txt", ".text", ".md")
_FITTED = 100_000
"""Texts whose words are counted, at most."""


class Found(NamedTuple):
    """Texts that were listed."""

    labels: tuple[str, ...]
    """Names of the classes."""
    texts: Sequence[Texts]
    """Of the part to train on, and perhaps of one to validate on."""
    classes: Sequence[npt.NDArray[np.int64]]
    """Of each part."""
    notices: Sequence[str]
    """What people should know."""


class TextFileFolders:
    """Texts to tell apart: files in folders, one folder a class, or a file with ``class<tab>text`` in each line.

    A sample is a row of whole numbers, int64 (n, length), for models of sequences: bytes, or words of a vocabulary that
    is counted in the training part and saved with the run. So a run predicts for text as it is.

    Parameters
    ----------
    config : TextFileFolders.Config
        Settings.

    Examples
    --------
    In a cell or a file::

        data:
          type: text_files
          path: data/reviews
          tokens: words
          length: 200
    """

    description: ClassVar[str] = "Text files in folders by class, or a file with a class and a text in each line."
    task: ClassVar[tuple[Task, ...]] = ("classification",)

    class Config(ReadingSettings, frozen=True, extra="forbid"):
        """Settings."""

        path: Place = setting(
            description="Folder with a folder of text files for each class, or with train and val in it; or a file "
            "with class, separator and text in each line.",
            examples=["FOLDER"],
        )
        validation_path: Place | None = setting(None, description="A file with the lines to validate on.")
        tokens: Literal["bytes", "words"] = setting("words", description="What a number of a sample stands for.")
        length: int = setting(
            256,
            ge=1,
            le=65_536,
            description="Numbers of a sample; longer texts are cut, shorter ones filled up with 0.",
        )
        vocabulary: int = setting(
            20_000, ge=1, le=1_000_000, description="Words that are known, at most: the most frequent in training."
        )
        lowercase: bool = setting(default=True, description="Read capital letters as small ones.")
        separator: str = setting("\t", min_length=1, description="What is between class and text in a line.")
        encoding: str = setting("utf-8", description="How the files are encoded.", advanced=True)
        follow_links: bool = setting(
            default=False,
            description="Follow symbolic links that lead out of the folder.",
            group="reading",
            advanced=True,
        )

        @field_validator("encoding")
        @classmethod
        def _is_known(cls, encoding: str) -> str:
            try:
                return codecs.lookup(encoding).name
            except LookupError:
                msg = f"expected an encoding such as utf-8 or latin-1, got {encoding}"
                raise ValueError(msg) from None

    def __init__(self, config: Config) -> None:
        self.config = config

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:  # noqa: ARG002 - lies in files
        """List what there is, divide it, and count words.

        Parameters
        ----------
        spec : RunSpec
            What is trained.
        objects : mapping
            Not used.

        Returns
        -------
        Dataset

        Raises
        ------
        ConfigurationError
            If there are no texts of at least two classes, or one can't be read.
        """
        found = (self._of_folder if is_folder(self.config.path) else self._of_lines)(spec)
        return assemble_texts(spec, found, self._tokens(), self.config)

    def _tokens(self) -> Tokens:
        config = self.config
        return Tokens(config.tokens, config.length, config.lowercase, config.vocabulary)

    def _of_folder(self, spec: RunSpec) -> Found:
        config = self.config
        root, folders = folders_of(spec, config.path)
        listing = Listing(root, SUFFIXES, config.follow_links, folders[1:])
        labels, files, empty = by_class(listing, folders, keeps_empty=False, kind="text files")
        notices = listing.notices()
        if empty:
            notices.append(f"A folder without text files is left out: {few_of(empty)}.")
        paths = [[path for some in part.values() for path in some] for part in files]
        classes = [numbers(labels, part) for part in files]
        texts = [TextFiles(part, root, config.encoding, config.length) for part in paths]
        return Found(labels, texts, classes, notices)

    def _of_lines(self, spec: RunSpec) -> Found:
        config = self.config
        path, beside = given_places(spec, config.path)
        beside = config.validation_path or beside
        paths = [path, *([] if beside is None else [beside])]
        parts = [TextLines(local_file(path), config.separator, config.encoding) for path in paths]
        labels = tuple(sorted({label for label in parts[0].classes if label is not None}))
        if len(labels) < 2:  # noqa: PLR2004 - as many are told apart
            msg = (
                f"data: expected lines of at least two classes in {config.path}, each with its class, "
                f"{config.separator!r} and a text; found {len(labels)}."
            )
            raise ConfigurationError(msg)
        number: dict[str | None, int] = {label: at for at, label in enumerate(labels)}
        for path, part in zip(paths[1:], parts[1:], strict=True):
            if unknown := sorted({label for label in part.classes if label is not None and label not in number}):
                msg = f"data: {path} has classes that aren't in {config.path}: {few_of(unknown)}."
                raise ConfigurationError(msg)
        # Lines without a class are refused or left out when they are read.
        classes = [np.array([number.get(label, 0) for label in part.classes], np.int64) for part in parts]
        return Found(labels, parts, classes, [])


def assemble_texts(
    spec: RunSpec,
    found: Found,
    tokens: Tokens,
    settings: ReadingSettings,
) -> Dataset:
    """Divide texts, count the words of the training part, and make a data set.

    Parameters
    ----------
    spec : RunSpec
        What is trained.
    found : Found
        What was listed.
    tokens : Tokens
        Not yet fitted.
    settings : ReadingSettings
        How it is read.
    """
    labels, texts, classes, notices = found
    every = [np.arange(len(part), dtype=np.int64) for part in texts]
    if measured() is not None:
        # The words that count are those of the training.
        readers = [TextReader(part, rows, None) for part, rows in zip(texts, every, strict=True)]
        return assemble_read(spec, readers, [], Meaning("classification", labels, classes), settings=settings)
    parts, partition = list(zip(texts, every, classes, strict=True)), None
    if len(texts) == 1 and spec.validation is not False:
        # Before anything is read, since words are counted in the training part.
        partition = divide(spec, len(every[0]), classes[0])
        parts = [(texts[0], rows, classes[0][rows]) for rows in (partition.train, partition.validation)]
    told = list(notices)
    counted, rows = len(parts[0][1]), parts[0][1]
    if counted > _FITTED and tokens.kind == "words":
        # Every so manieth, so that no class is left out.
        rows = rows[np.linspace(0, counted - 1, _FITTED).astype(np.int64)]
        told.append(f"The vocabulary was counted in {_FITTED:,} of {counted:,} training texts.")
    fitted = tokens.fit(_readable(parts[0][0], rows))
    readers = [TextReader(part, mine, fitted) for part, mine, _ in parts]
    meaning = Meaning("classification", labels, [mine for _, _, mine in parts])
    raw = {"low": 0.0, "high": float(fitted.size - 1)}
    steps = [RawInput(((fitted.length,),), "int64")]
    return assemble_read(
        spec, readers, steps, meaning, settings=settings, told=Told(tuple(told), raw, (fitted.to_dict(),), partition)
    )


def _readable(texts: Texts, rows: npt.NDArray[np.int64]) -> Iterator[str]:
    """Read texts; those that can't be read are told of later."""
    for row in rows.tolist():
        try:
            yield texts.text(row)
        except BadSampleError:
            continue
