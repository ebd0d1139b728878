from __future__ import annotations

import errno
import hashlib
import os

import pytest

from dltrainer_jupyter.checkpoints.disk import make_folder, open_regular, remove_folder, sync_folder, write_file


def test_a_file_is_written_whole_and_measured(tmp_path):
    data = os.urandom(3_000_001)
    record = write_file(tmp_path / "x", data)
    assert (tmp_path / "x").read_bytes() == data
    assert (record.size, record.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (tmp_path / "x").stat().st_mode & 0o077 == 0


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    write_file(tmp_path / "x", b"first")
    with pytest.raises(FileExistsError):
        write_file(tmp_path / "x", b"second")
    assert (tmp_path / "x").read_bytes() == b"first"


def test_short_writes_are_continued(tmp_path, monkeypatch):
    honest = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: honest(descriptor, data[:7]))
    record = write_file(tmp_path / "x", b"0123456789" * 10)
    assert (tmp_path / "x").read_bytes() == b"0123456789" * 10
    assert record.size == 100


def test_a_disk_that_takes_nothing_is_an_error_and_no_endless_loop(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "write", lambda *_: 0)
    with pytest.raises(OSError, match="takes no more bytes"):
        write_file(tmp_path / "x", b"0123456789")


def test_folders_are_made_for_their_owner(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        make_folder(tmp_path / "file" / "below")


@pytest.mark.parametrize(("number", "tolerated"), [(errno.EINVAL, True), (errno.EIO, False)])
def test_a_file_system_may_lack_the_flush_of_folders_but_not_fail_it(tmp_path, monkeypatch, number, tolerated):
    def broken(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", broken)
    if tolerated:
        sync_folder(tmp_path)
    else:
        with pytest.raises(OSError, match="Input/output"):
            sync_folder(tmp_path)


def test_only_plain_files_are_opened(tmp_path):
    (tmp_path / "plain").write_bytes(b"x")
    (tmp_path / "link").symlink_to("plain")
    os.mkfifo(tmp_path / "pipe")
    with open_regular(tmp_path / "plain") as file:
        assert file.read() == b"x"
    for name in ("link", "pipe", "."):
        with pytest.raises(OSError, match="expected a plain file"):
            open_regular(tmp_path / name)


def test_removing_stops_at_links(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").touch()
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "link").symlink_to(tmp_path / "outside")
    for name in ("inside", "link", "missing"):
        remove_folder(tmp_path / name)
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["outside", "precious"]
