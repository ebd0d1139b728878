"""The documentation site as it is built: complete, and well to be read and searched in a browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import dltrainer_jupyter
from dltrainer_jupyter import tal
from dltrainer_jupyter.core import protocols
from dltrainer_jupyter.tal.inference import TrainedModel
from docs._pages import python
from docs._pages.links import ROOT
from tests.browser.patience import PATIENCE
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    own = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(build, check=False, cwd=ROOT, env=own, capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if not line.startswith("INFO")]
    assert (done.returncode, said) == (0, [])
    return folder


@pytest.mark.slow
def test_every_public_name_and_method_has_its_heading_on_the_site(site: Path) -> None:
    there = "".join(path.read_text("utf-8") for path in (site / "reference" / "python").glob("*.html"))
    headings = set(re.findall(r'<h\d id="([\w.]+)"', there))
    names = {
        path
        for module in (dltrainer_jupyter, tal, protocols)
        for _, path in python.public(set(module.__all__) - {"tal"}, module)
    }
    classes = (tal.Run, tal.Control, TrainedModel, tal.CrossValidation)
    names |= {f"{it.__module__}.{it.__qualname__}.{name}" for it in classes for name in dir(it) if name[0] != "_"}
    assert len(names) > 120
    assert names - headings == set()


@pytest.mark.slow
def test_the_site_is_whole_light_and_dark_and_searchable_without_a_server(site: Path, chromium: Browser) -> None:
    asked: list[str] = []
    for scheme in ("light", "dark"):
        page = chromium.new_page(viewport={"width": 360, "height": 800}, color_scheme=scheme)
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda it: asked.append(it.url))
        for name in ("index", "data", "notebooks/quickstart", "reference/python/runs", "reference/configuration"):
            page.goto((site / f"{name}.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
            until(partial(in_its_scheme, page, is_light=scheme == "light"))
    page.set_viewport_size({"width": 1400, "height": 800})
    page.get_by_placeholder("Search").press_sequentially("DLTRAINER_CACHE_GB")
    found = page.locator(".md-search-result__item").first
    expect(found).to_contain_text("Settings of the environment")
    expect(found).to_contain_text("DLTRAINER_CACHE_GB")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def in_its_scheme(page: Page, *, is_light: bool) -> bool:
    red = int(re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[0])
    return red > 240 if is_light else red < 64
