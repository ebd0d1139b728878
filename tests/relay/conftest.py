"""A tracker from another package, as if it were installed, here and in the relay's process."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.secrets import secrets_of
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.executors import secret_file
from dltrainer_jupyter.executors.tracking import LOG, start_relay
from dltrainer_jupyter.relay.following import Following
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.tal.sealing import checked
from tests.stand_in import Trainer

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from dltrainer_jupyter.core.records import TrackingRecord

PACKAGE = Path(__file__).parent / "filed"


def forget() -> None:
    registry.forget()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install the tracker ``filed`` as ``pip install -e`` would."""
    site = tmp_path_factory.mktemp("site")
    metadata = site / "filed-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: filed\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[dltrainer.trackers]\nfiled = filed:Filed\n")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(site)
        monkeypatch.syspath_prepend(PACKAGE)
        forget()
        yield
    forget()
    sys.modules.pop("filed", None)


class Place:
    """Where the tracker keeps its files, and what it is told besides."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def lines(self, key: str) -> list[tuple[str, Any]]:
        path = self.folder / f"{key}.jsonl"
        return [tuple(json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []

    def of(self, key: str, kind: str) -> list[Any]:
        return [what for found, what in self.lines(key) if found == kind]

    def curve(self, key: str, name: str = "train_loss") -> list[tuple[int, float]]:
        """Give a series; the same point twice counts as one, as at trackers that go by time and value."""
        points = dict.fromkeys(map(tuple, self.of(key, f"curve {name}")))
        return [(step, value) for step, value, _ in points]

    def say(self, word: str, text: str = "") -> None:
        (self.folder / word).write_text(text)

    def unsay(self, word: str) -> None:
        (self.folder / word).unlink()


@pytest.fixture
def place(installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path / "place")
    monkeypatch.setenv("FILED_PLACE", str(made.folder))
    return made


class Tracked:
    """A run that is tracked, and a stand-in for its trainer."""

    def __init__(self, store: Store, folder: Path, settings: dict[str, Any], epochs: int = 10_000) -> None:
        self.store = store
        self.id = secrets.token_hex(6)
        spec = RunSpec(
            name=settings.pop("name", "digits"),
            model="mlp",
            data="digits",
            epochs=epochs,
            histograms=settings.pop("measured", None),
            track=[{"type": "filed", **settings}],
        )
        spec = checked(spec)
        secret_file.save(folder, secrets_of(spec))
        store.create_run(self.id, spec, folder=str(folder), environment={"git": {"commit": "abc"}})
        store.begin_tracking(self.id, [(name, part.type) for name, part in spec.trackers.items()])
        self.folder = folder
        self.trainer = Trainer(store, self.id)

    @property
    def record(self) -> TrackingRecord:
        return self.store.tracking(self.id)[0]

    def curve(self, every: int = 1, name: str = "train_loss") -> list[tuple[int, float]]:
        """Give what a tracker is to hold."""
        steps, values = self.store.curve_values(self.id, name)
        last = int(steps[-1])
        pairs = zip(steps.tolist(), values.astype(float).tolist(), strict=True)
        return [(step, value) for step, value in pairs if step % every == 0 or step == last]

    def events(self, kind: str) -> list[str]:
        return [event.message for event in self.store.events(self.id) if event.kind == kind]

    def follow(self, *, once: bool = False) -> Following:
        """Follow it on a thread of this process."""
        following = Following(self.store, self.id, self.record.name, once=once)
        following.thread.start()
        return following

    def sent(self) -> None:
        """Send once what is there."""
        self.follow(once=True).thread.join(60)

    def relay(self) -> subprocess.Popen[bytes]:
        """Follow it in a process of its own, as a trainer's does."""
        return start_relay(self.store.url, self.id, self.folder / LOG)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/runs.db")
    yield opened
    opened.close()


@pytest.fixture
def tracked(place: Place, store: Store, tmp_path: Path) -> Callable[..., Tracked]:
    return lambda **settings: Tracked(store, tmp_path / "runs" / secrets.token_hex(4), settings)
