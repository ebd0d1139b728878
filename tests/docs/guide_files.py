"""The files that the guides talk of, small and of the real formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.data import written


def write(folder: Path) -> None:
    """Write all of them into a folder."""
    _tables(folder)
    _arrays(folder)
    written.pictures(folder / "pictures")
    written.pictures(folder / "flowers" / "train")
    written.pictures(folder / "flowers" / "val", each=4)
    written.masks(folder / "cells")
    written.coco(folder / "coco")
    written.yolo(folder / "yolo")
    written.texts(folder / "reviews")
    written.lines(folder / "reviews.tsv")
    _scans(folder / "scans")
    (folder / "digits.yaml").write_text("name: digits-cnn\nmodel: cnn\ndata: digits\nepochs: 2\nmetrics: [accuracy]\n")


def _tables(folder: Path, count: int = 80) -> None:
    rng = np.random.default_rng(0)
    rooms = rng.integers(1, 7, count)
    area = rooms * 22 + rng.normal(0, 5, count)
    houses = pd.DataFrame(
        {
            "id": np.arange(count),
            "area": area.round(1),
            "rooms": rooms,
            "town": rng.choice(["Basel", "Bern", "Chur"], count),
            "street": np.repeat(np.arange(count // 5), 5),
            "part": ["train"] * (count - 24) + ["val"] * 16 + ["test"] * 8,
            "price": (area * 4 + rng.normal(0, 20, count)).round(0),
            "kind": np.where(area > np.median(area), "house", "flat"),
        }
    )
    houses.loc[3, "area"] = np.nan
    houses.to_csv(folder / "houses.csv", index=False)
    houses.drop(columns="part").dropna().to_parquet(folder / "houses.parquet")


def _arrays(folder: Path, count: int = 60) -> None:
    import h5py

    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (count, 1, 12, 12), dtype=np.uint8), rng.integers(0, 3, count)
    np.savez(folder / "scans.npz", x=x, y=y)
    with h5py.File(folder / "scans.h5", "w") as file:
        file["images"], file["labels"] = x, y


def _scans(folder: Path) -> None:
    """Write handwritten digits, larger than those that are trained on."""
    from PIL import Image
    from sklearn.datasets import load_digits

    folder.mkdir()
    for number, pixels in enumerate(load_digits().images[:3]):
        Image.fromarray((pixels * 15).astype("uint8")).resize((64, 64)).save(folder / f"{number}.png")
