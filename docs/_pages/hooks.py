"""What MkDocs asks while it builds the site; ``mkdocs.yml`` names this file."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.utils import get_relative_url

# MkDocs runs this file by its path; the others of this folder are imported by their names.
sys.path.insert(0, str(Path(__file__).parents[2]))

from docs._pages import built, commands, links, magics, python, rest
from docs._pages.notebook_page import in_the_sites_look

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

_FIRST, _LAST = 100, -100
_SHIM = "https://unpkg.com/iframe-worker/shim"
"""Where Material's plugin for sites on a disk would fetch a script of its own."""
_OWN_SHIM = "search-from-disk.js"
_SELDOM_SOUGHT = {"reference/rest.md", *links.BESIDE}


@event_priority(_FIRST)
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the notebooks and pages that lie beside ``docs/``, and the pages of the reference that are made now."""
    beside = [*links.NOTEBOOKS.glob("*.ipynb"), *(links.ROOT / name for name in links.BESIDE)]
    for path in beside:
        place = path.relative_to(links.ROOT).as_posix()
        files.append(File(place, str(links.ROOT), config.site_dir, config.use_directory_urls))
    for module in (commands, magics, python, rest):
        for place, text in module.pages().items():
            files.append(File.generated(config, f"reference/{place}", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_more: Any) -> str:
    """Turn links that are written for GitHub, and let what few people look for come last in the search."""
    if page.file.src_uri in _SELDOM_SOUGHT:
        page.meta["search"] = {"boost": 0.2}
    source = page.file.abs_src_path
    if source is None or page.file.generated_by is not None:
        return markdown
    return links.turned(markdown, Path(source))


@event_priority(_LAST)
def on_page_content(html: str, page: Page, files: Files, **_more: Any) -> str:
    """Bring a notebook into the look of the site."""
    if not page.file.src_uri.endswith(".ipynb"):
        return html
    source = links.ROOT / page.file.src_uri

    def link(address: str) -> str:
        path, hash_, anchor = address.partition("#")
        place = links.place((source.parent / path).resolve()) if path and not re.match(r"\w+:|/", path) else None
        file = files.get_file_from_path(place) if place else None
        return address if file is None else file.url_relative_to(page.file) + hash_ + anchor

    return in_the_sites_look(html, link)


def on_post_page(output: str, page: Page, **_more: Any) -> str:
    """Take the script that lets the search work from the disk from the site itself."""
    return output.replace(_SHIM, get_relative_url(_OWN_SHIM, page.url))


def on_post_template(output_content: str, template_name: str, **_more: Any) -> str:
    """Take it from there on the page for addresses that lead nowhere, too."""
    return output_content.replace(_SHIM, get_relative_url(_OWN_SHIM, template_name))


@event_priority(_LAST)
def on_post_build(config: MkDocsConfig) -> None:
    """Refuse a site with links that lead nowhere, or one that fetches anything from elsewhere."""
    found = list(built.faults(Path(config.site_dir)))
    if found:
        raise PluginError("\n".join(["The site isn't whole:", *found]))
