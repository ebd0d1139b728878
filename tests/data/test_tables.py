"""Tables in files: which columns, text, what is missing, and what is wrong with them."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files import csv_table
from dltrainer_jupyter.data.preprocessing import apply_chain
from dltrainer_jupyter.loop.parts import check_parts, load_data
from tests.data import tables


def load(path: Path, target: str = "kind", validation: Any = None, **settings: Any) -> Dataset:
    return load_data(spec(path, target, validation, **settings), {})


def spec(path: Path, target: str = "kind", validation: Any = None, **settings: Any) -> RunSpec:
    given = {} if validation is None else {"validation": validation}
    kind = path.suffix.lstrip(".")
    return RunSpec(model="mlp", data={"type": kind, "path": str(path), "target": target, **settings}, **given)


@pytest.mark.parametrize("write", [tables.csv, tables.parquet])
def test_columns_become_samples(write: Any, tmp_path: Path) -> None:
    path = write(tmp_path)
    found = load(path, drop=["part", "who"], standardize=False, validation=False)
    signature, rows = found.signature, tables.frame()
    assert (signature.input_shape, signature.labels) == ((4,), ("cat", "dog"))
    expected = np.stack([rows["size"], rows["rooms"], rows["colour"] == "blue", rows["colour"] == "red"], 1)
    assert np.array_equal(found.train.inputs, expected.astype(np.float32))
    # Rows as a person has them, with other columns beside, and a text that training never saw.
    again = apply_chain(signature.preprocessing, rows[["kind", "colour", "rooms", "size"]])
    assert np.array_equal(again, found.train.inputs)
    assert apply_chain(signature.preprocessing, [[0.5, 2, "green"]]).tolist() == [[0.5, 2, 0, 0]]
    numbers = load(path, drop=["part", "who", "colour"])
    assert [step["type"] for step in numbers.signature.preprocessing] == ["input", "standardize"]
    assert numbers.signature.raw["features"] == ["size", "rooms"]


def test_columns_say_how_rows_are_divided_and_are_not_learnt_from(tmp_path: Path) -> None:
    path, rows = tables.csv(tmp_path), tables.frame()
    grouped = load(path, drop="part", validation={"groups": "who"})
    held, trained = (set(rows["who"][part]) for part in (grouped.partition.validation, grouped.partition.train))
    assert held
    assert not held & trained
    assert grouped.signature.input_shape == (4,)
    given = load(path, drop="who", validation={"column": "part"})
    assert (len(given.train), len(given.validation), given.signature.input_shape) == (40, 15, (4,))
    assert np.array_equal(given.partition.validation, np.arange(40, 55))
    tables.frame(40).to_csv(tmp_path / "other.csv", index=False)
    files = load(path, drop=["part"], validation={"validation": "other.csv"})
    assert (len(files.train), len(files.validation)) == (60, 40)


def test_what_is_missing_is_refused_left_out_or_filled_in(tmp_path: Path) -> None:
    rows = tables.frame().drop(columns=["part", "who", "colour"])
    rows.loc[3, "size"] = np.nan
    path = tmp_path / "x.csv"
    rows.to_csv(path, index=False)
    with pytest.raises(ConfigurationError, match="'size' of x.csv has no value in 1 of 60 rows .* row 4"):
        load(path)
    dropped = load(path, missing="drop")
    assert (len(dropped.train) + len(dropped.validation), dropped.notices()) == (
        59,
        ["1 of 60 rows of x.csv lack a value and are left out."],
    )
    filled = load(path, missing="mean", standardize=False, validation=False)
    assert filled.train.inputs[3, 0] == pytest.approx(rows["size"].mean(), rel=1e-6)
    rows.loc[7, "kind"] = None
    rows.to_csv(path, index=False)
    with pytest.raises(ConfigurationError, match="'kind' of x.csv has no label in 1 of 60 rows"):
        load(path, missing="mean")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,kind\n1,2,0\n1,2,3,1\n", "rows of x.csv differ in length, .*line 3, saw 4"),
        ("a,b,kind\n1,2,0\n3,4\n", "'kind' of x.csv has no label in 1 of 2 rows"),
        ("", "x.csv is empty"),
        ("a,b,kind\n", "expected rows in x.csv, but it has none"),
        ("a,a,kind\n1,2,0\n3,4,1\n", "two columns of the file are called 'a'"),
        ("a,b,kind\n1,2,c\n3,4,c\n5,6,c\n", "at least two classes, but every target is 'c'"),
        ("a,b,kind\n1,2,0\n3,?,1\n5,6,1\n", r"'b' holds numbers, but 1 of 3 rows don't: the first is '\?', in row 2"),
        ("a,b,kynd\n1,2,0\n", "no column 'kind'. Did you mean 'kynd'"),
        ("a,b,kind\n1,inf,0\n3,4,1\n", "1 of 2 samples hold values that are NaN or infinite"),
        ("kind\n0\n1\n", "no column is left to learn from"),
        ("a;kind\n1;0\n", "no column 'kind'. Did you mean 'a;kind'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ConfigurationError, match=message) as error:
        load(tmp_path / "x.csv")
    assert "\n" not in str(error.value)


def test_encodings_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("größe,kind\n1,ä\n2,ö\n3,ä\n4,ö\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="encoding: x.csv isn't utf-8 .* encoding: latin-1"):
        load(path)
    assert load(path, encoding="latin-1", validation=False).signature.labels == ("ä", "ö")
    path.write_bytes(codecs.BOM_UTF8 + b"a,kind\n1,2\n3,4\n")
    assert load(path, validation=False).signature.raw["features"] == ["a"]
    with pytest.raises(ConfigurationError, match="encoding: expected the name of an encoding"):
        load(path, encoding="base64")
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(ConfigurationError, match="x.csv isn't"):
        load(path)


def test_the_head_of_a_huge_file_is_enough_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.csv"
    head = "a,b,kind\n" + "".join(f"{number},2,{number % 2}\n" for number in range(150_000))
    path.write_text(head)
    with path.open("r+b") as file:
        file.truncate(10 * 10**9)  # a hole on the disk, ten gigabytes to whoever reads it
    read: list[int | None] = []
    whole = pd.read_csv
    monkeypatch.setattr(pd, "read_csv", lambda *args, **kw: (read.append(kw["nrows"]), whole(*args, **kw))[1])
    check_parts(spec(path))
    with pytest.raises(ConfigurationError, match="no column 'sort'"):
        check_parts(spec(path, target="sort"))
    assert read == [2000]
    monkeypatch.setattr(csv_table, "refuse_too_large", _refuse)
    with pytest.raises(ConfigurationError, match="rows of 3 columns"):
        load(path)


def _refuse(size: int, what: str, _cure: str) -> None:
    assert size > 10 * 10**9
    raise ConfigurationError(what)


def test_a_table_that_does_not_fit_into_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dltrainer_jupyter.data.files.bounds.free_memory", lambda: 1000)
    for path in (tables.csv(tmp_path), tables.parquet(tmp_path)):
        with pytest.raises(ConfigurationError, match="of memory while it is prepared, and 700 bytes are free; choose"):
            load(path)
