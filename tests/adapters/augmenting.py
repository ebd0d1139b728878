"""What augmentation must do on every framework; a framework's own tests say how its tensors are made."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from dltrainer_jupyter.adapters.shared.augmenting import AugmentationChain
from dltrainer_jupyter.adapters.shared.geometry import rotations
from dltrainer_jupyter.adapters.shared.policies import KINDS
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, Signature
from dltrainer_jupyter.core.spec import Part
from tests.adapters.images import CHAIN, CLASSES, COLOURED, DIGITS, PHOTOGRAPHS, SIZE, signature


class AugmentingChecks(ABC):
    """Tests of one framework."""

    augmentation: type[AugmentationChain]
    pixels: Any

    @abstractmethod
    def tensor(self, array: np.ndarray) -> Any:
        """Give an array as a tensor."""

    @abstractmethod
    def reseed(self) -> None:
        """Seed the framework's global generators, and draw from them."""

    def batch(self, inputs: np.ndarray, targets: np.ndarray | None = None) -> Batch:
        given = None if targets is None else self.tensor(targets)
        return Batch(self.tensor(inputs), given, len(inputs))

    def chain(self, *parts: Part, inputs: np.ndarray = COLOURED, seed: int = 0, outputs: int = 10) -> Any:
        return self.augmentation(parts, seed, signature(inputs, outputs))

    def changed(self, inputs: np.ndarray, part: str, **config: Any) -> np.ndarray:
        augment = self.chain(Part(type=part, **config), inputs=inputs)
        batch = self.batch(inputs)
        augment.check(batch)
        return np.asarray(augment(batch, 1, 0).inputs)

    def applied(self, operation: str, *arguments: np.ndarray) -> np.ndarray:
        """Apply an operation of the framework's ``pixels``."""
        return np.asarray(getattr(self.pixels, operation)(*map(self.tensor, arguments)))

    # --- randomness -----------------------------------------------------------------------------------

    def test_the_same_key_gives_the_same_bits_whatever_others_draw(self) -> None:
        augment, batch = self.chain(*CHAIN), self.batch(COLOURED, CLASSES)
        first = augment(batch, 2, 5)
        stop = threading.Event()

        def disturb() -> None:
            while not stop.wait(0.001):
                np.random.seed(0)  # noqa: NPY002 - the global generator is the point
                np.random.random(3)  # noqa: NPY002
                self.reseed()

        other = threading.Thread(target=disturb)
        other.start()
        try:
            found = {key: augment(batch, *key) for key in ((3, 5), (2, 6), (2, 5))}
        finally:
            stop.set()
            other.join()
        for key, result in found.items():
            assert np.array_equal(np.asarray(result.inputs), np.asarray(first.inputs)) is (key == (2, 5))
            assert np.array_equal(np.asarray(result.targets), np.asarray(first.targets)) is (key == (2, 5))

    def test_each_place_in_the_chain_draws_its_own(self) -> None:
        once = self.changed(DIGITS, "flip", horizontal=0.5)
        flip = Part(type="flip", horizontal=0.5)
        twice = self.chain(flip, flip, inputs=DIGITS)(self.batch(DIGITS), 1, 0)
        assert not np.array_equal(np.asarray(twice.inputs), DIGITS)
        assert not np.array_equal(np.asarray(twice.inputs), once)

    def test_shapes_and_dtypes_stay(self) -> None:
        augment = self.chain(*CHAIN[:2], *CHAIN[5:7])
        for size in (SIZE, 1):
            batch = self.batch(COLOURED[:size], CLASSES[:size])
            result = augment(batch, 1, 0)
            assert np.asarray(result.inputs).shape == COLOURED[:size].shape
            assert np.asarray(result.inputs).dtype == np.float32
            assert np.array_equal(np.asarray(result.targets), CLASSES[:size])
            assert result.targets.dtype == batch.targets.dtype
            assert result.size == size

    # --- what each does -------------------------------------------------------------------------------

    def test_flips_are_exact(self) -> None:
        assert np.array_equal(self.changed(COLOURED, "flip", horizontal=1), COLOURED[..., ::-1])
        assert np.array_equal(self.changed(COLOURED, "flip", horizontal=0, vertical=1), COLOURED[:, :, ::-1])
        some = self.changed(COLOURED, "flip", horizontal=0.5)
        flipped = [not np.array_equal(new, old) for new, old in zip(some, COLOURED, strict=True)]
        assert 0 < sum(flipped) < SIZE

    @pytest.mark.parametrize("mode", ["constant", "edge", "reflect"])
    def test_crops_are_windows_of_the_padded_image(self, mode) -> None:
        padded = np.pad(COLOURED, ((0, 0), (0, 0), (2, 2), (2, 2)), mode=mode)
        places = set()
        for index, image in enumerate(self.changed(COLOURED, "crop", padding=2, padding_mode=mode)):
            found = [
                (top, left)
                for top in range(5)
                for left in range(5)
                if np.array_equal(image, padded[index, :, top : top + 20, left : left + 16])
            ]
            assert found
            places.add(found[0])
        assert len(places) > 3

    def test_rotation_turns_counter_clockwise_about_the_centre(self) -> None:
        quarters = [0, 1, 2, 3] * (SIZE // 4)
        turned = self.applied("affine", DIGITS, rotations(90.0 * np.array(quarters), (8, 8)))
        expected = np.stack([np.rot90(image, times, (1, 2)) for image, times in zip(DIGITS, quarters, strict=True)])
        assert turned == pytest.approx(expected, abs=1e-5)
        assert np.array_equal(self.changed(DIGITS, "rotation", degrees=40, p=0), DIGITS)
        turned = self.changed(DIGITS, "rotation", degrees=40)
        assert all(not np.array_equal(new, old) for new, old in zip(turned, DIGITS, strict=True))
        assert turned.mean() == pytest.approx(DIGITS.mean(), rel=0.1)

    def test_colour_jitter_changes_what_it_says(self) -> None:
        nothing = {"brightness": 0, "contrast": 0, "saturation": 0, "hue": 0}
        assert np.array_equal(self.changed(COLOURED, "color_jitter", **nothing), COLOURED)
        dark = COLOURED * 0.5
        ratio = self.changed(dark, "color_jitter", **nothing | {"brightness": 0.4}) / np.maximum(dark, 1e-6)
        each = np.array([image[old > 0.1].mean() for image, old in zip(ratio, dark, strict=True)])
        assert np.abs(each - 1).max() <= 0.4 + 1e-5
        assert np.abs(ratio - each[:, None, None, None])[dark > 0.1].max() < 1e-5
        grey = np.broadcast_to(COLOURED[:, :1], COLOURED.shape).copy()
        colours = nothing | {"saturation": 0.5, "hue": 0.5}
        assert self.changed(grey, "color_jitter", **colours) == pytest.approx(grey, abs=1e-5)
        assert np.array_equal(self.changed(DIGITS, "color_jitter", **colours), DIGITS)
        turned = self.changed(COLOURED, "color_jitter", **nothing | {"hue": 0.5})
        assert not np.allclose(turned, COLOURED, atol=0.01)
        # Turning the hue leaves the largest and the least of red, green and blue as they are.
        assert turned.max(axis=1) == pytest.approx(COLOURED.max(axis=1), abs=1e-5)
        assert turned.min(axis=1) == pytest.approx(COLOURED.min(axis=1), abs=1e-5)

    def test_grey_images_have_the_luma_of_the_coloured(self) -> None:
        luma = np.einsum("nchw,c->nhw", COLOURED, [0.299, 0.587, 0.114])
        assert self.changed(COLOURED, "grayscale", p=1) == pytest.approx(np.stack([luma] * 3, axis=1), abs=1e-5)

    def test_blur_is_gaussian(self) -> None:
        from scipy.ndimage import gaussian_filter

        blurred = self.changed(COLOURED, "blur", kernel_size=9, sigma=[0.8, 0.8], p=1)
        expected = gaussian_filter(COLOURED, 0.8, mode="mirror", axes=(2, 3), radius=4)
        assert blurred == pytest.approx(expected, abs=1e-5)
        assert np.array_equal(self.changed(COLOURED, "blur", p=0), COLOURED)

    def test_erasing_covers_one_rectangle(self) -> None:
        result = self.changed(COLOURED, "erasing", p=1, value=2, scale=[0.1, 0.3])
        for new, old in zip(result, COLOURED, strict=True):
            covered = (new == 2).all(axis=0)
            rows, columns = covered.any(axis=1), covered.any(axis=0)
            assert np.array_equal(covered, rows[:, None] & columns)
            assert 0.05 < covered.mean() < 0.4
            assert np.array_equal(new[:, ~covered], old[:, ~covered])

    def test_mixup_mixes_targets_as_it_mixes_samples(self) -> None:
        # Every sample is a class of its own, so that its target says what it was mixed of.
        augment = self.chain(Part(type="mixup", alpha=1), outputs=SIZE)
        result = augment(self.batch(COLOURED, np.arange(SIZE)), 1, 0)
        shares = np.asarray(result.targets)
        assert shares.shape == (SIZE, SIZE)
        assert shares.dtype == np.float32
        assert shares.sum(axis=1) == pytest.approx(1, abs=1e-6)
        assert ((shares > 0).sum(axis=1) == 2).sum() > SIZE // 2
        assert np.asarray(result.inputs) == pytest.approx(np.einsum("nm,mchw->nchw", shares, COLOURED), abs=1e-5)

    def test_mixed_classes_of_a_single_output_are_shares_of_the_second(self) -> None:
        """Two classes and one output, as binary cross-entropy has it."""
        classes = np.arange(SIZE) % 2
        one = self.chain(Part(type="mixup", alpha=1), outputs=1)(self.batch(COLOURED, classes), 1, 0)
        two = self.chain(Part(type="mixup", alpha=1), outputs=2)(self.batch(COLOURED, classes), 1, 0)
        np.testing.assert_array_equal(np.asarray(one.targets), np.asarray(two.targets)[:, 1:])

    def test_mixup_mixes_rows_of_a_table_and_their_values(self) -> None:
        rows, values = COLOURED.reshape(SIZE, -1)[:, :7], np.arange(SIZE, dtype=np.float32)[:, None]
        result = self.chain(Part(type="mixup", alpha=1), inputs=rows)(self.batch(rows, values), 1, 0)
        assert np.asarray(result.inputs).shape == rows.shape
        assert np.asarray(result.targets).shape == values.shape
        both = np.concatenate([rows, values], axis=1)
        mixed = np.concatenate([np.asarray(result.inputs), np.asarray(result.targets)], axis=1)
        assert not np.allclose(mixed, both)
        # The partners are a permutation; every mixed row lies between its sample and its partner.
        for new, old in zip(mixed, both, strict=True):
            on_the_way = [
                np.linalg.norm(new - old) + np.linalg.norm(new - end) - np.linalg.norm(old - end) for end in both
            ]
            assert min(on_the_way) < 1e-3

    def test_cutmix_gives_each_class_the_share_of_its_pixels(self) -> None:
        colours = np.broadcast_to(np.arange(SIZE, dtype=np.float32)[:, None, None, None], COLOURED.shape).copy()
        result = self.chain(Part(type="cutmix"), outputs=SIZE)(self.batch(colours, np.arange(SIZE)), 1, 0)
        images, shares = np.asarray(result.inputs), np.asarray(result.targets)
        counted = np.stack([(images == number).mean(axis=(1, 2, 3)) for number in range(SIZE)], axis=1)
        assert shares == pytest.approx(counted, abs=1e-6)
        assert ((counted > 0).sum(axis=1) == 2).sum() > SIZE // 2

    @pytest.mark.parametrize(("policy", "inputs"), [("rand_augment", DIGITS), ("auto_augment", COLOURED)])
    def test_policies_change_most_images_and_keep_to_the_range(self, policy, inputs) -> None:
        result = self.changed(inputs, policy)
        assert result.min() >= 0
        assert result.max() <= 1 + 1e-6
        changed = [not np.array_equal(new, old) for new, old in zip(result, inputs, strict=True)]
        assert sum(changed) > SIZE // 2

    def test_operations_of_policies_are_pillow_s(self) -> None:
        operations = {
            "auto_contrast": (0.0, ImageOps.autocontrast),
            "equalize": (0.0, ImageOps.equalize),
            "invert": (0.0, ImageOps.invert),
            "posterize": (5.0, lambda image: ImageOps.posterize(image, 5)),
            "solarize": (0.5, lambda image: ImageOps.solarize(image, 128)),
            "saturation": (1.7, lambda image: ImageEnhance.Color(image).enhance(1.7)),
            "contrast": (0.4, lambda image: ImageEnhance.Contrast(image).enhance(0.4)),
            "brightness": (1.3, lambda image: ImageEnhance.Brightness(image).enhance(1.3)),
            "sharpness": (1.8, lambda image: ImageEnhance.Sharpness(image).enhance(1.8)),
        }
        assert {*operations, "identity", "affine"} == {*KINDS}
        kinds = np.repeat([KINDS.index(name) for name in operations], SIZE)[:, None].astype(np.int32)
        values = np.repeat([value for value, _ in operations.values()], SIZE)[:, None].astype(np.float32)
        still = np.tile(np.array([1, 0, 0, 0, 1, 0], dtype=np.float32), (len(kinds), 1, 1))
        images = np.concatenate([COLOURED] * len(operations))
        result = self.applied("policy", images, kinds, values, still)
        parts = result.transpose(0, 2, 3, 1).reshape(len(operations), SIZE, 20, 16, 3)
        for ours, (name, (_, pillow)) in zip(parts, operations.items(), strict=True):
            expected = np.stack([np.asarray(pillow(Image.fromarray(image))) for image in PHOTOGRAPHS]) / 255
            # Pillow rounds to whole levels on the way, and for the contrast it rounds the mean.
            assert np.abs(ours - expected).max() < 2.01 / 255, name

    # --- what is refused ------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("part", "shape", "message"),
        [
            ("flip", (13,), r"flip needs images of shape \(channels, height, width\), but samples have shape \(13,\)"),
            ("cutmix", (8, 8), r"cutmix needs images .* have shape \(8, 8\)"),
            ("grayscale", (1, 8, 8), r"grayscale needs images with 3 channels, got shape \(1, 8, 8\)"),
            ("rand_augment", (5, 8, 8), r"with 1 or 3 channels, got shape \(5, 8, 8\)"),
            (
                {"type": "blur", "kernel_size": 9},
                (1, 4, 8),
                r"kernel_size: 9 needs larger images than 4x8; use at most 7",
            ),
            (
                {"type": "crop", "padding": 8, "padding_mode": "reflect"},
                (1, 8, 8),
                "crop can mirror at most 7 pixels .* got padding: 8",
            ),
        ],
    )
    def test_samples_that_do_not_fit_are_refused(self, part, shape, message) -> None:
        part = Part(type=part) if isinstance(part, str) else Part(**part)
        with pytest.raises(ConfigurationError, match=message):
            self.augmentation([part], 0, Signature("classification", shape, 10))

    def test_values_outside_of_zero_to_one_are_refused_where_they_would_be_cut(self) -> None:
        batch = self.batch(COLOURED * 255)
        self.chain(Part(type="flip"), Part(type="rotation")).check(batch)
        with pytest.raises(ConfigurationError, match=r"color_jitter needs values from 0 to 1, but a batch goes from 0"):
            self.chain(Part(type="flip"), Part(type="color_jitter")).check(batch)

    def test_batches_that_are_no_floats_in_a_pair_are_refused(self) -> None:
        augment = self.chain(Part(type="flip"))
        with pytest.raises(ConfigurationError, match="flip needs inputs that are floats, but they are int"):
            augment.check(self.batch(PHOTOGRAPHS.transpose(0, 3, 1, 2).astype(np.int64)))
        with pytest.raises(ConfigurationError, match="expected inputs that are one tensor, but the data gives a dict"):
            augment.check(Batch({"image": 1}, None, 1))
        three = self.batch(COLOURED)._replace(whole=(1, 2, 3))
        with pytest.raises(ConfigurationError, match="expected batches that are pairs"):
            augment.check(three)

    def test_a_pair_of_a_loader_stays_one(self) -> None:
        batch = self.batch(COLOURED, CLASSES)
        result = self.chain(Part(type="flip"))(batch._replace(whole=[batch.inputs, batch.targets]), 1, 0)
        assert isinstance(result.whole, list)
        assert result.whole[0] is result.inputs
        assert result.whole[1] is result.targets

    def test_classes_that_cannot_be_mixed_are_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="mixup needs the number of classes"):
            self.chain(Part(type="mixup"), outputs=0)(self.batch(COLOURED, CLASSES), 1, 0)
        positions = np.zeros((SIZE, 20), dtype=np.int64)
        with pytest.raises(
            ConfigurationError, match="cutmix mixes one class or some values a sample, but targets have 2 axes"
        ):
            self.chain(Part(type="cutmix"))(self.batch(COLOURED, positions), 1, 0)
