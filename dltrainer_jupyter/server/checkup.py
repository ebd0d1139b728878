"""Whether JupyterLab has the sidebar, and Jupyter servers that run here serve it from this person's store."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.finding import Finding, fault, good, note
from dltrainer_jupyter.tal.session import open_store

_EXTENSION = "dltrainer-jupyter"
_MODULE = "dltrainer_jupyter"
_PATIENCE = 5.0
_ADD = 'pip install "dltrainer-jupyter[jupyter]"'
_AGAIN = "pip install --force-reinstall --no-deps dltrainer-jupyter"


def jupyterlab() -> Iterator[Finding]:
    """Look whether JupyterLab is there, and its extension enabled."""
    try:
        there = version("jupyterlab")
        from jupyter_core.paths import jupyter_config_path, jupyter_path
        from jupyterlab_server.config import get_federated_extensions, get_page_config
    except (PackageNotFoundError, ImportError):
        yield note("JupyterLab isn't installed here, so there is no sidebar; the panel needs none.", _ADD)
        return
    folders = jupyter_path("labextensions")
    found = get_federated_extensions(folders).get(_EXTENSION)
    if found is None:
        yield fault(f"JupyterLab {there} doesn't know the sidebar: {_EXTENSION} isn't among its extensions.", _AGAIN)
        return
    disabled = get_page_config(folders).get("disabledExtensions", {})
    if any(name.partition(":")[0] == _EXTENSION and is_off for name, is_off in _switched(disabled)):
        yield fault(f"The sidebar is disabled in JupyterLab {there}.", f"jupyter labextension enable {_EXTENSION}")
        return
    yield good(f"The sidebar is enabled in JupyterLab {there}.")
    yield from _served(jupyter_config_path())


def _served(folders: list[str]) -> Iterator[Finding]:
    from jupyter_server.extension.config import ExtensionConfigManager

    enabled = ExtensionConfigManager(read_config_path=folders).get_jpserver_extensions()  # type: ignore[no-untyped-call]
    if enabled.get(_MODULE):
        yield good("The server extension is enabled.")
    else:
        what = "is disabled" if _MODULE in enabled else "isn't known to Jupyter"
        yield fault(
            f"The server extension {what}, so the sidebar has nobody to ask.",
            f"jupyter server extension enable {_MODULE}",
        )


def server() -> Iterator[Finding]:
    """Ask the Jupyter servers of this person which store they read."""
    try:
        from jupyter_server.serverapp import list_running_servers
    except ImportError:
        yield note("Jupyter's server isn't installed here, so there is no sidebar and no web page.", _ADD)
        return
    try:
        ours = open_store().uuid
    except DLTrainerError:
        yield note("Servers weren't asked, since the store can't be opened here.", "dltrain doctor store")
        return
    running = list(list_running_servers(log=None))
    if not running:
        yield note("No Jupyter server runs here.", "jupyter lab, or dltrain ui")
    for one in running:
        yield _answer(one, ours)


def _answer(one: dict[str, Any], ours: str) -> Finding:
    url = str(one["url"]).rstrip("/")
    request = Request(f"{url}/dltrainer/api/store", headers={"Authorization": f"token {one.get('token', '')}"})  # noqa: S310 - its own file names it
    try:
        # Whatever proxy leads out of here: what runs here is asked itself, and nobody else is told its token.
        with build_opener(ProxyHandler({})).open(request, timeout=_PATIENCE) as answer:
            theirs = json.load(answer)["uuid"]
    except HTTPError as error:
        error.close()
        if error.code == 404:  # noqa: PLR2004 - not found
            return fault(
                f"The server at {url} runs without the extension.",
                f"jupyter server extension enable {_MODULE}, and start it again",
            )
        return note(f"The server at {url} doesn't let itself be asked (status {error.code}).")
    except (URLError, OSError, ValueError, KeyError) as error:
        if isinstance(getattr(error, "reason", error), ssl.SSLCertVerificationError):
            return note(f"The server at {url} has a certificate that Python doesn't trust, so it wasn't asked.")
        return fault(
            f"The server at {url} doesn't answer: {getattr(error, 'reason', error)}.",
            f"kill {one.get('pid')}, and start it again",
        )
    if theirs != ours:
        return fault(
            f"The server at {url} reads another store, so its sidebar shows other runs.",
            "export DLTRAINER_HOME=… as here, and start it again",
        )
    return good(f"The server at {url} reads the store of this place.")


def _switched(disabled: Any) -> list[tuple[str, bool]]:
    """Read what pages call disabled: a list of names, or names with whether they are."""
    return (
        [(str(name), bool(is_off)) for name, is_off in disabled.items()]
        if isinstance(disabled, dict)
        else [(str(name), True) for name in disabled]
    )
