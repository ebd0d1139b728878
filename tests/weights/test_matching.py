"""Which array of a file becomes which weight."""

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.weights.matching import fit
from dltrainer_jupyter.weights.raw import from_numpy, to_numpy


def raw(*shape, value=0.0, dtype="f4"):
    return from_numpy(np.full(shape, value, dtype), "weights")


MODEL = {"model.body.weight": raw(2, 3), "model.head.weight": raw(4, 2)}


def matched(found, strict=True, names=None, here=None):
    return fit(found, here or MODEL, names, strict=strict, name="a.pt")


@pytest.mark.parametrize("prefix", ["", "model.", "module.", "_orig_mod.", "module._orig_mod."])
def test_names_with_what_wrappers_put_in_front(prefix):
    made = matched({f"{prefix}body.weight": raw(2, 3, value=1), f"{prefix}head.weight": raw(4, 2, value=2)})
    assert to_numpy(made.weights["model.head.weight"]).max() == 2
    assert made.sentence("a.pt") == "2 arrays of a.pt are the weights to begin with."


def test_slashes_are_dots():
    assert len(matched({"body/weight": raw(2, 3), "head/weight": raw(4, 2)}).taken) == 2


def test_precision_is_the_models():
    made = matched({"body.weight": raw(2, 3, value=0.5, dtype="f2"), "head.weight": raw(4, 2, dtype="f8")})
    assert made.weights["model.body.weight"].dtype == "F32"
    assert to_numpy(made.weights["model.body.weight"])[0, 0] == 0.5


def test_refusals_name_what_differs():
    with pytest.raises(ConfigurationError) as refused:
        matched({"body.weight": raw(2, 3), "head.weight": raw(9, 2), "other": raw(1)})
    assert str(refused.value) == (
        "weights: a.pt doesn't fit the model: has 1 that the model doesn't know (other), has 1 of another shape "
        "(head.weight: (9, 2) in the file, (4, 2) in the model); weights: {path: …, strict: false} takes what fits."
    )
    with pytest.raises(ConfigurationError, match=r"it lacks 1 weights \(head.weight\)"):
        matched({"body.weight": raw(2, 3)})
    with pytest.raises(ConfigurationError, match=r"body.weight: I64 in the file, F32 in the model"):
        matched({"body.weight": raw(2, 3, dtype="i8"), "head.weight": raw(4, 2)})


def test_what_fits_is_taken():
    made = matched({"body.weight": raw(2, 3, value=1), "head.weight": raw(9, 2), "other": raw(1)}, strict=False)
    assert made.taken == ("model.body.weight",)
    assert to_numpy(made.weights["model.head.weight"]).max() == 0
    assert made.sentence("a.pt") == (
        "1 arrays of a.pt are the weights to begin with; 1 of another shape were left out (head.weight: (9, 2) in the "
        "file, (4, 2) in the model); 1 that the model doesn't know were left out (other)."
    )
    with pytest.raises(ConfigurationError, match="doesn't fit the model: it lacks 2 weights"):
        matched({"a": raw(1)}, strict=False)


def test_averages_go_before_weights():
    found = {name.replace("model.", f"model{average}.", 1): raw(*array.shape, value=value)
             for average, value in (("", 1), ("@ema", 2)) for name, array in MODEL.items()}  # fmt: skip
    made = matched(found)
    assert to_numpy(made.weights["model.body.weight"]).max() == 2
    assert made.weights.keys() == MODEL.keys()


def test_weights_without_a_name_and_old_counts_may_be_missing():
    here = {"model.a": raw(2), "model.mask": raw(2), "model.norm.num_batches_tracked": raw(dtype="i8")}
    names = {"model.a": ("model.a", "model.tied"), "model.mask": (), **{it: (it,) for it in list(here)[2:]}}
    assert matched({"tied": raw(2, value=1)}, names=names, here=here).taken == ("model.a",)


def test_several_nets_are_told_apart():
    here = {"generator.w": raw(2), "critic.w": raw(2)}
    assert len(matched({"generator.w": raw(2), "critic.w": raw(2)}, here=here).taken) == 2
    with pytest.raises(ConfigurationError, match="lacks 2 weights"):
        matched({"w": raw(2)}, here=here)
