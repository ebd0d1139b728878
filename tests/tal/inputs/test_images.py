"""Picture files, as a model has to get them: real files, written here."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.data.raw import describe_raw
from dltrainer_jupyter.data.steps import RawInput, Reshape, Resize, Scale
from dltrainer_jupyter.tal.inputs.files import File, Given, from_drawing, from_files, from_paths

RNG = np.random.default_rng(5)
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def signature(raw: Any, *steps: Any, outputs: int = 10) -> Signature:
    """Describe a model that was trained on raw samples."""
    chain = (RawInput((raw.shape[1:],), "float32"), *steps)
    shown = raw
    for step in chain:
        shown = step.apply(shown)
    described = tuple(step.to_dict() for step in chain)
    return Signature("classification", shown.shape[1:], outputs, preprocessing=described, raw=describe_raw(raw))


def trained_on(*shape: int, low: float = 0.0, high: float = 1.0, light: bool = False) -> Signature:
    raw = np.full((4, *shape), high if light else low, np.float32)
    raw[0].flat[0], raw[1].flat[0] = low, high
    return signature(raw)


def file(image: Image.Image, name: str = "a.png", **more: Any) -> File:
    written = io.BytesIO()
    image.save(written, {"jpg": "JPEG", "tif": "TIFF"}.get(name[-3:], name.partition(".")[2].upper()), **more)
    return File(name, written.getvalue())


def read(model: Signature, *files: File) -> Given:
    return from_files(files, model)


def corners(size: tuple[int, int] = (8, 8)) -> Image.Image:
    """Paint red, green, blue and white quarters, row by row."""
    image = Image.new("RGB", size)
    width, height = size[0] // 2, size[1] // 2
    for at, colour in enumerate((RED, GREEN, BLUE, WHITE)):
        image.paste(colour, ((at % 2) * width, (at // 2) * height, (at % 2 + 1) * width, (at // 2 + 1) * height))
    return image


# --- values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (0.0, 16.0), (-1.0, 1.0), (0.0, 255.0), (-0.5, 2.5), (0.0, 0.99)]
)
def test_black_and_white_are_what_they_were_in_training(low: float, high: float) -> None:
    image = Image.new("L", (8, 8), 0)
    image.putpixel((3, 1), 255)
    found = read(trained_on(1, 8, 8, low=low, high=high), file(image)).inputs
    assert found.shape == (1, 1, 8, 8)
    assert found.min() == pytest.approx(low)
    assert found[0, 0, 1, 3] == pytest.approx(1.0 if high == 0.99 else high)


def test_digits_take_a_picture_as_their_own_raw_samples_lie() -> None:
    raw = np.zeros((3, 64), np.float32)
    raw[0] = 16
    model = signature(raw, Scale(16.0), Reshape((1, 8, 8)))
    levels = RNG.integers(0, 256, (8, 8)).astype(np.uint8)
    found = read(model, file(Image.fromarray(levels))).inputs
    np.testing.assert_allclose(found, levels[None, None] / np.float32(255), rtol=1e-6)


def test_a_chain_that_resizes_gets_what_it_got_in_training() -> None:
    model = signature(np.zeros((2, 3, 16, 16), np.uint8), Scale(255.0), Resize((8, 8)))
    given = read(model, file(corners((16, 16))))
    assert given.inputs.shape == (1, 3, 8, 8)
    np.testing.assert_allclose(given.inputs[0, :, 1, 1], [1, 0, 0], atol=1e-3)


@pytest.mark.parametrize("shape", [(3, 8, 8), (8, 8, 3)])
def test_channels_lie_where_they_lay_in_training(shape: tuple[int, ...]) -> None:
    found = read(trained_on(*shape), file(corners())).inputs[0]
    found = found if shape[0] == 3 else found.transpose(2, 0, 1)
    np.testing.assert_array_equal(found[:, 0, 7], np.array(GREEN) / 255)
    np.testing.assert_array_equal(found[:, 7, 0], np.array(BLUE) / 255)


def test_a_flat_model_may_get_a_square_picture_and_is_told_so() -> None:
    given = read(trained_on(784), file(Image.new("L", (28, 28), 128)))
    assert given.inputs.shape == (1, 784)
    assert given.notes == ["a.png: 28×28, 1 channel: 784 values are taken for 28×28 pixels, row by row"]


def test_an_old_checkpoint_that_tells_no_range_is_said_so() -> None:
    model = Signature("classification", (1, 8, 8), 2, preprocessing=({"type": "scale", "divisor": 16.0},))
    given = read(model, file(Image.new("L", (8, 8), 255)))
    assert given.inputs.max() == 1
    assert "doesn't tell the range of its training images; 0 to 16 is taken" in given.notes[0]


# --- kinds of files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.jpeg", "a.webp", "a.gif", "a.bmp", "a.tif", "a.tiff"])
def test_every_format_is_read(name: str) -> None:
    wanted = "TIFF" if "tif" in name else "JPEG" if "jp" in name else name[2:].upper()
    written = io.BytesIO()
    corners((32, 32)).save(written, wanted)
    given = read(trained_on(3, 32, 32), File(name, written.getvalue()))
    np.testing.assert_allclose(given.inputs[0, :, 4, 4], [1, 0, 0], atol=0.05)


def test_what_is_done_is_said() -> None:
    image = Image.new("RGB", (640, 480), (200, 10, 10))
    assert read(trained_on(1, 28, 28), file(image)).notes == ["a.png: 640×480, 3 channels: resized to 28×28, made grey"]
    assert read(trained_on(3, 8, 8), file(Image.new("L", (8, 8)))).notes == ["a.png: 8×8, 1 channel: given colours"]
    several = [file(image, f"{name}.png") for name in "abc"]
    assert read(trained_on(1, 28, 28), *several).notes == ["3 files: 640×480, 3 channels: resized to 28×28, made grey"]


def test_a_file_that_moves_gives_its_first_picture() -> None:
    frames = [Image.new("L", (8, 8), level) for level in (255, 0, 100)]
    given = read(trained_on(1, 8, 8), file(frames[0], "a.gif", save_all=True, append_images=frames[1:]))
    assert given.inputs.min() == 1
    assert "the first of 3 frames" in given.notes[0]


def test_cmyk_is_turned_into_colours() -> None:
    given = read(trained_on(3, 8, 8), file(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "a.tif"))
    np.testing.assert_allclose(given.inputs[0, :, 4, 4], [1, 0, 0], atol=0.02)
    assert "CMYK turned into colours" in given.notes[0]


def test_sixteen_bits_become_eight() -> None:
    levels = (np.arange(64, dtype=np.uint16) * 1000).reshape(8, 8)
    given = read(trained_on(1, 8, 8), file(Image.fromarray(levels)))
    np.testing.assert_allclose(given.inputs[0, 0], levels / 65_535, atol=0.003)
    assert "made 8 bits deep" in given.notes[0]


def test_a_palette_has_colours() -> None:
    given = read(trained_on(3, 8, 8), file(corners().quantize(4)))
    np.testing.assert_allclose(given.inputs[0, :, 0, 0], [1, 0, 0], atol=0.02)


@pytest.mark.parametrize(("light", "ground"), [(False, 0.0), (True, 1.0)])
def test_what_is_transparent_lies_on_the_ground_of_the_training(light: bool, ground: float) -> None:
    image = Image.new("RGBA", (8, 8), (128, 128, 128, 0))
    given = read(trained_on(1, 8, 8, light=light), file(image))
    assert np.all(given.inputs == ground)
    assert f"put on {'white' if light else 'black'}" in given.notes[0]


def test_a_photograph_is_turned_as_its_exif_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    given = read(trained_on(3, 8, 8), file(corners((64, 64)), "a.jpg", exif=exif, quality=95))
    np.testing.assert_allclose(given.inputs[0, :, 1, 1], [0, 0, 1], atol=0.05)
    assert "turned as its EXIF says" in given.notes[0]


def test_thumbnails_are_what_the_model_saw() -> None:
    given = read(trained_on(1, 8, 8), file(corners((80, 80))))
    assert given.thumbnails is not None
    head, _, encoded = str(given.thumbnails[0]).partition(",")
    assert head == "data:image/png;base64"
    shown = Image.open(io.BytesIO(base64.b64decode(encoded)))
    np.testing.assert_allclose(np.asarray(shown) / 255, given.inputs[0, 0], atol=1e-6)


# --- drawings ----------------------------------------------------------------------------------------------


def drawing(ground: tuple[int, ...], pen: tuple[int, ...]) -> str:
    image = Image.new("RGBA", (280, 280), ground)
    image.paste(pen, (100, 20, 180, 260))
    return "data:image/png;base64," + base64.b64encode(file(image).data).decode()


@pytest.mark.parametrize("light", [False, True])
@pytest.mark.parametrize(
    "uri",
    [
        drawing((0, 0, 0, 0), (0, 0, 0, 255)),
        drawing((0, 0, 0, 0), (255, 255, 255, 255)),
        drawing((255, 255, 255, 255), (0, 0, 0, 255)),
        drawing((0, 0, 0, 255), (255, 255, 255, 255)),
    ],
    ids=["black on nothing", "white on nothing", "black on white", "white on black"],
)
def test_a_drawing_is_as_light_or_dark_as_training_was(uri: str, light: bool) -> None:
    given = from_drawing(uri, trained_on(1, 28, 28, light=light))
    ground, pen = (1.0, 0.0) if light else (0.0, 1.0)
    assert given.inputs[0, 0, 0, 0] == pytest.approx(ground)
    assert given.inputs[0, 0, 14, 14] == pytest.approx(pen)
    said = "black on white" if light else "white on black"
    assert given.notes == [f"drawing: 280×280: resized to 28×28, {said}, as the training images were"]


@pytest.mark.parametrize("uri", ["", "data:text/html;base64,AA==", "data:image/png;base64,###", "data:image/png,abc"])
def test_what_is_no_drawing_is_refused(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="drawing: expected"):
        from_drawing(uri, trained_on(1, 28, 28))


# --- bad files ---------------------------------------------------------------------------------------------


def bomb(width: int, height: int) -> bytes:
    """Write a PNG of a few bytes whose header claims very many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


NOISE = RNG.integers(0, 256, (64, 64, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"no image at all", "a.png: expected an image (PNG, JPEG, WEBP, GIF, BMP, TIFF), got another kind of file"),
        (b"", "a.png: the file is empty."),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a.png: expected an image"),
        (file(Image.fromarray(NOISE)).data[:2000], "a.png: the image is damaged or incomplete"),
        (file(Image.fromarray(NOISE), "a.jpg").data[:700], "a.png: the image is damaged or incomplete"),
        (bomb(9_000, 8_000), "a.png: expected an image of at most 64,000,000 pixels, got 9,000×8,000"),
        (bomb(20_000, 20_000), "a.png: expected an image of at most 64,000,000 pixels"),
        (bomb(100_000, 100_000), "a.png: expected an image of at most 64,000,000 pixels"),
    ],
    ids=["text", "empty", "postscript", "cut png", "cut jpeg", "large", "larger", "bomb"],
)
def test_what_is_no_image_is_refused_with_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(trained_on(1, 8, 8), File("a.png", data))
    assert said in str(caught.value)


def test_damage_anywhere_is_a_sentence_or_a_picture() -> None:
    whole, refused = file(Image.fromarray(NOISE), "a.tif").data, []
    for at in range(0, len(whole), 97):
        spoilt = bytearray(whole)
        spoilt[at] ^= 0xFF
        try:
            assert read(trained_on(3, 8, 8), File("a.tif", bytes(spoilt))).inputs.shape == (1, 3, 8, 8)
        except ConfigurationError as error:
            refused.append(str(error))
    assert refused
    assert all(message.startswith("a.tif: ") for message in refused)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (trained_on(13), "a.png: the model takes rows of 13 numbers, not images; give .npy or .csv."),
        (trained_on(2, 8, 8), "a.png: the model takes arrays of shape (2, 8, 8), not images"),
    ],
)
def test_a_model_that_takes_no_images_says_what_it_takes(model: Signature, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(model, file(corners()))
    assert said in str(caught.value)


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path) -> None:
    for name, level in (("b.png", 255), ("a.png", 0), (".hidden.png", 9), ("notes.md", 0)):
        if name.endswith("png"):
            Image.new("L", (8, 8), level).save(tmp_path / name)
        else:
            (tmp_path / name).write_text("x")
    given = from_paths([tmp_path], trained_on(1, 8, 8))
    assert [name.rpartition("/")[2] for name in given.names] == ["a.png", "b.png"]
    assert given.inputs.mean(axis=(1, 2, 3)).tolist() == [0, 1]
