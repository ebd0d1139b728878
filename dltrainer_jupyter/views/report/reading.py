"""The document of a report, read back from whatever it was written as."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.views.report.document import MARK, VERSION
from dltrainer_jupyter.views.report.parts import Document
from dltrainer_jupyter.views.report.writing import METADATA, SCRIPT

LARGEST = 64 * 2**20
"""Bytes of a file that is looked into; a report has a few hundred thousand."""
_SCRIPT = re.compile(rf'<script type="application/json" id="{SCRIPT}">([^<]*)</script>')
_FENCE = re.compile(rf"^```json {SCRIPT}\n([^\n]*)\n```$", re.MULTILINE)


def read(path: Path) -> dict[str, Any]:
    """Read the document of a report.

    Raises
    ------
    ConfigurationError
        If the file isn't there, or is no report, or lacks something that a report has.
    """
    document = _found(_content(path))
    if not isinstance(document, dict) or MARK not in document:
        raise _no_report(path)
    if not isinstance(document[MARK], int) or document[MARK] > VERSION:
        msg = f"The report {path} was written by a newer version; this one reads version {VERSION}. Upgrade to read it."
        raise ConfigurationError(msg)
    try:
        validate(Document, document)
    except ConfigurationError as error:
        msg = f"The report {path} is damaged: {error}"
        raise ConfigurationError(msg) from error
    return document


def _content(path: Path) -> str:
    """Give the text of a file; of nothing that could be read without end."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise _no_report(path)
        if about.st_size > LARGEST:
            msg = f"Expected a report of at most {LARGEST:,} bytes, got {about.st_size:,}: {path}."
            raise ConfigurationError(msg)
        return path.read_bytes().decode()
    except OSError as error:
        msg = f"The report {path} can't be read: {error.strerror or error}."
        raise ConfigurationError(msg) from error
    except UnicodeDecodeError as error:
        raise _no_report(path) from error


def _found(written: str) -> Any:
    """Find the document, wherever it stands; None if there is none."""
    try:
        if written.lstrip().startswith("{"):
            notebook = json.loads(written)
            metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
            return metadata.get(METADATA) if isinstance(metadata, dict) else None
        for pattern in (_SCRIPT, _FENCE):
            # The last one is ours: texts before it are escaped, but may be somebody's own page around it.
            if found := pattern.findall(written):
                return json.loads(found[-1])
    except (ValueError, RecursionError):
        return None
    return None


def _no_report(path: Path) -> ConfigurationError:
    return ConfigurationError(f"{path} is no report: expected a file that run.report(path) wrote (.ipynb, .html, .md).")
