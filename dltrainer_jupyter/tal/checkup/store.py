"""Whether the store can be read and written."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.finding import Finding, fault, good
from dltrainer_jupyter.store.urls import parse, shown, sqlite_url
from dltrainer_jupyter.tal.checkup import setting_cures
from dltrainer_jupyter.tal.session import open_store
from dltrainer_jupyter.tal.settings import settings


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
    if "Set DLTRAINER_HOME" in said:
        return setting_cures.ANOTHER_HOME
    if url.startswith("postgres") and os.environ.get("DLTRAINER_STORE"):
        return "export DLTRAINER_STORE=postgresql://USER@HOST/DATABASE"
    return setting_cures.of_setting("store", is_default=url == sqlite_url(settings.home / "dltrainer.db"))
