"""Tables, arrays and text: by the names of the columns or in their order, refused by row and column."""

from __future__ import annotations

import io
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.data import preprocessing
from dltrainer_jupyter.data.steps import RawInput
from dltrainer_jupyter.data.steps.columns import Columns
from dltrainer_jupyter.tal.inputs import arrays
from dltrainer_jupyter.tal.inputs.files import File, from_drawing, from_files, from_paths, from_text


def table(*names: str, width: int = 3) -> Signature:
    width = len(names) or width
    raw = {"shape": [width], "dtype": "float64", "low": 0.0, "high": 9.0, "median": 1.0}
    chain = (RawInput(((width,),), "float32").to_dict(),)
    features = list(names) or None
    return Signature("classification", (width,), 2, preprocessing=chain, raw=raw | {"features": features})


ABC = table("alpha", "beta", "gamma")
X = np.arange(6, dtype="float32").reshape(2, 3)


def read(text: str, model: Signature = ABC) -> Any:
    return from_text(text, model)


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("0,1,2\n3,4,5\n", []),
        ("0;1;2\n3;4;5", []),
        ("0\t1\t2\r\n3\t4\t5\r\n", []),
        ("alpha,beta,gamma\n0,1,2\n\n3,4,5\n", []),
        ("gamma, Alpha ,beta\n2,0,1\n5,3,4", ["text: columns put in the order of the training, by their names"]),
        (
            "target,alpha,beta,gamma\nyes,0,1,2\nno,3,4,5",
            ["text: left out 'target', which the model doesn't take"],
        ),
        (
            ",target,alpha,beta,gamma\n0,yes,0,1,2\n1,no,3,4,5",
            ["text: left out 'target' and 1 column without a name, which the model doesn't take"],
        ),
        (
            ",alpha,beta,gamma\n7,0,1,2\n8,3,4,5",
            ["text: left out 1 column without a name, which the model doesn't take"],
        ),
        (
            "one,two,three\n0,1,2\n3,4,5",
            ["text: the header has other names than in training, so the columns are taken in their order"],
        ),
    ],
)
def test_rows_come_with_names_in_any_order_or_without(text: str, notes: list[str]) -> None:
    found = read(text)
    np.testing.assert_array_equal(found.inputs, X)
    assert found.notes == notes
    assert found.names == ["text, row 1", "text, row 2"]
    assert found.thumbnails is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0,1,2\n3,x,5", "text, line 2, column 2: expected a number, got 'x'."),
        ("alpha,beta,gamma\n0,1,2\n3,4,", "text, line 3, column 3 (gamma): expected a number, got ''."),
        ("0,1,2\n3,nan,5", "text, line 2, column 2: expected a number, got 'nan'."),
        ("0,1,2\n3,1e999,5", "text, line 2, column 2: expected a number, got '1e999'."),
        ("0,1,2\n3,4", "text, line 2: expected 3 values as in the first row, got 2."),
        ("a,b,c\n3,4", "text, line 2: expected 3 values as in the header, got 2."),
        ("0,1", "text: expected 3 numbers a row ('alpha', 'beta', 'gamma'), got 2."),
        ("alpha,gamma\n1,2", "text: expected the columns of the training, and 'beta' is missing; the header has"),
        ("alpha,alpha,beta,gamma\n1,1,2,3", "text: the header has the column 'alpha' twice"),
        ("alpha,beta,gamma\n", "text: expected rows of numbers, found none."),
        ("", "text: expected rows of numbers, found none."),
        ("this is a sentence", "text: the model takes rows of 3 numbers, not text; give comma-separated numbers."),
    ],
)
def test_what_is_no_row_of_numbers_is_refused_by_row_and_column(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert said in str(caught.value)


@settings(max_examples=50)
@given(
    rows=st.lists(st.lists(st.floats(-1e30, 1e30), min_size=3, max_size=3), min_size=1, max_size=9),
    order=st.permutations(["alpha", "beta", "gamma"]),
)
def test_any_order_of_columns_gives_the_same(rows: list[list[float]], order: list[str]) -> None:
    names = ["alpha", "beta", "gamma"]
    lines = [",".join(order), *(",".join(repr(row[names.index(name)]) for name in order) for row in rows)]
    np.testing.assert_array_equal(read("\n".join(lines)).inputs, np.array(rows, np.float32))


def test_pixels_may_come_as_a_row() -> None:
    chain = (RawInput(((64,), (8, 8)), "float32").to_dict(), {"type": "reshape", "shape": [1, 8, 8]})
    model = Signature("classification", (1, 8, 8), 2, preprocessing=chain)
    assert read(",".join(map(str, range(64))), model).inputs[0, 0, 1].tolist() == list(range(8, 16))


# --- arrays ------------------------------------------------------------------------------------------------


def saved(array: Any, save: Any = np.save, **more: Any) -> bytes:
    written = io.BytesIO()
    save(written, *([array] if array is not None else []), **more)
    return written.getvalue()


def read_file(name: str, data: bytes, model: Signature = ABC) -> Any:
    return from_files([File(name, data)], model)


def test_arrays_are_read() -> None:
    np.testing.assert_array_equal(read_file("x.npy", saved(X)).inputs, X)
    assert read_file("x.npy", saved(X[0])).names == ["x.npy"]
    for named in ({"anything": X}, {"x": X, "y": X + 1}):
        np.testing.assert_array_equal(read_file("x.npz", saved(None, np.savez, **named)).inputs, X)


def test_several_files_of_several_kinds_make_one_batch() -> None:
    files = [File("x.npy", saved(X)), File("y.csv", b"\xef\xbb\xbf9,9,9\n"), File("z.txt", b"1,2,3\n4,5,6")]
    found = from_files(files, ABC)
    np.testing.assert_array_equal(found.inputs, [*X, [9, 9, 9], [1, 2, 3], [4, 5, 6]])
    assert found.names == ["x.npy, 1", "x.npy, 2", "y.csv", "z.txt, row 1", "z.txt, row 2"]


LYING = saved(np.zeros(3)).replace(b"(3,)", b"(9000000000000,)".ljust(4))


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.npy", pickle.dumps([1, 2]), "x.npy: expected numbers as numpy.save or numpy.savez writes them"),
        ("x.npy", saved(np.array([{}]), allow_pickle=True), "x.npy: expected numbers as numpy.save"),
        ("x.npy", b"", "x.npy: the file is empty."),
        ("x.csv", b"", "x.csv: the file is empty."),
        ("x.csv", b" \n", "x.csv: expected rows of numbers, found none."),
        ("x.npy", saved(X[:0]), "x.npy: expected samples, got an array of shape (0, 3), which holds none."),
        ("x.npy", saved(X)[:-4], "its header tells of 24 bytes, and there are 20"),
        ("x.npy", saved(np.array(["a"])), "x.npy: expected numbers, got an array of <U1"),
        ("x.npy", saved(X[:, :2]), "x.npy: inputs: expected shape (n, 3), or one sample of shape (3,); got (2, 2)."),
        ("x.npz", b"PK\x03\x04nothing", "x.npz: expected numbers as numpy.save"),
        ("x.npz", saved(None, np.savez, a=X, b=X), "x.npz: expected one array, or one called 'x', got a, b"),
        ("x.npz", saved(None, np.savez), "x.npz: expected one array, or one called 'x', got none"),
        ("x.csv", b"1,\xff2", "x.csv: expected a CSV file in UTF-8, and byte 3 isn't; save it as UTF-8."),
        ("x.pkl", b"", "x.pkl: expected a file that ends in .png"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused_clearly(name: str, data: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_file(name, data)
    assert said in str(caught.value)


def test_an_archive_is_unpacked_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = saved(None, np.savez_compressed, x=np.zeros((1000, 3)))
    monkeypatch.setattr(arrays, "MOST_BYTES", 24_000)
    with pytest.raises(ConfigurationError, match=r"x\.npz: expected an array of at most 24,000 bytes, got 24,128"):
        read_file("x.npz", packed)
    monkeypatch.setattr(arrays, "MOST_BYTES", 24_128)
    assert read_file("x.npz", packed).inputs.shape == (1000, 3)


def test_files_that_are_not_there_are_named(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match=r"x\.npy can't be read: No such file or directory"):
        from_paths([tmp_path / "x.npy"], ABC)
    with pytest.raises(ConfigurationError, match="expected a folder with files that end in"):
        from_paths([tmp_path], ABC)
    (tmp_path / "x.npy").mkdir()
    with pytest.raises(ConfigurationError, match=r"x\.npy can't be read: Is a directory"):
        from_paths([tmp_path / "x.npy"], ABC)


def test_a_table_takes_no_drawing() -> None:
    with pytest.raises(ConfigurationError, match="drawing: the model takes rows of 3 numbers, not images"):
        from_drawing("data:image/png;base64,AA==", ABC)


# --- text --------------------------------------------------------------------------------------------------


class Lengths:
    """Somebody's own step, which makes numbers of text."""

    type = "lengths"
    takes_text = True

    @classmethod
    def from_dict(cls, _values: Any) -> Lengths:
        return cls()

    def apply(self, inputs: Any) -> Any:
        return np.char.str_len(inputs).astype(np.float32)[:, None]


def test_lines_go_to_a_model_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(preprocessing.NAMELESS, "lengths", Lengths)  # type: ignore[arg-type]
    model = replace(ABC, input_shape=(1,), preprocessing=({"type": "lengths"},), raw=None)
    found = read("so,\n\nand so on\n", model)
    assert found.inputs.tolist() == [[3.0], [9.0]]
    assert found.names == ["text, row 1", "text, row 2"]
    with pytest.raises(ConfigurationError, match="expected a line of text, found none"):
        read("\n", model)


MIXED = Columns(("town", "size", "age"), ("town",), fills=True).fit(
    np.array([["Bern", 1.0, 2.0], ["Chur", 3.0, 4.0]], object)
)
HOUSES = Signature("classification", (4,), 2, preprocessing=(MIXED.to_dict(),))


@pytest.mark.parametrize(
    "text",
    [
        "town,size,age\nChur,1,5\nBern,NA,6\n",
        "age,kind,size,town\n5,flat,1,Chur\n6,house,,Bern\n",
        "Chur;1;5\nBern;;6\n",
        "0,1,1,5\n1,0,2,6\n",
    ],
    ids=["by name", "in another order", "without a header", "encoded"],
)
def test_a_table_with_text_and_missing_values_is_read_as_in_training(text: str) -> None:
    assert read(text, HOUSES).inputs.tolist() == [[0.0, 1.0, 1.0, 5.0], [1.0, 0.0, 2.0, 6.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("town,size,age\nChur,1,5\nBern,old,6\n", "text, line 3, column 'size': expected a number, got 'old'."),
        ("town,size\nChur,1\n", "text: expected the columns of the training, and 'age' is missing; .*"),
        ("Chur,1\n", r"text: expected 3 columns \('town', 'size', 'age'\), got 2."),
    ],
)
def test_a_table_with_text_that_does_not_fit_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(text, HOUSES)


def test_a_missing_number_is_refused_where_training_filled_none() -> None:
    strict = replace(HOUSES, preprocessing=(replace(MIXED, fills=False).to_dict(),))
    with pytest.raises(ConfigurationError, match="text, line 2, column 'size': expected a number, got ''"):
        read("town,size,age\nChur,,5\n", strict)


def test_rows_of_text_alone_need_no_header() -> None:
    towns = Columns(("town", "street"), ("town", "street"), fills=False).fit(
        np.array([["Bern", "A"], ["Chur", "B"]], object)
    )
    model = Signature("classification", (4,), 2, preprocessing=(towns.to_dict(),))
    expected = [[0.0, 1.0, 1.0, 0.0]]
    assert read("Chur,A\n", model).inputs.tolist() == expected
    assert read("street,town\nA,Chur\n", model).inputs.tolist() == expected


def test_rows_may_be_mappings_by_the_names_of_columns() -> None:
    row = {"age": 5, "size": 1, "town": "Chur", "kind": "flat"}
    assert preprocessing.apply_chain(HOUSES.preprocessing, row).tolist() == [[0.0, 1.0, 1.0, 5.0]]
    assert len(preprocessing.apply_chain(HOUSES.preprocessing, [row, row | {"town": "Bern"}])) == 2
    with pytest.raises(ConfigurationError, match="expected a value of 'age', as in training, got none. Did you mean"):
        preprocessing.apply_chain(HOUSES.preprocessing, {"aeg": 5, "size": 1, "town": "Chur"})
