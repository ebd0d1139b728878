"""A look over the built site: every link leads somewhere, and nothing is fetched from elsewhere.

MkDocs checks the links of Markdown; this checks what a browser gets, notebooks and generated pages included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FETCHED = {"img": "src", "script": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
_FETCHED_LINKS = {"stylesheet", "preload", "modulepreload", "preconnect", "dns-prefetch", "icon", "manifest"}
_IN_STYLES = re.compile(r"url\(\s*['\"]?(?:https?:)?//|@import")


@dataclass
class _Page(HTMLParser):
    """What a page has and what it points to."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag names and points to."""
        given = {key: value or "" for key, value in attrs}
        self.anchors |= {given[key] for key in ("id", "name") if key in given}
        self.styles.append(given.get("style", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in _FETCHED and _FETCHED[tag] in given:
            self.fetched.append(given[_FETCHED[tag]])
        if tag == "link" and _FETCHED_LINKS & set(given.get("rel", "").split()):
            self.fetched.append(given.get("href", ""))

    def handle_data(self, data: str) -> None:
        """Note what a style sheet says."""
        if self.cdata_elem == "style":
            self.styles.append(data)


def faults(site: Path) -> Iterator[str]:
    """Say what is wrong with a built site, a sentence each.

    Parameters
    ----------
    site : pathlib.Path
        Its folder.
    """
    pages = {path: _read(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        where = path.relative_to(site).as_posix()
        for address in page.fetched:
            if _is_elsewhere(address):
                yield f"{where} fetches {address}."
            elif not address.startswith("data:") and not _file(site, path, address).exists():
                yield f"{where} fetches {address}, which isn't there."
        if any(map(_IN_STYLES.search, page.styles)):
            yield f"{where} has a style that fetches from elsewhere."
        for address in page.links:
            if (fault := _fault(site, path, address, pages)) is not None:
                yield f"{where} links to {address}, {fault}."
    for path in site.rglob("*.css"):
        if _IN_STYLES.search(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site).as_posix()} fetches from elsewhere."


def _fault(site: Path, path: Path, address: str, pages: dict[Path, _Page]) -> str | None:
    """Say what is wrong with a link, if anything is."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "which is no address"
    if parts.scheme in {"http", "https"}:
        return None if re.fullmatch(r"[\w.-]+(:\d+)?", parts.netloc) else "which is no address"
    if parts.scheme:
        return None if parts.scheme in {"mailto", "data", "javascript"} else "whose scheme is unknown"
    file = _file(site, path, address)
    if not file.exists():
        return "which isn't there"
    anchor = unquote(parts.fragment)
    there = pages.get(file)
    if anchor and not anchor.startswith("__") and there is not None and anchor not in there.anchors:
        return "where nothing is called so"
    return None


def _file(site: Path, path: Path, address: str) -> Path:
    target = unquote(urlsplit(address).path)
    if not target:
        return path
    file = (site / target.lstrip("/") if target.startswith("/") else path.parent / target).resolve()
    return file / "index.html" if file.is_dir() else file


def _is_elsewhere(address: str) -> bool:
    return bool(re.match(r"(?:https?:)?//", address))


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page
