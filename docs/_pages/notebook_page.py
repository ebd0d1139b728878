"""The page of a notebook: what was rendered of it, in the look of the site."""

from __future__ import annotations

from collections.abc import Callable

from bs4 import BeautifulSoup, Tag

_BEGIN, _END = '<div class="jupyter-wrapper">', "<!-- jupyter-wrapper -->"


def in_the_sites_look(html: str, link: Callable[[str], str]) -> str:
    """Leave out what is drawn for JupyterLab, and let the site colour what is code.

    What goes is half a megabyte of JupyterLab's styles, and scripts that would be fetched from elsewhere.

    Parameters
    ----------
    html : str
        What mkdocs-jupyter has rendered.
    link : callable
        Gives the address on the site for one that stands in the notebook.
    """
    page = BeautifulSoup(html[html.index(_BEGIN) : html.rindex(_END)], "html.parser")
    for unwanted in page.select(".zeroclipboard-container, .clipboard-copy-txt, .jp-InputPrompt, .jp-OutputPrompt"):
        unwanted.decompose()
    # Headings keep the number that links of the table of contents have.
    for of in page.select(".anchor-link"):
        of["class"] = "headerlink"
    for code in page.select(".highlight-ipynb"):
        code["class"] = "highlight"
        _as_code(page, code)
    for of in page.select(".jp-MarkdownCell a[href]"):
        of["href"] = link(str(of["href"]))
    return str(page)


def _as_code(page: BeautifulSoup, block: Tag) -> None:
    """Put code into the element in which the site expects it, for its button that copies."""
    frame = block.find("pre")
    if isinstance(frame, Tag):
        code = page.new_tag("code")
        code.extend(list(frame.contents))
        frame.append(code)
