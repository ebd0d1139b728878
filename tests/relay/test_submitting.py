"""What is checked when a run with trackers is started, and where its tokens go."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, SecretStr

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.core.registry import entry_points
from dltrainer_jupyter.core.secrets import MASK, sealed, secrets_of, unmasked
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.tal import catalogue, checking, sealing
from dltrainer_jupyter.tal.apart import descriptions
from dltrainer_jupyter.tal.apart.workers import workers
from dltrainer_jupyter.views.configuration import to_yaml
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "c4n4ry"  # noqa: S105 - of nobody
SMALL: dict[str, Any] = {"model": "mlp", "data": "digits", "epochs": 1, "verbose": False, "executor": "inline"}


@pytest.mark.parametrize(
    ("track", "expected"),
    [
        ("file", "Unknown tracker 'file'. Did you mean 'filed'?"),
        ({"type": "filed", "step": 5}, "Unknown key 'track.step'. Did you mean 'steps'?"),
        ({"type": "filed", "steps": "some"}, "track.steps: expected a whole number, 'all' or 'none', got 'some'."),
        (
            {"filed": {"token": TOKEN}},
            "track.0: expected a name or a mapping with a 'type', got something of type dict, which isn't shown",
        ),
        (
            [{"filed": None, "mlflow": {"token": TOKEN}}],
            "track.0: expected a name or a mapping with a 'type', got something of type dict, which isn't shown",
        ),
        (
            ["filed", "filed"],
            "track: 'filed' stands there twice with the same settings (numbers 1 and 2): leave one out, or give it ",
        ),
        (
            ["filed", {"type": "filed", "place": "/x"}, {"type": "filed", "steps": 10, "checkpoints": "best"}],
            "track: 'filed' stands there twice with the same settings (numbers 1 and 3): leave one out, or give it ",
        ),
        (
            [{"type": "filed", "token": TOKEN}, {"type": "filed", "token": TOKEN}],
            "track: 'filed' stands there twice with the same settings (numbers 1 and 2): leave one out, or give it ",
        ),
        ({"type": "filed", "checkpoints": "most"}, "track.checkpoints: expected 'all', 'best' or 'none', got 'most'."),
        (
            [{"steps": 5, "token": TOKEN}],
            "track.0: expected a name or a mapping with a 'type', got something of type dict, which isn't shown.",
        ),
        ({"type": "filed", "token": [TOKEN]}, "track.token: expected text, got something that isn't shown."),
    ],
)
def test_a_wrong_tracker_is_one_clear_line(place, track: Any, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        tal.describe(SMALL | {"track": track})
    message = str(caught.value)
    assert message.startswith(expected)
    assert "\n" not in message
    assert TOKEN not in message
    assert checking.check(json.dumps(SMALL | {"track": track}), is_json=True)[0].message == message


@pytest.mark.parametrize(
    ("track", "expected"),
    [
        ({"filed": {"token": TOKEN}}, "; write {type: filed, …}."),
        ([{"filed": None, "mlflow": {"token": TOKEN}}], "; write [filed, {type: mlflow, …}]."),
        ({"filed": TOKEN}, "which isn't shown."),
        ({}, "which isn't shown."),
    ],
)
def test_a_tracker_that_is_written_as_a_key_is_told_how_to_write_it(place, track: Any, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        tal.describe(SMALL | {"track": track})
    assert str(caught.value).endswith(expected)
    assert TOKEN not in str(caught.value)


def test_a_tracker_whose_package_is_missing_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    trackers_need = entry_points.Package("dltrainer-jupyter", extras={"mlflow": ("no-such-package",)})
    monkeypatch.setattr(entry_points, "read", lambda _: trackers_need)
    with pytest.raises(MissingPackageError, match=r'pip install "dltrainer-jupyter\[mlflow\]"'):
        tal.describe(SMALL | {"track": "mlflow"})


def test_several_of_one_type_have_numbers(place) -> None:
    track = ["filed", {"type": "filed", "steps": 5}, {"type": "filed", "token": TOKEN}]
    spec, _ = tal.describe(SMALL | {"track": track})
    assert list(spec.trackers) == ["filed", "filed-2", "filed-3"]
    assert spec.trackers["filed-2"].config == {"steps": 5}


def test_trackers_are_listed_with_their_settings(place) -> None:
    listed = catalogue.part("trackers", "filed")
    assert listed.description == "Keep a run in a file."
    assert {"place", "token", "steps", "checkpoints", "largest_artifact_mb"} <= {it.name for it in listed.settings}


def content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""  # of a relay that ended just now


def test_a_token_is_shown_nowhere_and_reaches_the_tracker(place, home) -> None:
    run = tal.train(track=[{"type": "filed", "token": TOKEN}], **SMALL)
    until(lambda: [it.state for it in run.store.tracking(run.id)] == ["delivered"], 60)
    assert place.of(run.id, "open")[0][-1] == len(TOKEN)
    clone = run.clone(seed=1)
    until(lambda: [it.state for it in clone.store.tracking(clone.id)] == ["delivered"], 60)
    assert place.of(clone.id, "open")[0][-1] == len(TOKEN)
    for one in (run, clone):
        spec = one.spec
        shown = [repr(one), repr(spec), str(spec.dump()), str(spec.model_dump()), to_yaml(spec, complete=True)]
        shown += [str(one.document()), repr(one.record), repr(one.store.tracking(one.id))]
        assert [text for text in shown if TOKEN in text] == []
        assert MASK in to_yaml(spec)
        kept = one.folder / "secrets.json"
        assert json.loads(kept.read_text()) == {"track.0.token": TOKEN}
        assert kept.stat().st_mode & 0o777 == 0o600
        files = [path for path in home.rglob("*") if path.is_file() and path.name != "secrets.json"]
        assert [path for path in files if TOKEN.encode() in content(path)] == []
    (clone.folder / "secrets.json").unlink()
    with pytest.raises(ConfigurationError, match=r"track\.0\.token: expected the secret itself"):
        clone.clone()


def test_a_token_that_is_gone_is_said(tracked) -> None:
    run = tracked(token=TOKEN)
    (run.folder / "secrets.json").unlink()
    run.trainer.steps(100)
    run.sent()
    assert run.record.state == "behind"
    assert run.record.message.startswith("The file with its token is gone: it lies in the run's folder on host '")


def test_a_masked_token_is_not_taken_for_one(place) -> None:
    with pytest.raises(ConfigurationError, match=r"track\.0\.token: expected the secret itself"):
        tal.describe(SMALL | {"track": {"type": "filed", "token": MASK}})


def test_secrets_are_found_and_put_back_however_deep() -> None:
    config = sealed({"a": {"token": "x"}, "token": "y", "other": 1, "odd": 3}, ["a.token", "token", "none.x", "odd"])
    assert secrets_of({"track": [config]}) == {"track.0.a.token": "x", "track.0.token": "y"}
    masked = {"track": ["mlflow", {"type": "filed", "a": {"token": MASK}, "token": MASK}]}
    found = {"track.1.a.token": "x", "track.1.token": "y", "track.7.token": "z", "track.x": "z", "track.0.token": "z"}
    whole = unmasked(masked, found)
    assert whole == {"track": ["mlflow", {"type": "filed", "a": {"token": "x"}, "token": "y"}]}
    assert masked["track"][1]["token"] == MASK, "what was given isn't changed"


class Server(BaseModel):
    """One of several."""

    url: str = ""
    token: SecretStr | None = None


class Servers(BaseModel):
    """Settings of somebody else's tracker."""

    servers: list[Server] = []
    tokens: dict[str, SecretStr] = {}
    more: tuple[SecretStr, ...] = ()


def test_secrets_in_lists_and_mappings_are_secrets_too() -> None:
    given = {"servers": [{"url": "a", "token": TOKEN}, {"url": "b"}], "tokens": {"x": TOKEN}, "more": [TOKEN, TOKEN]}
    spec = validate(RunSpec, SMALL | {"track": {"type": "odd", **given}})
    hidden = sealing.with_secrets_sealed(spec, [sealing._secret_keys(Servers)])
    shown = f"{hidden!r} {hidden.dump()} {hidden.model_dump(mode='json')} {hidden.model_dump_json()}"
    assert TOKEN not in shown
    assert "'url': 'b'" in shown
    found = secrets_of(hidden)
    assert found == dict.fromkeys(
        [f"track.0.{key}" for key in ("servers.0.token", "tokens.x", "more.0", "more.1")], TOKEN
    )
    whole = unmasked(hidden.model_dump(mode="json"), found)
    assert whole["track"] == [{"type": "odd", **given}]


def test_where_parts_of_others_must_not_be_imported_a_worker_says_what_is_secret(place) -> None:
    sys.modules.pop("filed", None)
    spec = validate(RunSpec, SMALL | {"track": [{"type": "filed", "token": TOKEN}, "filed"]})
    try:
        sealed_there = descriptions.check_parts(spec)
    finally:
        workers.close()
    assert "filed" not in sys.modules
    assert secrets_of(sealed_there) == {"track.0.token": TOKEN}
    assert TOKEN not in f"{sealed_there!r} {sealed_there.dump()}"
