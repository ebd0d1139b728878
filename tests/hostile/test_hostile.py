"""Files that mean harm, each written in its real format and handed to the verb it was made for.

Each is refused in a line, by an error of ours or by what the person is told; nothing of it is run or written outside of
its folder, and it takes little memory and time. A canary tells: a file that every payload would make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile import every
from tests.hostile.keeping import Keeper

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTEFACTS = every.ARTEFACTS
QUICK = frozenset(
    {
        "cifar: os.system in a batch",
        "checkpoint: a header of exabytes",
        "coco: a file name that climbs out",
        "csv: a line of four terabytes behind good ones",
        "hdf5: values in a file of the system",
        "image folder: a pipe that nobody writes to",
        "image folder: a PNG of ten gigapixels",
        "mirror: objects that lie elsewhere",
        "npz: targets that are objects",
        "plug-in: a model in the current directory",
        "tar: a link, and a file through it",
        "weights: a pickle that calls os.system, in .pt",
        "yaml: a call of os.system",
        "yolo: aliases that stand for billions of names",
        "zip: a member that climbs out",
    }
)
"""Those that are tried at every change; the rest by ``make slow``."""


def listed(names: Iterator[str] | list[str]) -> list[object]:
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    one = Keeper(tmp_path_factory.mktemp("hostile"))
    yield one
    one.close()


@pytest.mark.parametrize("name", listed(sorted(ARTEFACTS)))
def test_it_is_refused(keeper: Keeper, name: str) -> None:
    assert keeper.problems(ARTEFACTS[name], keeper.fed(name)) == []


@pytest.mark.parametrize("name", listed(sorted(name for name, it in ARTEFACTS.items() if it.naive)))
def test_it_does_what_it_says_where_it_is_believed(keeper: Keeper, name: str) -> None:
    assert keeper.does_harm(name)


def test_there_are_many_and_those_tried_at_every_change_are_among_them() -> None:
    assert len(ARTEFACTS) >= 60
    assert set(ARTEFACTS) >= QUICK
