from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dltrainer_jupyter.checkpoints import manifest as module
from dltrainer_jupyter.checkpoints.disk import PartRecord
from dltrainer_jupyter.checkpoints.manifest import parse, render
from dltrainer_jupyter.core.errors import CheckpointError


def test_a_manifest_comes_back(written):
    again = parse(render(written.manifest))
    assert str(again.metrics.pop("val_f1")) == str(written.manifest.metrics.pop("val_f1")) == "nan"
    assert again == written.manifest
    assert again.created_at.tzinfo is not None


def test_it_is_strict_json_for_anybody(written):
    text = render(written.manifest)
    plain = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert plain["manifest"]["step"] == 12
    assert plain["manifest"]["parts"]["state.json"]["size"] > 0


def test_one_changed_bit_anywhere_is_refused(written):
    text = render(written.manifest)
    for position in range(len(text)):
        damaged = bytearray(text)
        damaged[position] ^= 1 << position % 8
        with pytest.raises(CheckpointError, match=r"^manifest\.json"):
            parse(bytes(damaged))


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"manifest": 3}', b'{"manifest": {}}', b"[" * 100_000, b"\xff"])
def test_something_else_is_refused(text):
    with pytest.raises(CheckpointError, match=r"^manifest\.json is damaged"):
        parse(text)


def test_a_newer_format_says_what_to_do(written):
    with pytest.raises(CheckpointError, match="format 2, this version reads up to 1: upgrade"):
        parse(render(replace(written.manifest, format=2)))


@pytest.mark.parametrize(
    "name", ["../weights.safetensors", "/etc/passwd", "..\\x", "weights.safetensors#", "extra.bin", "manifest.json"]
)
def test_a_name_that_leads_elsewhere_is_refused(written, name):
    parts = {**written.manifest.parts, name: PartRecord(1, "0" * 64)}
    with pytest.raises(CheckpointError, match="expected exactly"):
        parse(render(replace(written.manifest, parts=parts)))


def test_a_missing_part_is_refused(written):
    parts = {"weights.safetensors": PartRecord(1, "0" * 64)}
    with pytest.raises(CheckpointError, match="expected exactly"):
        parse(render(replace(written.manifest, parts=parts)))


@pytest.mark.parametrize(("size", "sha256"), [(-1, "0" * 64), (1.5, "0" * 64), (1, "0"), (1, None), ("1", "0" * 64)])
def test_an_impossible_part_is_refused(written, size, sha256):
    parts = {**written.manifest.parts, "state.json": PartRecord(size, sha256)}
    with pytest.raises(CheckpointError, match=r"gives state\.json"):
        parse(render(replace(written.manifest, parts=parts)))


@pytest.mark.parametrize(
    "change", [{"step": ...}, {"more": 1}, {"created_at": "yesterday"}, {"signature": {"x": 1}}, {"parts": [1]}]
)
def test_another_content_under_a_right_checksum_is_refused(written, change):
    body = json.loads(render(written.manifest))["manifest"] | change
    text = module._sealed({key: value for key, value in body.items() if value is not ...})
    with pytest.raises(CheckpointError, match="does not hold what a manifest of format 1 holds"):
        parse(text)
