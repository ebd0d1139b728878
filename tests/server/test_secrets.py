"""What is secret in a configuration is shown nowhere: three canaries, and everything that anybody may look at.

One is the password of the store's URL, the others the address of a webhook and a tracker's token.
"""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy.engine import make_url

from dltrainer_jupyter import tal
from dltrainer_jupyter.cli.commands import dltrain
from dltrainer_jupyter.core.errors import ConfigurationError, StoreError, TrainingFailed
from dltrainer_jupyter.executors import notifying
from dltrainer_jupyter.server.routes import ROUTES
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.configuration import to_yaml
from dltrainer_jupyter.views.live import snapshot
from tests.postgres import POSTGRESQL, postgresql, postgresql_url  # noqa: F401 - fixtures
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dltrainer_jupyter.tal import Run

CANARY = "c4n4ry"
HOOK = f"http://127.0.0.1:1/services/{CANARY}"
KEY = CANARY + "0" * 34
TRACK = {"type": "wandb", "mode": "offline", "api_key": KEY, "checkpoints": "none", "model": False}
SETTINGS: dict[str, Any] = {"model": "mlp", "data": "digits", "epochs": 1, "executor": "inline"}


@pytest.fixture
def store_url(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:  # noqa: F811 - the fixture
    """Name the store with a password, which a server that trusts this host doesn't ask for."""
    url = make_url(postgresql_url).set(password=CANARY).render_as_string(hide_password=False)
    monkeypatch.setenv("DLTRAINER_STORE", url)
    yield url
    Store.open(url).close()


@pytest.fixture
def said(monkeypatch, caplog, capfd) -> Callable[[], list[tuple[str, str]]]:
    """Give what was logged and printed."""
    monkeypatch.setattr(notifying, "PAUSES", ())
    caplog.set_level(logging.DEBUG)
    return lambda: [("log", caplog.text), ("output", "".join(capfd.readouterr()))]


def tables(url: str) -> Iterator[tuple[str, str]]:
    """Give everything that is in the database."""
    schema = str(make_url(url).query["options"]).partition("search_path=")[2].split()[0]
    with psycopg.connect(POSTGRESQL) as connection:
        names = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [schema])
        for (name,) in names.fetchall():
            yield name, str(connection.execute(f'SELECT * FROM "{schema}"."{name}"').fetchall())


def files(folder: Path) -> Iterator[tuple[str, str]]:
    """Give everything in the folder of a run but the file that is there for it."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "secrets.json":
            yield str(path), path.read_bytes().decode("latin-1")


def answers(server: Any, run: Run) -> Iterator[tuple[str, str]]:
    """Give what the server says to each question."""
    for path, methods in ROUTES.items():
        if "get" in methods:
            named = path.replace("{id}", run.id).replace("{name}", "mlp")
            yield named, server.get(named).body.decode()


def refusals(server: Any, run: Run) -> Iterator[tuple[str, str]]:
    """Give what the server says to requests with secrets in the wrong place."""
    misplaced = [{"notify": {"webhok": HOOK}}, {"notify": [HOOK]}, {"notify": CANARY}, {"checkpoint": {"notify": HOOK}}]
    tracked = [{"api_key": KEY}, {"type": "wandb", "api_kye": KEY}, {"type": "wandb", "api_key": [KEY]}]
    for wrong in [*misplaced, *({"track": [part]} for part in tracked)]:
        answer = server.post("/runs", SETTINGS | wrong)
        assert answer.status == 422, answer.body
        yield str(wrong), answer.body.decode()
        yield f"check {wrong}", server.post("/check", SETTINGS | wrong).body.decode()
        yield f"clone {wrong}", server.post(f"/runs/{run.id}/clone", {"changes": wrong}).body.decode()


def commands(run: Run) -> Iterator[tuple[str, str]]:
    for arguments in (["show", run.id, "--json"], ["show", run.id], ["runs"], ["status", run.id]):
        done = CliRunner().invoke(dltrain, arguments)
        assert done.exit_code == 0, done.output
        yield " ".join(arguments), done.output + done.stderr


def words(run: Run) -> Iterator[tuple[str, str]]:
    spec = run.spec
    for shown in (run, spec, run.record, run.store, run.document(), snapshot(run.store, run.id), vars(run.record)):
        yield "repr", f"{shown!r} {shown}"
    yield "yaml", to_yaml(spec) + to_yaml(spec, complete=True)
    yield "dump", f"{spec.dump()} {spec.model_dump()} {spec.model_dump_json()}"


def told(run: Run) -> list[str]:
    return [event.message for event in run.store.events(run.id) if event.kind == "notice"]


@pytest.mark.slow
@pytest.mark.postgres
def test_no_secret_is_shown_anywhere(server, store_url, home, said) -> None:
    trained = tal.train(notify=HOOK, track=[TRACK], **SETTINGS).wait()
    failed = tal.train(notify=HOOK, track=[TRACK], name="fails", learning_rate=1e30, **SETTINGS)
    with pytest.raises(TrainingFailed) as failure:
        failed.wait()
    clone = tal.get(server.post(f"/runs/{trained.id}/clone", {"changes": {"seed": 1}}).json["id"])
    assert clone.wait(90).store.attempts(clone.id)[0].executor == "process"
    for run in (trained, failed, clone):
        # Each trainer knew the address, and says that nobody answers there.
        until(lambda run=run: told(run))
        # And each relay the token.
        until(lambda run=run: [it.state for it in run.store.tracking(run.id)] == ["delivered"], 90)
    shown = [("error", "".join(traceback.format_exception(failure.value)))]
    for run in (trained, failed, clone):
        shown += [*files(run.folder), *answers(server, run), *commands(run), *words(run)]
    shown += [*refusals(server, clone), *files(home), *tables(store_url), *said()]
    assert len(shown) > 100
    assert [where for where, text in shown if CANARY in text] == []
    kept = json.loads((clone.folder / "secrets.json").read_text())
    assert kept == {"notify.webhook": HOOK, "track.0.api_key": KEY}


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{CANARY}@127.0.0.1:1/runs",
        f"postgresql://me:{CANARY}@no-such-host.invalid/runs",
        f"postgresql://127.0.0.1:1/runs?user=me&password={CANARY}",
        f"postgresql://me:{CANARY}@127.0.0.1:port/runs",
        f"postgresql:me:{CANARY}@127.0.0.1/runs",
        f"oracle://me:{CANARY}@127.0.0.1/runs",
    ],
)
def test_a_store_that_cannot_be_reached_shows_no_password(server, url, monkeypatch, said) -> None:
    monkeypatch.setenv("DLTRAINER_STORE", url)
    with pytest.raises(StoreError) as caught:
        tal.runs()
    answer = server.get("/runs")
    assert answer.status == 503
    done = CliRunner().invoke(dltrain, ["runs"])
    assert done.exit_code != 0
    shown = [
        ("traceback", "".join(traceback.format_exception(caught.value))),
        ("answer", answer.body.decode()),
        ("command", f"{done.output} {done.stderr} {done.exception!r}"),
        *said(),
    ]
    assert [where for where, text in shown if CANARY in text] == []


def test_what_was_masked_is_not_taken_for_the_secret() -> None:
    with pytest.raises(ConfigurationError, match=r"notify\.webhook: expected the secret itself"):
        tal.describe({**SETTINGS, "notify": "**********"})
