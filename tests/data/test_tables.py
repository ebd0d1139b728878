"""Tables in files: which columns, text, what is missing, and what is wrong with them."""

from __future__ import annotations

import codecs
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.preprocessing import apply_chain
from dltrainer_jupyter.loop.checking import check_parts
from dltrainer_jupyter.loop.parts import load_data
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
        ("a;kind\n1;0\n", "',' doesn't divide the first row of x.csv, 'a;kind'; say delimiter: ';'"),
        ('a,kind\n"1,5",0\n"2,5",1\n', "'a' holds numbers with commas, such as '1,5' in row 1; .* decimal: ','"),
        ('a,kind\n1,"1,500"\n2,"2,500.25"\n', "'kind' holds numbers with commas, such as '1,500' in row 1"),
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
    monkeypatch.setattr(pd, "read_csv", whole)
    monkeypatch.setattr("dltrainer_jupyter.data.files.bounds.free_memory", lambda: 10 * 2**30)
    message = r"about 1,\d\d\d,\d\d\d,\d\d\d rows of 3 columns, takes about .*, or read rows when they are due"
    with pytest.raises(ConfigurationError, match=message):
        load(path, lazy=False)
    with pytest.raises(ConfigurationError, match="x.csv isn't a table of text: a line has more than"):
        load(path)


def test_a_table_that_does_not_fit_into_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dltrainer_jupyter.data.files.bounds.free_memory", lambda: 1000)
    for path in (tables.csv(tmp_path), tables.parquet(tmp_path)):
        with pytest.raises(ConfigurationError, match="while it is prepared, and 700 bytes are free; (choose|take)"):
            load(path, lazy=False)


def test_rows_that_are_left_out_turn_no_class_into_a_number(tmp_path: Path) -> None:
    rows = pd.DataFrame({"a": np.arange(20.0), "b": [True, False, None, True] * 5, "kind": [0, 1, 2, None] * 5})
    rows.astype({"kind": "Int64"}).to_csv(tmp_path / "x.csv", index=False)
    rows.astype({"kind": "Int64"}).to_parquet(tmp_path / "x.parquet")
    for name in ("x.csv", "x.parquet"):
        found = load(tmp_path / name, missing="drop", standardize=False, validation=False)
        assert (found.signature.task, found.signature.labels) == ("classification", ("0", "1"))
        assert found.train.inputs[:2].tolist() == [[0, 1], [1, 0]]
        filled = load(tmp_path / name, features=["a", "b"], target="a", drop="kind", missing="drop", validation=False)
        assert len(filled.train) == 15
    rows["kind"] = [0, 1] * 10
    rows.to_csv(tmp_path / "x.csv", index=False)
    filled = load(tmp_path / "x.csv", missing="mean", standardize=False, validation=False)
    assert filled.train.inputs[:4, 1].tolist() == pytest.approx([1, 0, 2 / 3, 1])


def test_dialects_of_csv_are_settings(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a; kind\n1.000,5; cat\n2,25; dog\n")
    found = load(path, delimiter=";", decimal=",", thousands=".", standardize=False, validation=False)
    assert (found.train.inputs.tolist(), found.signature.labels) == ([[1000.5], [2.25]], ("cat", "dog"))
    with pytest.raises(ConfigurationError, match="expected another mark for thousands than for decimals"):
        load(path, decimal=",", thousands=",")
    path.write_text("1.5,0\n2.5,1\n")
    assert load(path, target=1, header=False, validation=False).signature.labels == ("0", "1")


def test_what_pandas_and_databases_write_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    rows = pd.DataFrame({"a": np.arange(10.0), "kind": [0, 1] * 5}).sample(frac=1, random_state=0)
    rows.to_parquet(path)
    found = load(path, standardize=False, validation=False)
    assert found.train.inputs[:, 0].tolist() == rows["a"].tolist()
    rows["price"] = [Decimal(f"{number}.50") for number in range(10)]
    rows["colour"] = pd.Categorical(["red", "blue"] * 5)
    rows.rename_axis("id").to_parquet(path)
    found = load(path, drop="id", standardize=False, validation=False)
    assert found.train.inputs[0].tolist() == [rows["a"].iloc[0], 0.5, 0, 1]


def test_a_file_to_validate_on_has_the_columns_of_training(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,kind\n1,0\n2,1\n3,0\n")
    (tmp_path / "y.csv").write_text("a,kind\n1,0\nfoo,1\n")
    with pytest.raises(ConfigurationError, match="column 'a' of y.csv holds 'foo' in row 2; expected numbers"):
        load(tmp_path / "x.csv", validation={"validation": "y.csv"})


def test_rows_are_divided_by_groups_that_all_have(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,who,kind\n1,1,0\n2,,1\n3,2,0\n,2,1\n")
    with pytest.raises(
        ConfigurationError, match="'who' of x.csv has no value in 1 of 4 rows .*drop leaves such rows out.$"
    ):
        load(tmp_path / "x.csv", missing="mean", validation={"groups": "who"})
    asked = spec(tmp_path / "x.csv", missing="mean", validation={"groups": "(handed over)"})
    with pytest.raises(
        ConfigurationError, match=r"groups: expected one for each of 4 rows, got an array of shape \(3,\)"
    ):
        load_data(asked, {"groups": [1, 2, 3]})


def test_a_table_that_becomes_too_wide_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"{number % 90},c{number % 90},{number % 2}\n" for number in range(1000))
    (tmp_path / "x.csv").write_text("a,b,kind\n" + text)
    monkeypatch.setattr("dltrainer_jupyter.data.files.bounds.free_memory", lambda: 500_000)
    with pytest.raises(ConfigurationError, match="91 columns once each category of text has one, takes about"):
        load(tmp_path / "x.csv")
    assert load(tmp_path / "x.csv", drop="b").signature.input_shape == (1,)
