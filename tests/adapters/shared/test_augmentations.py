from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from dltrainer_jupyter.adapters.shared import policies
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.loop.checking import check_parts

FRAMEWORKS = ("jax", "pytorch", "tensorflow")
NAMES = registry.names("augmentations", "pytorch")


def made(name: str, **config):
    found = registry.find("augmentations", name, "pytorch")
    return found(validate(found.Config, config, "augmentation"))


def test_every_framework_has_every_augmentation_with_the_same_settings() -> None:
    assert len(NAMES) == 11
    for framework in FRAMEWORKS:
        assert registry.names("augmentations", framework) == NAMES
        for name in NAMES:
            found = registry.find("augmentations", name, framework)
            assert found.name == name
            assert found.Config is registry.find("augmentations", name, "pytorch").Config
            assert all(field.description for field in found.Config.model_fields.values())


def test_reading_settings_imports_no_framework() -> None:
    script = (
        "import sys\n"
        "from dltrainer_jupyter.core.spec import RunSpec\n"
        "from dltrainer_jupyter.loop.checking import check_parts\n"
        f"for framework in {FRAMEWORKS}:\n"
        f"    check_parts(RunSpec(model='cnn', data='digits', framework=framework, augmentation={NAMES}))\n"
        "heavy = {'torch', 'tensorflow', 'keras', 'jax', 'kornia', 'dm_pix'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("name", NAMES)
def test_draws_are_a_row_a_sample_and_the_generator_s_alone(name) -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the global generator is the point
    step = made(name)
    first, again, other = (step.draw(np.random.default_rng(seed), 50, (3, 12, 10)) for seed in (1, 1, 2))
    assert all(len(array) == 50 for array in first.values())
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert any(not np.array_equal(first[key], other[key]) for key in first)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_probabilities_are_kept() -> None:
    rng = np.random.default_rng(0)
    drawn = made("flip", horizontal=0.3, vertical=0).draw(rng, 4000, (1, 8, 8))
    assert drawn["horizontal"].mean() == pytest.approx(0.3, abs=0.03)
    assert not drawn["vertical"].any()
    mixed = made("mixup", alpha=0.4, p=0.6).draw(rng, 4000, (8,))["shares"]
    assert (mixed == 1).mean() == pytest.approx(0.4, abs=0.05)
    # A beta distribution with both parameters 0.4 has a variance of 0.25 / 1.8.
    assert mixed[mixed < 1].mean() == pytest.approx(0.5, abs=0.03)
    assert mixed[mixed < 1].var() == pytest.approx(0.25 / 1.8, rel=0.05)
    covered = made("erasing", p=1, scale=[0.1, 0.3]).draw(rng, 4000, (3, 100, 100))
    share = covered["rows"].mean(axis=1) * covered["columns"].mean(axis=1)
    assert share.mean() == pytest.approx(0.2, abs=0.01)
    ratio = covered["rows"].sum(axis=1) / covered["columns"].sum(axis=1)
    assert 0.27 < ratio.min() < 0.35
    assert 2.9 < ratio.max() < 3.7


def test_rand_augment_draws_every_operation_alike() -> None:
    drawn = made("rand_augment", operations=3, magnitude=30).draw(np.random.default_rng(0), 4000, (3, 20, 10))
    assert drawn["kinds"].shape == (4000, 3)
    counts = np.bincount(drawn["kinds"].ravel(), minlength=len(policies.KINDS)) / 12_000
    by_kind = dict(zip(policies.KINDS, counts, strict=True))
    assert by_kind["affine"] == pytest.approx(5 / 14, abs=0.02)
    assert by_kind["invert"] == 0
    for kind in set(policies.KINDS) - {"affine", "invert"}:
        assert by_kind[kind] == pytest.approx(1 / 14, abs=0.02), kind


def test_strengths_become_what_the_papers_say() -> None:
    names = np.array(
        [["rotate", "shear_x", "translate_x", "translate_y", "color", "posterize", "solarize", "equalize"]]
    )
    drawn = policies.settle(np.random.default_rng(0), names, np.ones(names.shape), (331, 331))
    assert [policies.KINDS[kind] for kind in drawn["kinds"][0]] == [
        *["affine"] * 4,
        "saturation",
        "posterize",
        "solarize",
        "equalize",
    ]
    assert abs(drawn["values"][0, 4] - 1) == pytest.approx(0.9)
    assert drawn["values"][0, 5:7].tolist() == [4, 0]
    matrices = drawn["matrices"][0]
    assert np.degrees(np.arcsin(abs(matrices[0, 1]))) == pytest.approx(30, abs=0.01)
    assert abs(matrices[1, 1]) == pytest.approx(0.3)
    assert abs(matrices[2, 2]) == pytest.approx(150)
    assert abs(matrices[3, 5]) == pytest.approx(150)
    assert matrices[4:] == pytest.approx(np.tile([1, 0, 0, 0, 1, 0], (4, 1)))


@pytest.mark.parametrize("policy", ["cifar10", "imagenet", "svhn"])
def test_auto_augment_takes_pairs_with_their_probabilities(policy) -> None:
    names, probabilities, strengths = policies.auto_augment(policy)
    assert names.shape == probabilities.shape == strengths.shape == (25, 2)
    assert set(names.ravel()) <= {*policies.RAND_AUGMENT, "invert"}
    drawn = made("auto_augment", policy=policy).draw(np.random.default_rng(0), 8000, (3, 20, 20))
    happened = (drawn["kinds"] != 0).mean(axis=0)
    assert happened == pytest.approx(probabilities.mean(axis=0), abs=0.03)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("rotatoin", "Unknown augmentation 'rotatoin'. Did you mean 'rotation'"),
        ("mosaic", r"Unknown augmentation 'mosaic'\..*auto_augment, blur"),
        ({"type": "rotation", "degree": 5}, r"Unknown key 'augmentation\.degree'\. Did you mean 'degrees'"),
        ({"type": "flip", "horizontal": 2}, r"augmentation\.horizontal: expected less than or equal to 1, got 2"),
        ({"type": "mixup", "alpha": 0}, r"augmentation\.alpha: expected greater than 0, got 0"),
        ({"type": "blur", "kernel_size": 4}, "expected an odd number, so that the kernel has a middle, got 4"),
        ({"type": "erasing", "scale": [0.5, 0.1]}, "expected scale to be two numbers above 0 and at most 1, the sm"),
    ],
)
def test_wrong_names_and_settings_are_refused_at_submit(framework, part, message) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check_parts(RunSpec(model="cnn", data="digits", framework=framework, augmentation=[part]))
