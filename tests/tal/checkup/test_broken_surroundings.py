"""Surroundings that are broken on purpose, each in its own way: the fault is named, with what mends it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import ssl
import sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import OpenerDirector

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.finding import Finding
from dltrainer_jupyter.machine.gpus import Gpu
from dltrainer_jupyter.tal.checkup import frameworks, machine, packages
from dltrainer_jupyter.tal.checkup.importing import imported
from dltrainer_jupyter.trackers.mlflow import tracker as mlflow_tracker
from dltrainer_jupyter.trackers.wandb import tracker as wandb_tracker
from dltrainer_jupyter.widgets import built

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def only_fault(check: str) -> Finding:
    found = tal.doctor(check).faults
    assert len(found) == 1, found
    assert found[0].cure
    return found[0]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a package in front of the installed ones: what importlib says of it, and what importing it does."""
    folder = tmp_path / "in-front"

    def put_package(name: str, version: str, code: str | None = None) -> None:
        described = folder / f"{name}-{version}.dist-info"
        described.mkdir(parents=True)
        (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        if code is not None:
            (folder / name).mkdir()
            (folder / name / "__init__.py").write_text(code)
        monkeypatch.syspath_prepend(folder)

    return put_package


# --- packages and frameworks ------------------------------------------------------------------------


def test_a_package_that_is_too_old(put: Any) -> None:
    put("anywidget", "0.1.0")
    found = only_fault("packages")
    assert found.said == "anywidget is 0.1.0; expected >=0.9."
    assert found.cure == 'pip install "anywidget>=0.9"'


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = packages.version

    def version(name: str) -> str:
        if name == "safetensors":
            raise packages.PackageNotFoundError(name)
        return asked(name)

    monkeypatch.setattr(packages, "version", version)
    found = only_fault("packages")
    assert found.said == "safetensors isn't installed, and nothing works without it."
    assert found.cure == 'pip install "safetensors>=0.8"'


def test_no_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frameworks, "_version", lambda _package: None)
    assert only_fault("frameworks").cure == 'pip install "dltrainer-jupyter[torch]"'


NMS = "raise RuntimeError('operator torchvision::nms does not exist')"


def test_a_torchvision_for_another_torch(put: Any) -> None:
    put("torchvision", "0.20.0", NMS)
    put("torch", "2.13.0", "__version__ = '2.13.0'")
    found = only_fault("torchvision")
    assert found.said.startswith("torchvision 0.20.0 doesn't fit torch 2.13.0")
    assert "torchvision::nms" in found.said
    assert found.cure == 'pip install "torchvision==0.28.*", or, as nothing here needs it: pip uninstall torchvision'


def test_a_torchvision_beside_a_torch_for_processors(put: Any) -> None:
    put("torchvision", "0.28.0", NMS)
    put("torch", "2.13.0+cpu", "__version__ = '2.13.0+cpu'")
    assert only_fault("torchvision").cure == "pip uninstall torchvision"


def test_a_torchvision_without_a_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frameworks, "_version", {"torchvision": "0.28.0"}.get)
    [found] = tal.doctor("torchvision").findings["torchvision"]
    assert (found.level, found.cure) == ("note", 'pip install "dltrainer-jupyter[torch]"')


def test_a_framework_that_a_torchvision_breaks_sends_there(put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frameworks, "_FRAMEWORKS", frameworks._FRAMEWORKS[-1:] + (LIGHT,))  # noqa: RUF005
    put("lightning", "2.6.6", NMS)
    found = only_fault("frameworks")
    assert found.said.startswith("lightning 2.6.6 can't be imported: RuntimeError: operator torchvision::nms")
    assert found.cure == "dltrain doctor torchvision"


LIGHT = frameworks._Framework("numpy", "torch", "json", "pip install numpy")
"""Stands for a framework that works, and takes no seconds to import."""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ImportError('libcudart.so.12: cannot open shared object file')", "ImportError: libcudart.so.12"),
        ("import os; os.abort()", "importing it ends the process (SIGABRT)"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
    ],
)
def test_a_framework_that_cannot_be_imported(put: Any, monkeypatch: pytest.MonkeyPatch, code: str, said: str) -> None:
    put("jax", "0.7.0", code)
    monkeypatch.setattr(frameworks, "_FRAMEWORKS", tuple(it for it in frameworks._FRAMEWORKS if it.package == "jax"))
    found = only_fault("frameworks")
    assert said in found.said
    assert found.cure == 'pip install --upgrade --force-reinstall "dltrainer-jupyter[jax]"'


def test_a_framework_whose_import_hangs(put: Any) -> None:
    put("slow_one", "1.0", "import threading; threading.Event().wait()")
    assert imported("slow_one", patience=1.0).error == "importing it took more than 1 s"


def test_a_framework_that_does_not_see_the_gpus(monkeypatch: pytest.MonkeyPatch, put: Any) -> None:
    put("sees_none", "1.0", "def found(): return {'gpus': 0}")
    blind = LIGHT._replace(probe="sees_none", with_gpus="pip install --upgrade torch")
    monkeypatch.setattr(frameworks, "_FRAMEWORKS", (blind,))
    monkeypatch.setattr(frameworks, "read_gpus", lambda: [Gpu("H200", 0.0, 0, 150_000_000_000)])
    found = only_fault("frameworks")
    assert "sees none of the 1 GPUs" in found.said
    assert found.cure == "pip install --upgrade torch"


# --- the machine ------------------------------------------------------------------------------------


def test_a_gpu_that_others_have_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "read_gpus", lambda: [Gpu("A100", 99.0, 79_600_000_000, 80_000_000_000)])
    assert "0.4 of 80.0 GB are free" in only_fault("gpu").said


def test_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "memory", lambda: (7_500_000_000, 8_000_000_000))
    assert only_fault("machine").said.startswith("0.5 of 8.0 GB of memory are free")


@pytest.mark.parametrize(("platform", "apples"), [("linux", False), ("darwin", True)])
def test_apples_gpu_is_named_where_there_can_be_one(
    monkeypatch: pytest.MonkeyPatch, platform: str, *, apples: bool
) -> None:
    monkeypatch.setattr(machine, "read_gpus", list)
    monkeypatch.setattr(sys, "platform", platform)
    (found,) = tal.doctor("gpu").findings["gpu"]
    assert ("Apple" in found.said) is apples


def test_one_disk_is_told_once() -> None:
    found = tal.doctor("machine").findings["machine"]
    assert len([it for it in found if "on the disk of" in it.said]) == 1


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = type(shutil.disk_usage(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage(10**12, 10**12 - 10**8, 10**8))
    monkeypatch.setenv("DLTRAINER_ARTIFACTS", str(tmp_path / "home"))
    found = only_fault("machine")
    assert found.said.startswith("0.1 GB are free on the disk of")
    assert "dltrain delete" in str(found.cure)


def test_a_folder_for_runs_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DLTRAINER_ARTIFACTS", str(tmp_path / "file" / "runs"))
    found = only_fault("machine")
    assert found.said.startswith(f"Runs can't keep their files in {tmp_path / 'file' / 'runs'}: ")
    assert found.cure == "unset DLTRAINER_ARTIFACTS"


def test_looking_whether_runs_can_be_kept_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "large").mkdir()
    monkeypatch.setenv("DLTRAINER_ARTIFACTS", str(tmp_path / "large" / "runs"))
    assert tal.doctor("machine").faults == []
    assert list((tmp_path / "large").iterdir()) == []


# --- the settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ('\npredict_idl = "3"\n', "Edit line 2 of {}: write predict_idle for predict_idl"),
        ('colour = "red"\n', "Edit line 1 of {}: take out colour"),
        ('[store]\nurl = "x"\n', 'Edit line 1 of {}: put what follows store in quotes, store = "…"'),
        (
            '# Seconds.\n"predict_idle" = 5\n',
            'Edit line 2 of {}: put what follows predict_idle in quotes, predict_idle = "…"',
        ),
        ("\n\npredict_idle =\n", "Edit line 3 of {}"),
        ("predict_idle", "Edit the end of {}"),
        (b"# \xff", "Save {} as UTF-8"),
    ],
)
def test_settings_that_cannot_be_used_are_told_as_every_face_tells_them(
    home: Path, text: str | bytes, cure: str
) -> None:
    home.mkdir(mode=0o700)
    (home / "settings.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigurationError) as error:
        tal.runs()
    for check in ("machine", "plug_ins", "store"):
        found = only_fault(check)
        assert found.said == str(error.value)
        assert found.cure == cure.format(home / "settings.toml")


def test_a_plug_in_folder_that_is_no_full_path_is_no_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAINER_PLUGINS", "mine")
    found = only_fault("plug_ins")
    assert found.said.startswith("plugins: expected a full path")
    assert found.cure == "unset DLTRAINER_PLUGINS"


# --- the store --------------------------------------------------------------------------------------


def test_a_home_that_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "file" / "home"))
    found = only_fault("store")
    assert "can't be made" in found.said
    assert str(found.cure).startswith("export DLTRAINER_HOME=")


def test_a_store_that_a_variable_names_in_a_folder_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DLTRAINER_STORE", f"sqlite:///{tmp_path / 'file' / 'x.db'}")
    found = only_fault("store")
    assert "Mend DLTRAINER_STORE" in found.said
    assert found.cure == "unset DLTRAINER_STORE"


def test_a_store_that_the_settings_file_names(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "settings.toml").write_text('predict_idle = "5"\nstore = "foo://x"\n')
    assert only_fault("store").cure == f"Edit line 2 of {home / 'settings.toml'}: store"


def test_a_store_that_the_program_names(home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "settings.toml").write_text('store = "sqlite:////a/good/one.db"\n')
    tal.settings.store = "foo://x"
    assert only_fault("store").cure == "tal.settings.store = …, where your program sets it"


def test_a_store_of_a_newer_version(home: Path) -> None:
    tal.runs()
    with closing(sqlite3.connect(home / "dltrainer.db")) as database, database:
        table = next(name for (name,) in database.execute("select name from sqlite_master") if "version" in name)
        database.execute(f"update {table} set version_num = '9999'")
    tal.session.open_store().close()
    found = only_fault("store")
    assert "newer version" in found.said
    assert found.cure == "pip install --upgrade dltrainer-jupyter"


def test_a_store_that_cannot_be_written(home: Path) -> None:
    tal.runs()
    with closing(sqlite3.connect(home / "dltrainer.db", isolation_level=None)) as database:
        table = next(
            name for (name,) in database.execute("select name from sqlite_master where type='table'") if "info" in name
        )
        database.execute(f"create trigger stop before update on {table} begin select raise(abort, 'read only'); end")
    assert "read only" in only_fault("store").said


def test_a_database_that_nobody_answers_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAINER_STORE", "postgresql://someone@127.0.0.1:1/none")
    found = only_fault("store")
    assert "127.0.0.1" in found.said
    assert "DLTRAINER_STORE" in str(found.cure)


# --- plug-ins, trackers, the front end --------------------------------------------------------------


def test_a_plug_in_that_is_no_python(home: Path) -> None:
    folder = home / "plugins"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "mine.py").write_text("def broken(:\n")
    tal.reload_plugins()
    found = only_fault("plug_ins")
    assert "SyntaxError" in found.said
    assert found.cure == f"dltrain check-plugin {folder / 'mine.py'}"


def test_what_mends_a_plug_in_names_its_whole_path(home: Path) -> None:
    folder = home / "plugins"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "mine: a draft.py").write_text("def broken(:\n")
    tal.reload_plugins()
    assert only_fault("plug_ins").cure == f"dltrain check-plugin '{folder / 'mine: a draft.py'}'"


RAISES = """
from dltrainer_jupyter import register

raise RuntimeError("run after all")


@register("metrics")
class Mine:
    pass
"""


def test_plug_ins_that_were_not_run_are_not_said_to_work(home: Path) -> None:
    folder = home / "plugins"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "mine.py").write_text(RAISES)
    tal.reload_plugins()
    (found,) = tal.doctor("plug_ins").findings["plug_ins"]
    assert (found.level, found.said) == ("note", "1 plug-in of your own was found and read, not run.")
    assert found.cure == f"dltrain check-plugin {folder / 'mine.py'}, which tries it"
    (folder / "other.py").write_text(RAISES.replace("Mine", "Other"))
    tal.reload_plugins()
    (found,) = tal.doctor("plug_ins").findings["plug_ins"]
    assert (found.level, found.said) == ("note", "2 plug-ins of your own were found and read, not run.")
    assert found.cure == f"dltrain check-plugin FILE, which tries one of {folder}"


def test_an_mlflow_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    found = only_fault("trackers")
    assert found.said.startswith("mlflow: http://127.0.0.1:1 doesn't answer: ")
    assert found.cure == "mlflow server --port 1"


def test_trackers_that_are_not_installed_are_not_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("WANDB_MODE", "offline")
    said = [it.said.split(":")[0] for it in tal.doctor("trackers").findings["trackers"]]
    assert {"mlflow", "wandb"} <= set(said)
    for tracker in (mlflow_tracker, wandb_tracker):
        monkeypatch.setattr(tracker, "find_spec", lambda _package: None)
    assert not {it.said.split(":")[0] for it in tal.doctor("trackers").findings["trackers"]} & {"mlflow", "wandb"}


def test_wandb_online_without_a_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    assert only_fault("trackers").cure == "wandb login"


def test_a_front_end_that_is_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(built, "_BUILT", tmp_path)
    found = only_fault("panel")
    assert "panel.js isn't built" in found.said
    assert str(found.cure).startswith("make front")


# --- JupyterLab and its servers ---------------------------------------------------------------------


@pytest.fixture
def jupyter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of the person's settings of Jupyter, and nobody's servers."""
    folder = tmp_path / "jupyter"
    (folder / "labconfig").mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folder))
    # In a virtual environment Jupyter lets the environment's settings go before the person's, unless told.
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
    (folder / "runtime").mkdir()
    return folder


def test_a_sidebar_that_is_disabled(jupyter: Path) -> None:
    (jupyter / "labconfig" / "page_config.json").write_text(
        json.dumps({"disabledExtensions": {"dltrainer-jupyter": True}})
    )
    found = only_fault("jupyterlab")
    assert found.said.startswith("The sidebar is disabled")
    assert found.cure == "jupyter labextension enable dltrainer-jupyter"


def test_a_sidebar_that_is_not_installed(jupyter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *_parts: [str(jupyter / "labextensions")])
    assert "isn't among its extensions" in only_fault("jupyterlab").said


def test_a_server_extension_that_is_disabled(jupyter: Path) -> None:
    (jupyter / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": {"dltrainer_jupyter": False}}})
    )
    found = only_fault("jupyterlab")
    assert found.said.startswith("The server extension is disabled")
    assert found.cure == "jupyter server extension enable dltrainer_jupyter"


@pytest.fixture
def serve(jupyter: Path) -> Iterator[Any]:
    """Serve an answer, and note it as Jupyter's servers note themselves."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, answer: Any) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        url = f"http://127.0.0.1:{server.server_port}/"
        noted = {"url": url, "token": "t", "pid": os.getpid(), "base_url": "/", "port": server.server_port}
        (jupyter / "runtime" / "jpserver-1.json").write_text(json.dumps(noted))
        return url.rstrip("/")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_server_that_reads_another_store(serve: Any) -> None:
    url = serve(200, {"uuid": "somebody-else's"})
    assert only_fault("server").said == f"The server at {url} reads another store, so its sidebar shows other runs."


def test_a_server_without_the_extension(serve: Any) -> None:
    url = serve(404, {})
    found = only_fault("server")
    assert found.said == f"The server at {url} runs without the extension."
    assert str(found.cure).startswith("jupyter server extension enable dltrainer_jupyter")


def test_a_server_that_does_not_answer(jupyter: Path) -> None:
    noted = {"url": "http://127.0.0.1:1/", "token": "t", "pid": os.getpid(), "base_url": "/", "port": 1}
    (jupyter / "runtime" / "jpserver-1.json").write_text(json.dumps(noted))
    assert "doesn't answer" in only_fault("server").said


def test_a_server_that_runs_here_is_asked_past_every_proxy(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    serve(200, {"uuid": tal.session.open_store().uuid})
    assert tal.doctor("server").faults == []


def test_a_server_whose_certificate_is_its_own_is_no_fault(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise URLError(ssl.SSLCertVerificationError())

    serve(200, {})
    monkeypatch.setattr(OpenerDirector, "open", refused)
    (found,) = tal.doctor("server").findings["server"]
    assert found.level == "note"
    assert "has a certificate that Python doesn't trust" in found.said


def test_a_server_that_reads_this_store(serve: Any) -> None:
    serve(200, {"uuid": tal.session.open_store().uuid})
    found = tal.doctor("server")
    assert found.faults == []
    assert [it.level for it in found.findings["server"]] == ["good"]
