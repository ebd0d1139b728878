from __future__ import annotations

import json
import math
import random
from collections import Counter, OrderedDict, namedtuple
from enum import IntEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dltrainer_jupyter.checkpoints.encoding import decode, dumps, loads
from dltrainer_jupyter.core.errors import CheckpointError

NUMBERS = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(),
    npst.unsigned_integer_dtypes(),
    npst.floating_dtypes(sizes=(16, 32, 64)),
    npst.complex_number_dtypes(sizes=(64, 128)),
    npst.datetime64_dtypes(),
    npst.timedelta64_dtypes(),
)
TEXTS = st.one_of(npst.byte_string_dtypes(max_len=5), npst.unicode_string_dtypes(max_len=5))
SHAPES = npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
HASHABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)
ANYTHING = st.recursive(
    HASHABLE
    | st.integers(2**62, 2**20_000)
    | npst.arrays(NUMBERS | TEXTS, SHAPES)
    | NUMBERS.flatmap(lambda dtype: npst.arrays(dtype, ())).map(lambda array: array[()])
    | st.text().map(np.str_),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=4), inner, max_size=4),
        st.dictionaries(HASHABLE, inner, max_size=4),
        st.sets(HASHABLE, max_size=4),
        st.dictionaries(HASHABLE, st.integers(), max_size=4).map(Counter),
    ),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    """Compare types and values; NaN equals NaN, and -0.0 does not equal 0.0."""
    if type(one) is not type(other):
        return False
    match one:
        case np.str_():  # its bytes are not its value: an empty one has some
            alike = str(one) == str(other)
        case np.ndarray() | np.generic():
            alike = one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
        case float():
            alike = repr(one) == repr(other)
        case list() | tuple():
            alike = len(one) == len(other) and all(map(same, one, other))
        case dict():
            alike = same([*one.items()], [*other.items()])
        case set() | frozenset():
            alike = sorted(map(dumps, one)) == sorted(map(dumps, other))
        case _:
            alike = one == other
    return alike


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(ANYTHING)
def test_what_was_written_comes_back(value):
    text = dumps(value)
    assert same(loads(text), value)
    assert dumps(loads(text)) == text


def test_the_text_is_strict_json():
    text = dumps({"nan": math.nan, 1: math.inf, "text": "\ud800"})
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_generator_states_of_python_and_numpy_come_back():
    own, numpys = random.Random(3), np.random.default_rng(3)
    state = loads(dumps({"python": own.getstate(), "numpy": numpys.bit_generator.state}))
    expected = [own.random(), numpys.random()]
    own.setstate(state["python"])
    numpys.bit_generator.state = state["numpy"]
    assert [own.random(), numpys.random()] == expected


@pytest.mark.parametrize("value", [{"$tuple": [1]}, {"$": 1}, {"a": 1, "$b": 2}, {"$dict": {"$float": "nan"}}])
def test_keys_that_look_like_tags_come_back(value):
    assert same(loads(dumps(value)), value)


def test_equal_sets_give_equal_text():
    assert dumps({"b", "a", 3, (1, 2)}) == dumps({(1, 2), 3, "a", "b"})


def test_an_array_read_back_may_be_written_to():
    array = loads(dumps(np.zeros(3)))
    array[0] = 1
    assert array.tolist() == [1, 0, 0]


def test_a_strided_array_comes_back_with_its_values():
    array = np.arange(12).reshape(3, 4).T[::2]
    assert np.array_equal(loads(dumps(array)), array)


class Colour(IntEnum):
    RED = 1


Point = namedtuple("Point", "x y")  # noqa: PYI024 - the plain kind is what people hand over


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"loop": {"lr": object()}}, "meta.loop.lr is a object"),
        ({"loop": [1, {2: Colour.RED}]}, "meta.loop[1][2] is a "),
        ([Point(1, 2)], "meta[0] is a "),
        ([OrderedDict(a=1)], "meta[0] is a collections.OrderedDict"),
        ({"a": {1j}}, "meta.a{1j} is a complex"),
        ({1j: 1}, "the key 1j of meta is a complex"),
        ((1, bytearray(b"x")), "meta[1] is a bytearray"),
        ([np.array([object()])], "meta[0] is a NumPy array of dtype object"),
        ([np.zeros(1, "i4,f4")], "meta[0] is a NumPy array of dtype"),
        ([np.zeros(1, "i4,f4")[0]], "meta[0] is a numpy.void"),
        ([np.ma.masked_array([1.0])], "meta[0] is a numpy.ma.MaskedArray"),
        ([np.bytes_(b"x")], "meta[0] is a numpy.bytes_"),
        (dumps, "meta is a function"),
    ],
)
def test_anything_else_is_refused_by_its_place(value, place):
    with pytest.raises(CheckpointError) as caught:
        dumps(value)
    assert str(caught.value).replace("numpy.ma.core.", "numpy.ma.").startswith(place)


def test_what_contains_itself_is_refused():
    value: list[Any] = []
    value.append(value)
    with pytest.raises(CheckpointError, match="contains itself"):
        dumps(value)


def test_the_deepest_that_is_written_is_read():
    value: Any = 1
    for _ in range(50):
        value = {0: value}
    assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff",
        b"NaN",
        b'{"a":Infinity}',
        b"[" * 100_000,
        b"[" * 500 + b"]" * 500,
        b"1" * 5_000,
        b'{"$pickle":"x"}',
        b'{"$tuple":[],"more":1}',
        b'{"$tuple":3}',
        b'{"$float":"1.5"}',
        b'{"$float":[]}',
        b'{"$int":"zz"}',
        b'{"$int":12}',
        b'{"$bytes":"not base64"}',
        b'{"$set":[[1]]}',
        b'{"$dict":[[1]]}',
        b'{"$dict":[[[],1]]}',
        b'{"$array":{"dtype":"O","shape":[1],"data":"AAAAAAAAAAA="}}',
        b'{"$array":{"dtype":"<f4","shape":[1000000000000],"data":"AAAAAA=="}}',
        b'{"$array":{"dtype":"<f4","shape":[1000],"data":""}}',
        b'{"$array":{"dtype":"<f4","shape":[0,100000000000000000000],"data":""}}',
        b'{"$array":{"dtype":"<f4","shape":[-1,-1],"data":"AAAAAA=="}}',
        b'{"$array":{"dtype":"<f4","shape":"1","data":"AAAAAA=="}}',
        b'{"$array":{"dtype":"i4,f4","shape":[0],"data":""}}',
        b'{"$array":{"dtype":"<U0","shape":[100000000000000],"data":""}}',
        b'{"$array":[]}',
        b'{"$scalar":{"dtype":"<f8","data":"AAAA"}}',
        b'{"$scalar":{"dtype":"O","data":"AAAAAAAAAAA="}}',
    ],
)
def test_text_nobody_of_us_wrote_is_refused(text):
    with pytest.raises(CheckpointError, match="meta"):
        loads(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$tuple", "$set", "$dict", "$array", "$scalar", "$str", "$counter", "dtype", "x"]), inner
        )
    ),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_foreign_json_is_read_or_refused_and_nothing_else(plain):
    try:
        decode(plain)
    except CheckpointError as error:
        assert "meta" in str(error)  # noqa: PT017 - most examples raise nothing
