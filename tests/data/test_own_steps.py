"""Steps of one's own, and steps that make several samples of one, apart from any run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.data.preprocessing import (
    apply_chain,
    describe_chain,
    fit_steps,
    load_chain,
    named_steps,
    prepare,
)
from dltrainer_jupyter.data.steps.keeping import Forgotten, Own, own_steps
from dltrainer_jupyter.data.steps.own import numbered
from dltrainer_jupyter.data.steps.pieces import Pieces, answers, merged
from dltrainer_jupyter.loop.parts import load_data

X = np.random.default_rng(0).normal(2, 3, (30, 6)).astype(np.float32)
Y = (X[:, 0] > 2).astype(np.int64)


def doubled(inputs, factor=2):
    """Multiply by a factor."""
    inputs *= factor
    return inputs


def halves(sample):
    yield sample[:3]
    yield sample[3:]


class Shift:
    """Learns the largest value."""

    def fit(self, inputs):
        self.most = inputs.max()

    def apply(self, inputs):
        return inputs - self.most

    def describe(self):
        return f"take away {getattr(self, 'most', '?')}"


class Uneven:
    yields = True

    def apply(self, inputs):
        return [np.repeat(one[None], 1 + (at % 2), axis=0) for at, one in enumerate(inputs)]


def spec_of(*things: Any, **more: Any) -> tuple[RunSpec, dict[str, Any]]:
    mentions, own = [], []
    for thing in things:
        settings = dict(thing) if isinstance(thing, dict) else {"type": thing}
        kind = settings.pop("type")
        if isinstance(kind, str):
            mentions.append({"type": kind, **settings})
            continue
        own.append(kind)
        mentions.append({"type": "$object", "is": getattr(kind, "__name__", type(kind).__name__), **settings})
    return RunSpec(model="mlp", data="arrays", preprocessing=mentions, **more), {"data": (X, Y), "preprocessing": own}


def loaded(*things: Any, **more: Any):
    spec, own = spec_of(*things, **more)
    return load_data(spec, own)


def test_a_function_gets_all_samples_and_its_settings_and_changes_nobody_elses_array() -> None:
    before = X.copy()
    found = loaded({"type": doubled, "factor": 3}, validation=False)
    assert np.array_equal(found.train.inputs, 3 * X)
    assert np.array_equal(before, X)
    assert describe_chain(found.signature.preprocessing)[1] == "doubled(factor=3): Multiply by a factor"


@pytest.mark.parametrize("thing", [Shift, Shift()])
def test_an_object_is_fitted_to_the_training_part_alone(thing: Any) -> None:
    found = loaded(thing)
    assert found.train.inputs.max() == 0
    raw = X[found.partition.train]
    assert np.array_equal(found.validation.inputs, X[found.partition.validation] - raw.max())
    assert describe_chain(found.signature.preprocessing)[1] == f"take away {raw.max()}"


@pytest.mark.parametrize(
    "thing", [StandardScaler(), StandardScaler, {"type": PolynomialFeatures, "degree": 2, "include_bias": False}]
)
def test_transformers_of_scikit_learn_are_fitted_and_applied(thing: Any) -> None:
    found = loaded(thing)
    kind, settings = (thing["type"], {"degree": 2, "include_bias": False}) if isinstance(thing, dict) else (thing, {})
    peer = (kind(**settings) if isinstance(kind, type) else StandardScaler()).fit(X[found.partition.train])
    assert found.validation.inputs == pytest.approx(peer.transform(X[found.partition.validation]), abs=1e-5)
    assert found.signature.input_shape == found.train.inputs.shape[1:]


def test_a_chain_goes_on_as_it_was_fitted() -> None:
    kept, seen = Forgotten(), []

    class Drifting:
        def fit(self, inputs):
            seen.append(len(inputs))
            self.value = np.float32(len(seen))

        def apply(self, inputs):
            return inputs + self.value

    spec, own = spec_of("standardize", Drifting)
    with own_steps(Own(kept)):
        first = load_data(spec, own)
        again = load_data(spec, own, trained=first.signature.preprocessing)
        assert np.array_equal(apply_chain(first.signature.preprocessing, X[:2]), again_of(again, X[:2]))
    assert len(seen) == 1
    assert np.array_equal(first.train.inputs, again.train.inputs)
    assert again.signature == first.signature


def test_chains_of_several_inputs_go_on_as_they_were_fitted() -> None:
    values = iter([1.0, 2.0, 3.0, 4.0])

    class Drifting:
        def fit(self, inputs):
            self.value = np.float32(next(values))

        def apply(self, inputs):
            return inputs + self.value

    spec, own = spec_of({"type": Drifting, "input": "a"}, {"type": Drifting, "input": "b"})
    own["data"] = ({"a": X, "b": X}, Y)
    with own_steps(Own(Forgotten())):
        first = load_data(spec, own)
        again = load_data(spec, own, trained=first.signature.preprocessing)
    assert next(values) == 3
    assert np.allclose(first.train.inputs["a"] + 1, first.train.inputs["b"])
    assert all(np.array_equal(first.train.inputs[name], again.train.inputs[name]) for name in "ab")
    assert again.signature == first.signature


def again_of(dataset: Any, raw: Any) -> Any:
    return apply_chain(dataset.signature.preprocessing, raw)


def test_pieces_of_a_sample_lie_on_one_side_with_its_target() -> None:
    found = loaded(halves)
    assert len(found.train) == 2 * len(set(found.partition.train.tolist()))
    assert not {*found.partition.train.tolist()} & {*found.partition.validation.tolist()}
    for part, numbers in ((found.train, found.partition.train), (found.validation, found.partition.validation)):
        assert np.array_equal(part.targets, Y[numbers])
        assert np.array_equal(part.inputs, X.reshape(-1, 2, 3)[numbers, np.arange(len(numbers)) % 2])
    assert found.signature.input_shape == (3,)


def test_what_is_marked_yields_pieces_of_all_samples_at_once() -> None:
    found = loaded(Uneven(), validation=False)
    assert len(found.train) == 45
    assert np.array_equal(found.train.targets, np.repeat(Y, np.arange(30) % 2 + 1))


def test_windows_of_a_sequence() -> None:
    series = np.arange(2 * 10 * 3, dtype=np.float32).reshape(2, 10, 3)
    (step,) = named_steps([Part.model_validate({"type": "windows", "length": 4, "stride": 3})])
    pieces, counts = step.split(series)
    assert counts.tolist() == [3, 3]
    expected = [one[start : start + 4] for one in series for start in (0, 3, 6)]
    assert np.array_equal(pieces, expected)
    with pytest.raises(ConfigurationError, match=r"windows of 4 time steps need .* shape \(3, 3\)"):
        step.split(series[:, :3])


def test_patches_of_an_image() -> None:
    images = np.arange(2 * 3 * 8 * 6, dtype=np.float32).reshape(2, 3, 8, 6)
    (step,) = named_steps([Part.model_validate({"type": "patches", "size": [4, 3], "stride": 2})])
    pieces, counts = step.split(images)
    expected = [one[:, y : y + 4, x : x + 3] for one in images for y in (0, 2, 4) for x in (0, 2)]
    assert counts.tolist() == [6, 6]
    assert np.array_equal(pieces, expected)
    assert pieces.flags.writeable


@pytest.mark.parametrize(
    ("merge", "expected"), [("mean", [2.0, 5.0]), ("max", [3.0, 5.0]), ("first", [1.0, 5.0]), ("none", [1, 3, 5])]
)
def test_outputs_for_pieces_are_put_together(merge: Any, expected: list[float]) -> None:
    pieces = [Pieces(np.array([2, 1]), merge)]
    assert merged(np.array([[1.0], [3.0], [5.0]]), pieces)[:, 0].tolist() == expected
    assert answers(2, pieces) == ([2, 1] if merge == "none" else [1, 1])


def test_pieces_of_pieces_are_put_together_step_by_step() -> None:
    outputs = np.arange(6.0)[:, None]
    first, second = Pieces(np.array([2, 1]), "mean"), Pieces(np.array([1, 2, 3]), "max")
    assert merged(outputs, [first, second])[:, 0].tolist() == [(0 + 2) / 2, 5]
    last = Pieces(np.array([1, 2, 3]), "none")
    assert merged({"a": outputs}, [Pieces(np.array([2, 1]), "first"), last])["a"][:, 0].tolist() == [0, 3]


def test_a_chain_that_is_prepared_knows_its_pieces() -> None:
    chain = load_chain([{"type": "windows", "length": 2, "stride": 2, "merge": "mean"}])
    made = prepare(chain, np.arange(8.0).reshape(2, 4))
    assert (len(made), made.inputs.shape) == (2, (4, 2))
    assert made.merged(made.inputs).tolist() == [[1, 2], [5, 6]]


def gives_fewer(inputs):
    return inputs[1:]


def gives_text(inputs):
    return inputs.astype(str)


def gives_nan(inputs):
    return inputs / 0


def gives_nothing(inputs):
    inputs += 1


def fails(inputs):
    msg = "no such column"
    raise KeyError(msg)


def yields_nothing(sample):
    if sample[0] > 2:
        yield sample


def yields_others(sample):
    yield sample[: 3 if sample[0] > 2 else 4]


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (gives_fewer, r"'gives_fewer' is called with all samples, .* gives as many: expected 24, got 23; .*generator"),
        (gives_text, r"'gives_text' gave: expected numbers, got <U"),
        (gives_nothing, r"'gives_nothing' gave nothing; let it return"),
        (fails, r"'fails' raised KeyError: 'no such column'\."),
        (yields_nothing, r"'yields_nothing' gave nothing for sample \d+; give one piece at least"),
        (yields_others, r"'yields_others': expected pieces of one shape, got \(3,\) and \(4,\)"),
        (OneHotEncoder(), r"'OneHotEncoder' gave: .*toarray"),
        ({"type": doubled, "faktor": 2}, r"'doubled' can't be called with its settings: .*'faktor'"),
        ({"type": Shift(), "faktor": 2}, r"'Shift' is an object, which takes no settings here; .*'faktor': 2"),
        ({"type": doubled, "merge": "mean"}, r"'doubled' gives a sample for each, so there is nothing to merge"),
        ({"type": halves, "merge": "median"}, r"preprocessing.merge: expected mean, max, first, none, got 'median'"),
        (3.5, r"expected a name, a function, or an object with apply or transform, got float"),
    ],
)
def test_what_goes_wrong_names_the_step(thing: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^(?=preprocessing).*{message}"):
        loaded(thing)


def test_values_that_are_no_numbers_are_refused() -> None:
    with np.errstate(divide="ignore"), pytest.raises(ConfigurationError, match="'gives_nan' gave: 24 of 24 samples"):
        loaded(gives_nan)


def test_whose_own_step_it_is_has_to_be_known() -> None:
    found = loaded(doubled)
    with pytest.raises(ConfigurationError, match=r"'doubled' is the user's own and stays with the run: predict with"):
        apply_chain(found.signature.preprocessing, X)


def test_masks_are_not_cut_into_pieces() -> None:
    images, masks = np.zeros((6, 1, 8, 8), np.float32), np.zeros((6, 8, 8), np.int64)
    masks[:, :4] = 1
    spec, own = spec_of(lambda_pieces)
    with pytest.raises(ConfigurationError, match="makes several samples of one; targets of segmentation say where"):
        load_data(spec, {**own, "data": (images, masks)})


def lambda_pieces(sample):
    yield sample
    yield sample


def test_each_mention_keeps_its_number_in_a_chain_of_its_own() -> None:
    parts = numbered([Part.user_object("a"), Part(type="standardize"), Part.user_object("b")])
    with own_steps(Own(Forgotten(), (doubled, gives_nothing))):
        (second,) = named_steps(parts[2:])
        fitted, _ = fit_steps(named_steps(parts[:2]), X)
    assert second.says == "b()"
    assert fitted[0].says == "a(): Multiply by a factor"


class MarkedAndLate:
    """Gives pieces of all samples as they are gone through."""

    yields = True

    def __init__(self, given):
        self.given = given

    def apply(self, inputs):
        return self.given(inputs)


def fails_late(inputs):
    for sample in inputs:
        yield [sample]
        _ = 1 // 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (fails_late, "'MarkedAndLate' raised ZeroDivisionError: "),
        (lambda _: None, "'MarkedAndLate' raised TypeError: 'NoneType' object is not iterable"),
        (lambda inputs: [None] * len(inputs), "'MarkedAndLate' raised TypeError: 'NoneType' object is not iterable"),
    ],
)
def test_what_is_marked_and_fails_as_it_is_gone_through_is_named(given, said) -> None:
    parts = numbered([Part.user_object("MarkedAndLate")])
    with own_steps(Own(Forgotten(), (MarkedAndLate(given),))), pytest.raises(ConfigurationError, match=said):
        fit_steps(named_steps(parts), X)
