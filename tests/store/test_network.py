from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.store import Store, network, schema
from dltrainer_jupyter.store.network import network_file_system
from dltrainer_jupyter.store.tables import store_info
from dltrainer_jupyter.testing.store_samples import new_run

NOTICE = "PostgreSQL is the better choice"


def test_the_mount_with_the_longest_path_counts(monkeypatch: pytest.MonkeyPatch):
    mounts = [
        ("/", "ext4"),
        ("/home", "nfs4"),
        ("/home/ada/local", "xfs"),
        ("/mnt/a b", "fuse.sshfs"),
        ("/mnt", "tmpfs"),
    ]
    monkeypatch.setattr(network, "_mounts", lambda: mounts)
    found = {
        path: network_file_system(Path(path))
        for path in ("/x", "/home/a", "/home/ada/local/x", "/homes/x", "/mnt/a b/x")
    }
    assert found == {
        "/x": None,
        "/home/a": "nfs4",
        "/home/ada/local/x": None,
        "/homes/x": None,
        "/mnt/a b/x": "fuse.sshfs",
    }


def test_a_mount_over_another_hides_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(network, "_mounts", lambda: [("/data", "ext4"), ("/data", "cifs")])
    assert network_file_system(Path("/data/x")) == "cifs"


def test_mounts_are_read_with_their_odd_names():
    line = rb"36 35 98:0 /mnt1 /mnt/with\040space rw,noatime master:1 shared:2 - nfs4 server:/x rw"
    assert network._linux_mount(line) == ("/mnt/with space", "nfs4")


def test_this_hosts_own_disk_is_recognised(tmp_path: Path):
    assert network._file_system(tmp_path)
    assert network_file_system(tmp_path) is None


@pytest.fixture
def on_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "network_file_system", lambda _path: "nfs4")


def _on_host(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(schema.socket, "gethostname", lambda: name)


def test_there_is_no_write_ahead_log_and_people_are_told_once(sqlite_url: str, on_network: None):
    with pytest.warns(UserWarning, match=NOTICE):
        store = Store.open(sqlite_url)
    with store._database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "delete"
    store.close()
    store = Store.open(sqlite_url)
    assert store.run(new_run(store)).name == "digits"
    store.close()


def test_a_second_host_is_refused_until_the_first_has_been_silent(
    sqlite_url: str, on_network: None, monkeypatch: pytest.MonkeyPatch
):
    _on_host(monkeypatch, "first")
    with pytest.warns(UserWarning, match=NOTICE):
        first = Store.open(sqlite_url)
    run_id = new_run(first)
    first._database.close()
    from dltrainer_jupyter.store.store import _cache

    _cache.stores.clear()
    _on_host(monkeypatch, "second")
    with pytest.raises(StoreError, match=r"network file system \(nfs4\).*'first' uses it.*DLTRAINER_STORE=postgresql"):
        Store.open(sqlite_url)
    _silent(first, 89)
    with pytest.raises(StoreError, match="'first' uses it"):
        Store.open(sqlite_url)
    _silent(first, 91)
    with pytest.warns(UserWarning, match=NOTICE):
        second = Store.open(sqlite_url)
    assert second.run(run_id).id == run_id
    # Who has lost the store writes no more, even if it was open all the time.
    with pytest.raises(StoreError, match="'second' uses it"):
        first.add_event(run_id, "note", "x")
    second.add_event(run_id, "note", "y")
    assert [event.message for event in second.events(run_id)] == ["y"]
    second.close()


def _silent(store: Store, seconds: int) -> None:
    then = datetime.now(UTC) - timedelta(seconds=seconds)
    with store._database._writer.begin() as connection:
        connection.execute(store_info.update().values(host_seen_at=then))


def test_a_host_that_writes_keeps_its_claim(sqlite_url: str, on_network: None, monkeypatch: pytest.MonkeyPatch):
    with pytest.warns(UserWarning, match=NOTICE):
        store = Store.open(sqlite_url)
    run_id = new_run(store)
    _silent(store, 60)
    store.add_event(run_id, "note", "x")
    with store._database.read() as connection:
        seen = connection.execute(store_info.select()).one().host_seen_at
    assert datetime.now(UTC) - seen < timedelta(seconds=30)
    store.close()
