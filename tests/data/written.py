"""Small data sets of the real formats, written into a folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"blue": (20, 30, 200), "red": (210, 20, 30)}


def pictures(folder: Path, each: int = 8, size: int = 16, classes: tuple[str, ...] = ("blue", "red")) -> Path:
    """Write noisy pictures of one colour a class, PNG and JPEG, some larger than others."""
    rng = np.random.default_rng(0)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for number in range(each):
            side = size + 2 * (number % 3)
            pixels = np.clip(rng.normal(COLOURS[name], 30, (side, size, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.{'jpg' if number % 2 else 'png'}")
    return folder


def masks(folder: Path, count: int = 10, size: int = 16, values: tuple[int, int] = (0, 1)) -> Path:
    """Write grey pictures with a bright square, and masks of it: with a palette where values are 0 and 1, else grey."""
    rng = np.random.default_rng(1)
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for number in range(count):
        x, y = rng.integers(0, size // 2, 2)
        is_there = np.zeros((size, size), bool)
        is_there[y : y + size // 2, x : x + size // 2] = True
        pixels = np.where(is_there, 200, 40) + rng.integers(0, 20, (size, size))
        Image.fromarray(pixels.astype(np.uint8)).save(folder / "images" / f"{number}.jpg", quality=95)
        mask = Image.fromarray(np.where(is_there, values[1], values[0]).astype(np.uint8))
        if values == (0, 1):
            mask = mask.copy()
            mask = Image.frombytes("P", mask.size, mask.tobytes())
            mask.putpalette([0, 0, 0, 250, 60, 10])
        mask.save(folder / "masks" / f"{number}.png")
    return folder


def boxes(count: int = 10, width: int = 32, height: int = 24) -> tuple[np.ndarray, list[list[tuple[float, ...]]]]:
    """Give pictures, (n, h, w, 3), and of each the boxes x0, y0, x1, y1, class: one, and in every other one two."""
    rng = np.random.default_rng(2)
    images = rng.integers(0, 40, (count, height, width, 3)).astype(np.uint8)
    found: list[list[tuple[float, ...]]] = []
    for number in range(count):
        found.append([])
        for place in range(1 + number % 2):
            kind = (place + number // 2) % 2
            x, y = int(rng.integers(0, 8)) + 16 * place, int(rng.integers(0, 12))
            images[number, y : y + 8, x : x + 8, kind] = 230
            found[-1].append((x, y, x + 8, y + 8, kind))
    return images, found


def coco(folder: Path, count: int = 10) -> Path:
    """Write pictures and COCO's annotations; categories have the ids 3 and 7."""
    (folder / "images").mkdir(parents=True)
    images, found = boxes(count)
    content: dict[str, list[dict[str, object]]] = {
        "images": [],
        "annotations": [],
        "categories": [{"id": 7, "name": "lamp"}, {"id": 3, "name": "cup"}],
    }
    for number, (pixels, rows) in enumerate(zip(images, found, strict=True)):
        Image.fromarray(pixels).save(folder / "images" / f"{number:03}.png")
        content["images"].append({"id": 100 + number, "file_name": f"{number:03}.png", "width": 32, "height": 24})
        for x0, y0, x1, y1, kind in rows:
            content["annotations"].append(
                {
                    "id": len(content["annotations"]),
                    "image_id": 100 + number,
                    "category_id": (3, 7)[int(kind)],
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "iscrowd": 0,
                }
            )
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder / "annotations.json"


def yolo(folder: Path, count: int = 10, held_back: int = 3) -> Path:
    """Write pictures and YOLO's labels in folders train and val, and a data.yaml."""
    images, found = boxes(count)
    for number, (pixels, rows) in enumerate(zip(images, found, strict=True)):
        part = "val" if number < held_back else "train"
        for kind in ("images", "labels"):
            (folder / kind / part).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / "images" / part / f"{number}.png")
        lines = [
            f"{int(kind)} {(x0 + x1) / 64} {(y0 + y1) / 48} {(x1 - x0) / 32} {(y1 - y0) / 24}"
            for x0, y0, x1, y1, kind in rows
        ]
        (folder / "labels" / part / f"{number}.txt").write_text("\n".join(lines))
    (folder / "data.yaml").write_text("train: images/train\nval: images/val\nnames: {0: cup, 1: lamp}\n")
    return folder / "data.yaml"


def texts(folder: Path, each: int = 8) -> Path:
    """Write texts by class: some good, some bad."""
    for name, words in {"bad": "dull and slow", "good": "bright and quick"}.items():
        (folder / name).mkdir(parents=True)
        for number in range(each):
            (folder / name / f"{number}.txt").write_text(f"It was {words}, film {number}. Été!", encoding="utf-8")
    return folder


def lines(path: Path, each: int = 8) -> Path:
    """Write the same, a text a line."""
    content = [f"{name}\tthe film was {name}, {number} times" for number in range(each) for name in ("bad", "good")]
    path.write_text("\n".join(content) + "\n\n", encoding="utf-8")
    return path
