"""Files from elsewhere, published data sets, and archives: whole or not at all, within bounds, and said in one line."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files import fetching
from dltrainer_jupyter.data.files.archives import unpacked
from dltrainer_jupyter.data.files.downloading import DownloadError, NoSpaceError
from dltrainer_jupyter.data.files.fetching import cache_folder, local_file, most_bytes
from dltrainer_jupyter.loop.parts import load_data
from tests.data import tables


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def mnist(**settings) -> object:
    return load_data(RunSpec(model="cnn", data={"type": "mnist", **settings}, verbose=False), {})


def test_a_file_is_fetched_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    data = tables.csv(tmp_path).read_bytes()
    with tables.served({"/a/x.csv": data}) as given:
        url = f"{given.url}/a/x.csv"
        first = local_file(url)
        assert first.read_bytes() == data
        assert local_file(url) == first
        os.utime(first, (1, 1))
        given.files["/a/x.csv"] = data + b"\n"
        assert local_file(url).read_bytes() == data + b"\n"
        given.stops_after = 100
        given.files["/a/x.csv"] = data
        shutil.rmtree(first.parent)
        with pytest.raises(ConfigurationError, match="x.csv can't be fetched: .*(cut off after 100 of|broke)"):
            local_file(url)
        with pytest.raises(ConfigurationError, match="answered 404"):
            local_file(given.url + "/none.csv")
    assert not list(cache_folder("files").glob(".*"))
    with pytest.raises(ConfigurationError, match="can't be reached: Connection refused"):
        local_file(url)


def test_a_file_is_trusted_by_more_than_its_size_and_a_connection_closed_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tables.csv(tmp_path).read_bytes()
    answers = []
    ask = fetching.opened
    monkeypatch.setattr(fetching, "opened", lambda *given: answers.append(ask(*given)) or answers[-1])
    with tables.served({"/x.csv": data}) as given:
        first = local_file(f"{given.url}/x.csv")
        made = first.stat().st_mtime_ns
        assert local_file(f"{given.url}/x.csv") == first
        assert first.stat().st_mtime_ns == made
        given.tagged = False
        assert local_file(f"{given.url}/x.csv").read_bytes() == data
        given.files["/x.csv"] = data[::-1]
        assert local_file(f"{given.url}/x.csv").read_bytes() == data[::-1]
    assert [answer.isclosed() for answer in answers] == [True] * 4


def test_any_place_of_fsspec_is_read_and_credentials_are_never_written(tmp_path: Path) -> None:
    import fsspec

    with fsspec.open("memory://bucket/x.csv", "wb") as file:
        file.write(tables.csv(tmp_path).read_bytes())
    for place in ("memory://bucket/x.csv", (tmp_path / "x.csv").as_uri()):
        spec = RunSpec(model="mlp", data={"type": "csv", "path": place, "target": "kind"}, verbose=False)
        assert len(load_data(spec, {}).train) == 48
    for place, message in {
        "memory://bucket/none.csv": "there is no such file",
        "s3://key:secret@bucket/x.csv": "credentials come from the environment",
        "nowhere://x/y.csv": "no kind of place is called nowhere://",
    }.items():
        with pytest.raises(ConfigurationError, match=message) as error:
            local_file(place)
        assert "secret" not in str(error.value)


def test_the_cache_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"/{number}": bytes([number]) * 400_000 for number in range(4)}
    monkeypatch.setenv("DLTRAINER_CACHE_GB", str(1_000_000 / 2**30))
    with tables.served(files) as given:
        kept = []
        for number in range(3):
            kept.append(local_file(f"{given.url}/{number}"))
            os.utime(kept[-1], (number, number))
        assert [path.exists() for path in kept] == [False, True, True]
        given.files["/3"] = bytes(1_100_000)
        with pytest.raises(ConfigurationError, match="the cache holds 976.6 kB"):
            local_file(f"{given.url}/3")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**20))
        with pytest.raises(NoSpaceError, match="needs .* set DLTRAINER_HOME to a folder on another disk"):
            local_file(f"{given.url}/0")
    monkeypatch.setenv("DLTRAINER_CACHE_GB", "many")
    with pytest.raises(ConfigurationError, match="DLTRAINER_CACHE_GB: expected a positive number"):
        most_bytes()


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_a_published_set_is_fetched_from_the_first_mirror_that_has_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tables.published(monkeypatch, name, tmp_path)
    with tables.served({f"/{name}/{it}": data for it, data in files.items()}) as given:
        monkeypatch.setenv("DLTRAINER_DATA_MIRROR", given.url)
        spec = RunSpec(model="cnn", data={"type": name, "use": "given"}, verbose=False)
        found = load_data(spec, {})
        asked = len(given.asked)
        assert load_data(spec, {}).signature == found.signature
        assert (asked, len(given.asked)) == (len(files), len(files))
    assert len(found.signature.labels) == 10
    assert found.signature.input_shape == ((3, 32, 32) if name == "cifar10" else (1, 28, 28))
    assert len(found.validation) == (10 if name == "cifar10" else 20)


def test_a_download_goes_on_where_it_was_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    files = tables.published(monkeypatch, "mnist", tmp_path)
    name = "train-images-idx3-ubyte.gz"
    served = {f"/mnist/{it}": data for it, data in files.items()}
    with tables.served(served) as given:
        monkeypatch.setattr("dltrainer_jupyter.data.files.published.MNIST.mirrors", [given.url + "/mnist"])
        given.stops_after = 1000
        with pytest.raises(DownloadError, match=f"{name} can't be downloaded .*127.0.0.1.* Put the file into {home}"):
            mnist()
        given.stops_after = None
        assert len(mnist().train) == 16
        assert (f"/mnist/{name}", "bytes=1000-") in given.asked
        # Somebody else's file of the same length.
        shutil.rmtree(home)
        data = served[f"/mnist/{name}"]
        given.files[f"/mnist/{name}"] = bytes(len(data))
        with pytest.raises(DownloadError, match="has the wrong checksum"):
            mnist()
        assert not [it for it in (home / "cache" / "mnist").iterdir() if name in it.name]
        given.files[f"/mnist/{name}"] = data
        monkeypatch.setattr(
            "dltrainer_jupyter.data.files.published.MNIST.mirrors", [given.url + "/none", given.url + "/mnist"]
        )
        assert len(mnist().train) == 16
        shutil.rmtree(home)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
        with pytest.raises(NoSpaceError, match=f"{name} needs .* free some"):
            mnist()


def test_what_is_left_of_a_download_and_wrong_is_fetched_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    files = tables.published(monkeypatch, "mnist", tmp_path)
    name = "train-images-idx3-ubyte.gz"
    (home / "cache" / "mnist").mkdir(parents=True)
    (home / "cache" / "mnist" / f".{name}.part").write_bytes(bytes(500))
    with tables.served({f"/mnist/{it}": data for it, data in files.items()}) as given:
        monkeypatch.setattr("dltrainer_jupyter.data.files.published.MNIST.mirrors", [given.url + "/mnist"])
        assert len(mnist().train) == 16
        assert [wanted for path, wanted in given.asked if path.endswith(name)] == ["bytes=500-", None]


def test_two_that_download_the_same_wait_for_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    files = tables.published(monkeypatch, "mnist", tmp_path)
    both = threading.Barrier(2, timeout=60)
    found = []

    def work() -> None:
        both.wait()
        found.append(len(mnist().train))

    with tables.served({f"/mnist/{it}": data for it, data in files.items()}) as given:
        monkeypatch.setattr("dltrainer_jupyter.data.files.published.MNIST.mirrors", [given.url + "/mnist"])
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert found == [16, 16]
        asked = [path for path, _ in given.asked]
        assert len(asked) == len(set(asked)) == 2


def _tar(add: Callable[[tarfile.TarFile], None]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        add(archive)
    return out.getvalue()


def _member(name: str, size: int = 1, kind: bytes = tarfile.REGTYPE, target: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, target
    return _tar(lambda archive: archive.addfile(info, io.BytesIO(bytes(size))))


def _zip(name: str, data: bytes = b"1", mode: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
        archive.writestr(info, data)
    return out.getvalue()


HOSTILE = {
    "tar above": ("x.tar.gz", lambda: _member("../evil"), "would lie outside of its folder"),
    "tar absolute": ("x.tar.gz", lambda: _member("/etc/evil"), "would lie outside of its folder"),
    "tar symlink": ("x.tar.gz", lambda: _member("a", 0, tarfile.SYMTYPE, "/etc"), "is a link or a device"),
    "tar hard link": ("x.tar.gz", lambda: _member("a", 0, tarfile.LNKTYPE, "../x"), "is a link or a device"),
    "tar device": ("x.tar.gz", lambda: _member("a", 0, tarfile.CHRTYPE), "is a link or a device"),
    "zip above": ("x.zip", lambda: _zip("a/../../evil"), "would lie outside of its folder"),
    "zip backslash": ("x.zip", lambda: _zip("..\\evil"), "would lie outside of its folder"),
    "zip drive": ("x.zip", lambda: _zip("C:/evil"), "would lie outside of its folder"),
    "zip symlink": ("x.zip", lambda: _zip("a", b"/etc/passwd", 0o120777), "is a link or a device"),
    "zip cut": ("x.zip", lambda: _zip("a")[:-10], "can't be unpacked"),
    "empty": ("x.zip", bytes, "can't be unpacked"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_nothing_of_an_archive_leaves_its_folder(what: str, tmp_path: Path, home: Path) -> None:
    name, make, message = HOSTILE[what]
    (tmp_path / name).write_bytes(make())
    with pytest.raises(ConfigurationError, match=message):
        unpacked(tmp_path / name)
    assert not [it for it in tmp_path.rglob("*") if "evil" in it.name]
    assert not list((home / "cache" / "unpacked").iterdir())


def test_archives_are_unpacked_once_and_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.zip").write_bytes(_zip("a/b.txt", b"hello"))
    (tmp_path / "x.tar.gz").write_bytes(_member("a/b.txt", 5))
    for name in ("x.zip", "x.tar.gz"):
        folder = unpacked(tmp_path / name)
        assert len((folder / "a" / "b.txt").read_bytes()) == 5
        assert unpacked(tmp_path / name) == folder
    bomb = _zip("a", bytes(2_000_000))
    (tmp_path / "bomb.zip").write_bytes(bomb)
    monkeypatch.setattr("dltrainer_jupyter.data.files.archives._ALWAYS", 100_000)
    with pytest.raises(ConfigurationError, match="becomes more than .* unpack it yourself if you trust it"):
        unpacked(tmp_path / "bomb.zip")
    # One that lies about how much it becomes.
    (tmp_path / "liar.zip").write_bytes(bomb.replace((2_000_000).to_bytes(4, "little"), (5000).to_bytes(4, "little")))
    with pytest.raises(ConfigurationError, match="larger than it says|can't be unpacked"):
        unpacked(tmp_path / "liar.zip")
