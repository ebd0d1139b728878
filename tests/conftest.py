"""What every test gets: a home of its own, and none of the settings of whoever runs it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from dltrainer_jupyter.tal.settings import settings as assigned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The contract suites are the product's, not test files; this has to stand before anybody imports one.
pytest.register_assert_rewrite("dltrainer_jupyter.testing")

# Time per example says more about a busy machine than about the code; pytest-timeout bounds the whole test.
# A gate must not change its mind: under CI the examples are the same each time; at a desk new ones are sought.
settings.register_profile(
    "dltrainer",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",
)
settings.load_profile("dltrainer")

SLOW = 600
"""Seconds that a slow test may take unless it says so itself: half a minute on one machine can be five on another."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bound slow tests more generously than quick ones, unless the command line says how."""
    if config.getoption("timeout") is not None:
        return
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW))


TEST_SETTINGS = "DLTRAINER_TEST_"
"""Settings with this prefix speak to the tests (where a database is), not to the product."""


def _use_home(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for name in list(os.environ):
        if name.startswith("DLTRAINER_") and not name.startswith(TEST_SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DLTRAINER_HOME", str(home))


@pytest.fixture(scope="session", autouse=True)
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep fixtures that outlive a test away from the person's own runs."""
    home = tmp_path_factory.mktemp("session") / "home"
    with pytest.MonkeyPatch.context() as monkeypatch:
        _use_home(monkeypatch, home)
        yield home


@pytest.fixture(autouse=True)
def home(session_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test its own ``DLTRAINER_HOME``; the product makes the folder when it needs it."""
    own = tmp_path / "home"
    _use_home(monkeypatch, own)
    # What a test assigns is gone after it; patching one of its properties back would assign what it was by default.
    monkeypatch.setattr(assigned, "_assigned", {})
    return own
