"""Whether the store can be read and written."""

from __future__ import annotations

from collections.abc import Iterator

from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.finding import Finding, fault, good
from dltrainer_jupyter.store.urls import parse, shown
from dltrainer_jupyter.tal.session import open_store
from dltrainer_jupyter.tal.settings import settings

_ELSEWHERE = "export DLTRAINER_HOME=FOLDER-OF-YOUR-OWN"


def store() -> Iterator[Finding]:
    """Open the store as every run does, and write to it without leaving anything."""
    url = settings.store
    try:
        found = open_store()
        found.try_writing()
    except DLTrainerError as error:
        yield fault(str(error), _cure(str(error), url))
        return
    yield good(f"The store {shown(parse(url))} can be read and written.")


def _cure(said: str, url: str) -> str:
    if "newer version" in said:
        return "pip install --upgrade dltrainer-jupyter"
    if url.startswith("sqlite"):
        return _ELSEWHERE
    return "export DLTRAINER_STORE=postgresql://USER@HOST/DATABASE"
