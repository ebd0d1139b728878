"""A report as a notebook, as a page made of that notebook, and as Markdown. Nothing is executed to make them.

A notebook's cells hold what gives the same where the run is, and their outputs what the report says: texts of people
are in outputs alone, escaped, never in Markdown. The document for programs is the notebook's metadata, a script of type
``application/json`` in the page, and a fenced block at the end of Markdown.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import MissingPackageError, UnknownNameError
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.report.blocks import Block, Picture, Pictures, Report, Table
from dltrainer_jupyter.views.report.content import content
from dltrainer_jupyter.views.report.markup import html, plain, source, text

METADATA = "dltrainer"
"""Where a notebook's metadata hold the document."""
SCRIPT = "dltrainer-report"
"""Id of the page's script, and word behind the fence in Markdown."""


def written(store: Store, run_id: str, folder: Path, form: str) -> bytes:
    """Write a report of a run.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.
    folder : pathlib.Path
        Of the run on this host, where pictures of its examples lie.
    form : {"html", "ipynb", "md"}
        What it is written as.

    Returns
    -------
    bytes
        The file, UTF-8.

    Raises
    ------
    UnknownNameError
        If there is no such form.
    MissingPackageError
        If nbformat or nbconvert isn't installed.
    """
    if form not in FORMS:
        kind = "form of report"
        raise UnknownNameError(kind, form, FORMS)
    return FORMS[form](content(store, run_id, folder)).encode()


def brief_text(store: Store, run_id: str, folder: Path) -> str:
    """Write a report for people alone, as Markdown: without pictures, and without the document for programs."""
    return _text(content(store, run_id, folder, pictures=False))


# --- a notebook -----------------------------------------------------------------------------------------


def _ipynb(report: Report) -> str:
    nbformat = _needed("nbformat")
    return str(nbformat.writes(_notebook(report)))


def _notebook(report: Report) -> Any:
    v4 = _needed("nbformat").v4
    cells = [_cell(v4, 0, "# A report of a run; its outputs stay readable when nothing runs.", [_title(v4, report)])]
    for number, section in enumerate(report.sections, start=1):
        # Titles are this package's own words; even so they hold no markup.
        cells.append(v4.new_markdown_cell(f"## {section.title}", id=f"title-{number}"))
        outputs = [
            v4.new_output("display_data", data={"text/html": html(block), "text/plain": plain(block), **_image(block)})
            for block in section.blocks
        ]
        cells.append(_cell(v4, number, section.code, outputs))
    metadata = {
        METADATA: report.document,
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    return v4.new_notebook(cells=cells, metadata=metadata)


def _cell(v4: Any, number: int, code: str, outputs: list[Any]) -> Any:
    return v4.new_code_cell(code, outputs=outputs, id=f"part-{number}")


def _title(v4: Any, report: Report) -> Any:
    return v4.new_output(
        "display_data", data={"text/html": f"<h1>{text(report.title)}</h1>", "text/plain": report.title}
    )


def _image(block: Block) -> dict[str, str]:
    return {"image/png": base64.b64encode(block.png).decode("ascii")} if isinstance(block, Picture) else {}


# --- a page ---------------------------------------------------------------------------------------------

# In the dark, the white that charts are drawn on becomes the colour of the page, and hues stay what they are; examples
# are photographs, which nothing turns over.
_STYLE = """
:root{color-scheme:light dark;--text:#1f1f1f;--page:#fff;--line:#ebebeb;--soft:#f6f6f6}
@media (prefers-color-scheme:dark){:root{--text:#e6e6e6;--page:#161616;--line:#3a3a3a;--soft:#222}
img.chart{filter:invert(.914) hue-rotate(180deg)}}
body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em}
body{color:var(--text);background:var(--page)}
h2{margin-top:1.6em;border-bottom:1px solid var(--line)}table{border-collapse:collapse;font-size:14px}
td,th{font-variant-numeric:tabular-nums}pre{background:var(--soft);padding:.6em;overflow:auto}.anchor-link{display:none}
tbody tr+tr>*{border-top:1px solid var(--line)}img{border-radius:3px}
figcaption{font-size:12px}.output_subarea{overflow:auto}
"""
# Nothing runs in this page, and nothing is fetched: not even what a text might smuggle in.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def _page(report: Report) -> str:
    exporter = _needed("nbconvert").HTMLExporter(template_name="basic", exclude_input=True, exclude_input_prompt=True)
    exporter.exclude_output_prompt = True
    body, _ = exporter.from_notebook_node(_notebook(report))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{text(report.title)}</title><style>{_STYLE}</style></head>\n<body>{body}\n"
        f'<script type="application/json" id="{SCRIPT}">{for_script(report.document)}</script>\n</body></html>\n'
    )


def for_script(document: Mapping[str, Any]) -> str:
    """Write a document so that nothing in it ends the script it stands in."""
    written = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


# --- Markdown -------------------------------------------------------------------------------------------


def _markdown(report: Report) -> str:
    # Inside a fence nothing is markup, and no line of the document begins with backticks: it is one line.
    return f"{_text(report)}\n```json {SCRIPT}\n{for_script(report.document)}\n```\n"


def _text(report: Report) -> str:
    parts = [f"# {_escaped(report.title)}"]
    for section in report.sections:
        parts.append(f"## {_escaped(section.title)}")
        parts += [_in_markdown(block) for block in section.blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def _in_markdown(block: Block) -> str:
    if isinstance(block, Table):
        head = [f"| {' | '.join(map(_escaped, block.columns))} |", f"|{'---|' * len(block.columns)}"]
        return "\n".join([*head, *(f"| {' | '.join(map(_escaped, row))} |" for row in block.rows)])
    if isinstance(block, Picture):
        return f"![{_escaped(block.words)}]({source(block.png)})"
    if isinstance(block, Pictures):
        return " ".join(f"![{_escaped(item.words)}]({source(item.png)})" for item in block.items)
    if block.is_code:
        fence = "`" * max(3, 1 + max(map(len, _runs_of_backticks(block.text)), default=0))
        return f"{fence}\n{block.text.rstrip()}\n{fence}"
    return _escaped(block.text)


def _runs_of_backticks(value: str) -> list[str]:
    return ["`" * len(run) for run in "".join(it if it == "`" else " " for it in value).split()]


def _escaped(value: str) -> str:
    """Take every sign its meaning, and keep a cell in its line."""
    # Quotes mean nothing here; what stands for them in HTML would lose its own meaning to the backslashes.
    line = " ".join(escape(value, quote=False).split())
    return "".join(f"\\{it}" if it in "\\`*_{}[]()#+!|~$" else it for it in line)


FORMS: Mapping[str, Callable[[Report], str]] = {"html": _page, "ipynb": _ipynb, "md": _markdown}


def _needed(package: str) -> Any:
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError as error:
        msg = f"A report of this form needs {package}: pip install 'dltrainer-jupyter[report]'; or write it as .md."
        raise MissingPackageError(msg) from error
