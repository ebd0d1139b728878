"""Weights go from one model to another of the same framework, by every format it has."""

from __future__ import annotations

import numpy as np
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import SavesWeights


def torch_net(seed, outputs=3):
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5))
            self.tied = self.body[0]
            self.head = nn.Linear(5, outputs)
            self.register_buffer("mask", torch.ones(2), persistent=False)

    torch.manual_seed(seed)
    return Net()


def keras_net(seed, outputs=3, names=(None,) * 3):
    import keras

    keras.utils.set_random_seed(seed)
    layers = [
        keras.layers.Dense(5, name=names[0]),
        keras.layers.BatchNormalization(name=names[1]),
        keras.layers.Dropout(0.1),
    ]
    inner = keras.Sequential([keras.Input((5,)), keras.layers.Dense(5, name="within")], name="inner")
    return keras.Sequential([keras.Input((4,)), *layers, inner, keras.layers.Dense(outputs, name=names[2])])


def flax_net(seed, outputs=3):
    from flax import nnx

    rngs = nnx.Rngs(seed)
    return nnx.Sequential(nnx.Linear(4, 5, rngs=rngs), nnx.Dropout(0.1, rngs=rngs), nnx.Linear(5, outputs, rngs=rngs))


MAKE = {"torch": torch_net, "keras": keras_net, "flax": flax_net}
FORMATS = [
    *(("torch", ending) for ending in (".pt", ".safetensors", ".npz")),
    *(("keras", ending) for ending in (".keras", ".weights.h5", ".safetensors", ".npz")),
    *(("flax", ending) for ending in (".safetensors", ".npz")),
]
quietly = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # within Keras


def values(model):
    return tal.beginning._own_weights(model)[1].arrays()


@quietly
@pytest.mark.parametrize(("kind", "ending"), FORMATS)
def test_weights_come_back_bit_for_bit(tmp_path, kind, ending):
    model, other = MAKE[kind](1), MAKE[kind](2)
    file = tal.save_weights(model, tmp_path / f"a{ending}")
    assert [it.name for it in tmp_path.iterdir()] == [file.name]
    assert values(other) != values(model)
    assert tal.load_weights(other, file) is other
    assert values(other) == values(model)


@quietly
@pytest.mark.parametrize(("kind", "ending"), FORMATS)
def test_another_head_stays(tmp_path, kind, ending):
    file = tal.save_weights(MAKE[kind](1), tmp_path / f"a{ending}")
    other = MAKE[kind](2, outputs=7)
    before = values(other)
    with pytest.raises(ConfigurationError, match=r"path: a\..* doesn't fit the model: has 2 of another shape"):
        tal.load_weights(other, file)
    assert values(other) == before
    tal.load_weights(other, file, strict=False)
    after = values(other)
    changed = {name for name, array in after.items() if array != before[name]}
    assert changed
    assert all(array == before[name] for name, array in after.items() if 7 in array.shape)


@quietly
def test_files_that_keras_itself_wrote(tmp_path):
    names = ("first", "norm", "last")  # files of Keras 2 know layers by their names
    model, compiled = keras_net(1, names=names), keras_net(1, names=names)
    compiled.compile("adam", "mse", metrics=["mae"])
    compiled.fit(np.ones((4, 4)), np.ones((4, 3)), verbose=0)
    model.set_weights(compiled.get_weights())
    compiled.save(tmp_path / "a.keras")
    compiled.save_weights(tmp_path / "a.weights.h5")
    compiled.save(tmp_path / "a.h5")
    for name in ("a.keras", "a.weights.h5", "a.h5"):
        other = keras_net(2, names=names)
        tal.load_weights(other, tmp_path / name)
        assert values(other) == values(model)


@quietly
def test_a_framework_has_a_format_of_its_own_or_no_method_for_one(tmp_path):
    owned = {kind: tal.beginning._own_weights(make(1))[1] for kind, make in MAKE.items()}
    saving = {kind for kind, it in owned.items() if isinstance(it, SavesWeights)}
    assert saving == {kind for kind, ending in FORMATS if ending not in (".safetensors", ".npz")}
    (other,) = owned.keys() - saving
    with pytest.raises(ConfigurationError, match=r"path: expected a file that ends in .safetensors, .npz, got 'a.pt'"):
        tal.save_weights(MAKE[other](1), tmp_path / "a.pt")


def test_endings_are_told(tmp_path):
    with pytest.raises(ConfigurationError, match=r"path: expected a file that ends in .safetensors, .npz, .pt, .pth"):
        tal.save_weights(torch_net(1), tmp_path / "a.h5")
    with pytest.raises(ConfigurationError, match="model: expected a module of PyTorch, Keras or Flax NNX, got dict"):
        tal.load_weights({}, tmp_path / "a.pt")
    with pytest.raises(ConfigurationError, match="path: .*/nowhere/a.pt can't be written: No such file or directory"):
        tal.save_weights(torch_net(1), tmp_path / "nowhere" / "a.pt")
