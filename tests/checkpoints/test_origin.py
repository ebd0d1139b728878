from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dltrainer_jupyter.checkpoints.format import write
from dltrainer_jupyter.checkpoints.origin import check_origin, origin
from dltrainer_jupyter.checkpoints.reader import read_manifest
from dltrainer_jupyter.core.errors import CheckpointError


def manifest(make_request, folder: Path, **versions: str):
    request = make_request()
    return read_manifest(write(folder, replace(request, versions=versions)).path)


def test_its_own_checkpoint_fits_whatever_the_version(make_request, tmp_path: Path) -> None:
    check_origin(manifest(make_request, tmp_path, torch="2.13.0", **origin("pytorch")), "pytorch")
    check_origin(manifest(make_request, tmp_path, torch="2.12.0"), "pytorch")


@pytest.mark.parametrize(
    ("written_by", "message"),
    [
        (origin("jax"), "written by jax and this run trains with pytorch, .*; set framework: jax"),
        ({"framework": "pytorch", "world_size": "8"}, "written by 8 trainers together and this run has 1; go on with"),
    ],
)
def test_another_origin_is_refused(make_request, tmp_path: Path, written_by: dict[str, str], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        check_origin(manifest(make_request, tmp_path, **written_by), "pytorch")
