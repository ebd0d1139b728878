"""Texts in files become whole numbers, by words of the training part or by bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import BadSampleError, ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.preprocessing import apply_chain
from dltrainer_jupyter.data.steps.tokens import Tokens
from dltrainer_jupyter.data.text.text_files import TextFileFolders
from tests.data import written

SPEC = RunSpec(model="lstm", data="x", validation={"split": 0.25})


def load(path: Path, spec: RunSpec = SPEC, **settings):
    return TextFileFolders(TextFileFolders.Config(path=str(path), **settings)).load(spec, {})


def test_words_are_those_of_the_training_part(tmp_path: Path) -> None:
    found = load(written.texts(tmp_path), length=10)
    assert found.signature.labels == ("bad", "good")
    assert found.train.inputs.shape == (12, 10)
    assert found.train.inputs.dtype == np.int64
    step = found.signature.preprocessing[0]
    numbers = {int(name) for name in step["words"] if name.isdigit()}
    held_back = found.partition.validation % 8
    assert len(numbers) < 8 or not set(held_back.tolist()) - numbers
    assert found.validation.inputs.max() < step["vocabulary"]
    text = (tmp_path / "bad" / "0.txt").read_text(encoding="utf-8")
    everything = load(tmp_path, SPEC.model_copy(update={"validation": False}), length=10)
    assert np.array_equal(apply_chain(everything.signature.preprocessing, [text])[0], everything.train.inputs[0])


def test_bytes_are_counted_from_one() -> None:
    step = Tokens("bytes", length=5)
    assert step.apply(np.array(["Aé", ""])).tolist() == [[98, 0xC3 + 1, 0xA9 + 1, 0, 0], [0] * 5]
    assert Tokens.from_dict(step.to_dict()) == step
    assert step.size == 257


def test_lines_without_a_class_and_other_encodings_are_told_by_name(tmp_path: Path) -> None:
    path = written.lines(tmp_path / "some.txt")
    found = load(path, length=8)
    assert len(found.train) + len(found.validation) == 16
    path.write_text("no class here\n" + path.read_text())
    with pytest.raises(BadSampleError, match=r"some\.txt, line 1: expected a class"):
        load(path)
    fewer = load(path, on_bad_sample="skip", max_bad=0.1)
    assert len(fewer.train) + len(fewer.validation) == 16
    folder = written.texts(tmp_path / "folder")
    (folder / "bad" / "0.txt").write_bytes("Été".encode("latin-1"))
    with pytest.raises(BadSampleError, match=r"bad/0\.txt: expected text in utf-8, and byte 1 isn't"):
        load(folder)
    assert load(folder, encoding="latin-1").signature.outputs == 2
    with pytest.raises(ConfigurationError, match="at least two"):
        load(tmp_path / "folder" / "bad")
