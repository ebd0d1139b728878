"""Data sets of the library ``datasets``: by name, or a person's own object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from dltrainer_jupyter.core.errors import BadSampleError, ConfigurationError, MissingPackageError, brief, first_line
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.arrays import Arrays
from dltrainer_jupyter.data.lazy.assembly import Meaning, Told, assemble_read
from dltrainer_jupyter.data.pictures.listing import VALIDATION
from dltrainer_jupyter.data.pictures.opening import opened
from dltrainer_jupyter.data.pictures.settings import PictureForm, PictureSettings, form_of_images
from dltrainer_jupyter.data.steps.tokens import Tokens
from dltrainer_jupyter.data.text.text_files import Found, assemble_texts

if TYPE_CHECKING:
    import numpy.typing as npt

_TARGETS = ("label", "labels", "target", "targets", "class", "y")
"""What the column of the targets is mostly called."""
_PICKLED = ("pandas",)
"""Formats that older versions of the library unpickle."""


class HuggingFace:
    """A data set of Hugging Face's library ``datasets``, by its name or of one's own.

    A column of pictures is read as ``image_folder`` reads them, one of text as ``text_files`` does; other columns are a
    table of numbers. Nothing that comes with a data set is run: those that need a script of their own are refused.

    Parameters
    ----------
    config : HuggingFace.Config
        Settings.

    Examples
    --------
    In a cell or a file::

        data:
          type: huggingface
          path: imdb
          tokens: words
          length: 200
    """

    description: ClassVar[str] = "A data set of Hugging Face's library datasets: pictures, text or numbers by column."
    task: ClassVar[tuple[Task, ...]] = ("classification", "regression")
    tags: ClassVar[tuple[str, ...]] = ("download",)

    class Config(PictureSettings, frozen=True, extra="forbid"):
        """Settings."""

        path: str | None = setting(
            None,
            description="Name of the data set, a folder, or a format such as csv or json; none for one's own object.",
        )
        name: str | None = setting(None, description="Which of its configurations.")
        data_files: tuple[str, ...] = setting((), description="Files, where the path is a format.")
        revision: str | None = setting(None, description="Which version: a tag or a commit.", advanced=True)
        split: str = setting("train", description="Part to train on.")
        validation_split: str | None = setting(
            None, description="Part to validate on; left out, a share of the other is held back."
        )
        inputs: tuple[str, ...] = setting(
            (), description="Columns that go in; left out, the pictures, the text, or all numbers."
        )
        target: str | None = setting(None, description="Column that is learnt; left out, 'label' or what is like it.")
        tokens: Literal["bytes", "words"] = setting("words", description="What a number of a text stands for.")
        length: int = setting(256, ge=1, le=65_536, description="Numbers of a text; longer ones are cut.")
        vocabulary: int = setting(20_000, ge=1, le=1_000_000, description="Words that are known, at most.")
        lowercase: bool = setting(default=True, description="Read capital letters as small ones.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:
        """Open the data set and look at its columns.

        Parameters
        ----------
        spec : RunSpec
            What is trained.
        objects : mapping
            ``objects["data"]`` may be the data set.

        Returns
        -------
        Dataset

        Raises
        ------
        MissingPackageError
            If the library isn't there.
        ConfigurationError
            If there is no such data set, or a column isn't what it should be.
        """
        config = self.config
        parts = self._parts(objects.get("data"))
        features = parts[0].features
        target = self._target(features)
        inputs = self._inputs(features, target)
        kinds = {type(features[name]).__name__ for name in inputs}
        if kinds == {"Image"} and len(inputs) == 1:
            from datasets import Image

            column = inputs[0]
            pictures = [part.select_columns([column]).cast_column(column, Image(decode=False)) for part in parts]
            labels, classes = _classes(parts, target)
            form = form_of_images(config, (_content(pictures[0][row][column], row) for row in range(len(pictures[0]))))
            readers = [_Pictures(part, column, form, known) for part, known in zip(pictures, classes, strict=True)]
            meaning = Meaning("classification", labels, [np.maximum(known, 0) for known in classes])
            return assemble_read(spec, readers, form.steps(), meaning, settings=config, told=Told(raw=form.raw))
        if len(inputs) == 1 and _is_text(features[inputs[0]]):
            labels, classes = _classes(parts, target)
            texts = [
                _Texts(part.select_columns(inputs), inputs[0], known)
                for part, known in zip(parts, classes, strict=True)
            ]
            tokens = Tokens(config.tokens, config.length, config.lowercase, config.vocabulary)
            return assemble_texts(
                spec, Found(labels, texts, [np.maximum(known, 0) for known in classes], []), tokens, config
            )
        arrays = [array for part in parts for array in (_table(part, inputs), _values(part, target))]
        return Arrays(Arrays.Config()).load(spec, {"data": tuple(arrays)})

    def _parts(self, own: Any) -> list[Any]:
        """Give what to train on, and what to validate on if there is something."""
        if own is None:
            return self._fetched()
        if not hasattr(own, "features"):
            beside = self.config.validation_split or next((name for name in VALIDATION if name in own), None)
            names = [self.config.split, *([] if beside is None else [beside])]
            if unknown := [name for name in names if name not in own]:
                msg = f"data: the data set has the parts {few_of(list(own))}, none of them called '{unknown[0]}'."
                raise ConfigurationError(msg)
            return [own[name] for name in names]
        return [own]

    def _fetched(self) -> list[Any]:
        config = self.config
        if config.path is None:
            msg = "data: say which data set: path: imdb; or hand one over: data=dataset."
            raise ConfigurationError(msg)
        try:
            import datasets
        except ImportError:
            msg = "data: 'huggingface' needs the library datasets: pip install 'dltrainer-jupyter[datasets]'."
            raise MissingPackageError(msg) from None
        if config.path in _PICKLED:
            msg = f"data.path: '{config.path}' reads pickles, which may run code; save the table as Parquet or CSV."
            raise ConfigurationError(msg)
        splits = [config.split, *([] if config.validation_split is None else [config.validation_split])]
        try:
            return [
                datasets.load_dataset(
                    config.path,
                    config.name,
                    data_files=list(config.data_files) or None,
                    revision=config.revision,
                    split=split,
                )
                for split in splits
            ]
        except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
            msg = f"data: the data set {config.path!r} can't be loaded: {first_line(error)}."
            raise ConfigurationError(msg) from error

    def _target(self, features: Mapping[str, Any]) -> str:
        if self.config.target is not None:
            return _known(self.config.target, features, "target")
        named = [name for name in _TARGETS if name in features]
        found = named or [name for name, feature in features.items() if type(feature).__name__ == "ClassLabel"]
        if not found:
            msg = f"data: say which column is learnt: target: …; there are {few_of(list(features))}."
            raise ConfigurationError(msg)
        return found[0]

    def _inputs(self, features: Mapping[str, Any], target: str) -> list[str]:
        if self.config.inputs:
            return [_known(name, features, "inputs") for name in self.config.inputs]
        others = [name for name in features if name != target]
        pictures = [name for name in others if type(features[name]).__name__ == "Image"]
        texts = [name for name in others if _is_text(features[name])]
        if "text" in texts:
            texts = ["text"]
        found = pictures or ([] if len(texts) > 1 else texts) or [name for name in others if _is_number(features[name])]
        if not found:
            msg = (
                f"data: say which columns go in: inputs: [{others[0] if others else '…'}]; there are {few_of(others)}."
            )
            raise ConfigurationError(msg)
        return found[:1] if pictures else found


def _known(name: str, features: Mapping[str, Any], key: str) -> str:
    if name not in features:
        msg = f"data.{key}: the data set has no column '{name}'; it has {few_of(list(features))}."
        raise ConfigurationError(msg)
    return name


def _is_text(feature: Any) -> bool:
    return getattr(feature, "dtype", None) in ("string", "large_string")


def _is_number(feature: Any) -> bool:
    return str(getattr(feature, "dtype", "")).startswith(("int", "uint", "float", "bool"))


def _classes(parts: Sequence[Any], target: str) -> tuple[tuple[str, ...], list[npt.NDArray[np.int64]]]:
    """Give the names of the classes, and each sample's; -1 where it has none."""
    feature = parts[0].features[target]
    columns = [list(part[target]) for part in parts]
    if type(feature).__name__ == "ClassLabel":
        names = tuple(map(str, feature.names))
        return names, [np.array([-1 if it is None else it for it in column], np.int64) for column in columns]
    there = [value for column in columns for value in column if value is not None]
    if strange := [value for value in there if not isinstance(value, str | int)]:
        msg = f"data: expected classes, text or whole numbers, in the column '{target}', got {brief(strange[0])}."
        raise ConfigurationError(msg)
    found = sorted({value for value in columns[0] if value is not None})
    number = {value: at for at, value in enumerate(found)}
    for column in columns[1:]:
        if unknown := [value for value in column if value is not None and value not in number]:
            msg = (
                f"data: the part to validate on has classes that aren't in training: {few_of(list(map(str, unknown)))}."
            )
            raise ConfigurationError(msg)
    return tuple(map(str, found)), [np.array([number.get(it, -1) for it in column], np.int64) for column in columns]


def _table(part: Any, names: Sequence[str]) -> Any:
    """Give numbers by column: a data frame, or an array where a column holds arrays."""
    if len(names) == 1 and not _is_number(part.features[names[0]]):
        return np.stack([np.asarray(value) for value in part.with_format("numpy")[names[0]]])
    return part.select_columns(list(names)).with_format(None).to_pandas()


def _values(part: Any, target: str) -> Any:
    """Give the targets of a table."""
    feature, column = part.features[target], part.with_format(None)[target]
    values = list(column)
    # A class of -1 is that of a sample nobody has labelled.
    lacks = [value is None or (type(feature).__name__ == "ClassLabel" and value < 0) for value in values]
    if any(lacks):
        msg = (
            f"data: the column '{target}' has no label in {sum(lacks):,} of {len(values):,} rows (the first is row "
            f"{lacks.index(True):,}); leave them out: dataset.filter(…)."
        )
        raise ConfigurationError(msg)
    return np.array([feature.names[value] for value in values] if type(feature).__name__ == "ClassLabel" else values)


def _content(cell: Any, row: int) -> tuple[bytes | Path, str]:
    """Give a picture as it is stored, and its name."""
    cell = cell or {}
    name = f"row {row:,}" + (f" ({cell['path']})" if cell.get("path") else "")
    data = cell.get("bytes")
    return (Path(cell["path"]) if data is None and cell.get("path") else bytes(data or b"")), name


class _Rows:
    """Rows of a part."""

    def __init__(self, part: Any, column: str, classes: npt.NDArray[np.int64]) -> None:
        self._part = part
        self._column = column
        self._classes = classes

    def __len__(self) -> int:
        return len(self._part)

    def name(self, index: int) -> str:
        return f"row {index:,}"

    def _cell(self, index: int) -> Any:
        if self._classes[index] < 0:
            msg = f"{self.name(index)}: it has no label."
            raise BadSampleError(msg)
        return self._part[index][self._column]


class _Pictures(_Rows):
    def __init__(self, part: Any, column: str, form: PictureForm, classes: npt.NDArray[np.int64]) -> None:
        super().__init__(part, column, classes)
        self._form = form

    def read(self, index: int) -> tuple[npt.NDArray[np.uint8], None]:
        content, name = _content(self._cell(index), index)
        return self._form.pixels(opened(content, name)[0])[0], None


class _Texts(_Rows):
    def text(self, index: int) -> str:
        return str(self._cell(index) or "")
