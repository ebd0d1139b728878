from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.host import to_host, whole_numbers
from dltrainer_jupyter.data.steps import RawInput
from dltrainer_jupyter.data.targets import encode


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
        (np.float32([1, 2]), np.float32([1, 2])),
        (torch.tensor([[1.5], [2.0]], requires_grad=True), np.float32([[1.5], [2.0]])),
        (torch.tensor([1.5, 2.0], dtype=torch.bfloat16), np.float32([1.5, 2.0])),
        (torch.tensor([3, 4]), np.array([3, 4])),
        (pd.Series([1, 2], index=[7, 9]), np.array([1, 2])),
        (pd.Series([1, 2], dtype="Int64"), np.array([1, 2])),
        (pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}), np.array([[1, 0.5], [2, 1.5]])),
        (pd.DataFrame({"a": [True, False], "b": [0.5, 1.5]}), np.array([[1, 0.5], [0, 1.5]])),
        (pd.Series(["b", "a"]), np.array(["b", "a"])),
        (pd.Series(["b", "a"], dtype="category"), np.array(["b", "a"])),
        (np.array([b"b", b"a"]), np.array(["b", "a"])),
        (np.array([True, False], dtype=object), np.array([True, False])),
        (np.array([1, "a"], dtype=object), np.array(["1", "a"])),
    ],
)
def test_everything_people_call_an_array(value, expected) -> None:
    found = to_host(value, "inputs")
    assert found.dtype.kind == expected.dtype.kind
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1], [2, 3]], "inputs: expected rows of one length"),
        ({"x": 1}, "expected an array with an entry a sample, got dict"),
        (3, "got 3"),
        (None, "got None"),
        (["a", None], "1 of 2 samples hold values that are missing"),
        (pd.Series(["a", "b", np.nan]), r"1 of 3 samples .* \(the first is sample 2\)"),
        (pd.DataFrame({"age": [1, 2], "sex": ["m", "f"]}), "column 'sex' holds text"),
        (np.array([[object()]]), "expected numbers, but some are object"),
    ],
)
def test_what_is_no_array_is_refused(value, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        to_host(value, "inputs")


def test_a_sparse_matrix_gets_its_cure() -> None:
    sparse = pytest.importorskip("scipy.sparse", reason="scipy comes with scikit-learn")
    with pytest.raises(ConfigurationError, match=r"got csr_array\. Make it dense with \.toarray\(\)"):
        to_host(sparse.csr_array(np.eye(3)), "inputs")


def test_importing_the_room_imports_nothing_heavy() -> None:
    code = (
        "import sys, dltrainer_jupyter.data.arrays, dltrainer_jupyter.data.digits, dltrainer_jupyter.data.tabular\n"
        "from dltrainer_jupyter.data.arrays import Arrays\n"
        "from dltrainer_jupyter.core.spec import RunSpec\n"
        "x = [[float(i)] for i in range(10)]\n"
        "y = [float(i) for i in range(10)]\n"
        "Arrays(Arrays.Config()).load(RunSpec(model='mlp', data='arrays'), {'data': (x, y)})\n"
        "print([name for name in ('torch', 'sklearn', 'pandas', 'sqlalchemy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("value", [np.array([1, 2**63], np.uint64), [0, 2**64 - 1], np.array([1.0, 2.0**63])])
def test_what_int64_does_not_hold_is_refused_and_becomes_no_other_number(value) -> None:
    inputs = to_host(value, "inputs")
    step = RawInput(((),), "int64")
    with pytest.raises(ConfigurationError, match=r"expected whole numbers below 2\*\*63, got [\d,]+; pass floats"):
        step.apply(inputs)
    assert step.apply(inputs[:1]).tolist() == inputs[:1].tolist()


def test_the_smallest_and_the_largest_that_int64_holds_stay() -> None:
    limits = np.array([-(2**63), 2**63 - 1])
    assert whole_numbers(limits, "inputs").tolist() == limits.tolist()
    assert whole_numbers(np.array([2**63 - 1], np.uint64), "inputs").tolist() == [2**63 - 1]
    assert whole_numbers(np.array([-(2.0**63)]), "inputs").tolist() == [-(2**63)]


def test_a_class_number_beyond_int64_is_called_what_it_is() -> None:
    with pytest.raises(ConfigurationError, match=r"targets: expected whole numbers below 2\*\*63"):
        encode(np.array([0.0, 1e30]), "cross_entropy")
