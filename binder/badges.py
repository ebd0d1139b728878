#!/usr/bin/env python3
"""Puts the addresses that depend on where the sources lie into the READMEs, the notebooks and ``pyproject.toml``.

``make badges SOURCE=https://github.com/OWNER/REPO`` runs it. Until somebody does, there is no such address in them: one
that is made up could become somebody else's.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

MARK = "<!-- badges -->"
"""Begins the line that belongs to this script."""
FIRST = "quickstart"
"""The notebook that a README's badges open."""
_SOURCE = re.compile(
    r"https://github\.com/(?P<owner>[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38})/(?P<name>[A-Za-z0-9._-]{1,100})"
)
_URLS = re.compile(r"^\[project\.urls\]\n(?:[^\[\n].*\n)*", re.MULTILINE)
_BEFORE = "[project.scripts]\n"


def repository(source: str) -> str:
    """Read ``OWNER/REPO`` from an address, or raise what is wrong with it."""
    found = _SOURCE.fullmatch(source.removesuffix("/").removesuffix(".git"))
    if found is None or set(found.groups()) & {"OWNER", "REPO", ".", ".."}:
        msg = f"SOURCE: expected the repository's own address, https://github.com/OWNER/REPO, got {source!r}."
        raise ValueError(msg)
    return f"{found['owner']}/{found['name']}"


def addresses(repo: str, notebook: str) -> tuple[str, str]:
    """Give where Colab and Binder open a notebook."""
    path = f"notebooks/{notebook}.ipynb"
    return (
        f"https://colab.research.google.com/github/{repo}/blob/main/{path}",
        f"https://mybinder.org/v2/gh/{repo}/HEAD?urlpath=lab/tree/{path}",
    )


def with_line(text: str, line: str) -> str:
    """Put the line where the mark is, or else below the title."""
    lines = text.split("\n")
    marked = [number for number, it in enumerate(lines) if it.startswith(MARK)]
    if marked:
        lines[marked[0]] = line
    else:
        title = next(number for number, it in enumerate(lines) if it.startswith("# "))
        lines[title + 1 : title + 1] = ["", line]
    return "\n".join(lines)


def readme(text: str, repo: str) -> str:
    """Give a README with its badges, whose pictures lie beside it."""
    colab, binder = addresses(repo, FIRST)
    badges = (
        f"[![Launch on Binder](docs/images/badge-binder.svg)]({binder})",
        f"[![Open in Colab](docs/images/badge-colab.svg)]({colab})",
    )
    return with_line(text, f"{MARK} {' '.join(badges)}")


def notebook(text: str, name: str, repo: str) -> str:
    """Give a notebook with its links in the first cell: words, since Colab shows no picture that lies beside it."""
    content = json.loads(text)
    colab, binder = addresses(repo, name)
    first = next(cell for cell in content["cells"] if cell["cell_type"] == "markdown")
    source = with_line("".join(first["source"]), f"{MARK} [Open in Colab]({colab}) · [Launch on Binder]({binder})")
    first["source"] = source.splitlines(keepends=True)
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def project(text: str, repo: str) -> str:
    """Give ``pyproject.toml`` with the addresses that package indexes show."""
    source = f"https://github.com/{repo}"
    urls = f'[project.urls]\nSource = "{source}"\nIssues = "{source}/issues"\n'
    urls += f'Changelog = "{source}/blob/main/CHANGELOG.md"\n'
    if _URLS.search(text):
        return _URLS.sub(lambda _: urls, text, count=1)
    return text.replace(_BEFORE, f"{urls}\n{_BEFORE}", 1)


def write(root: Path, repo: str) -> list[Path]:
    """Change the files under ``root``; gives those that were different."""
    wanted = {path: readme(path.read_text(), repo) for path in root.glob("README*.md")}
    wanted |= {it: notebook(it.read_text(), it.stem, repo) for it in root.glob("notebooks/*.ipynb")}
    wanted[root / "pyproject.toml"] = project((root / "pyproject.toml").read_text(), repo)
    changed = sorted(path for path, text in wanted.items() if path.read_text() != text)
    for path in changed:
        path.write_text(wanted[path])
    return changed


def main(arguments: list[str]) -> int:
    """Change the files of the folder above this one, or of the one that is named."""
    source, root = (*arguments, "")[0], Path(arguments[1]) if len(arguments) > 1 else Path(__file__).parents[1]
    try:
        repo = repository(source)
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command says what is wrong
        return 1
    for path in write(root, repo):
        print(path.relative_to(root))  # noqa: T201 - and what it did
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
