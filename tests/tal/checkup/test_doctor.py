"""The doctor in a place where nothing is broken, and what it does when a check itself is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.core.finding import fault, good

if TYPE_CHECKING:
    from pathlib import Path

LIGHT = ("gpu", "jupyterlab", "machine", "packages", "panel", "plug_ins", "server", "store", "torchvision", "trackers")
"""Checks that import no framework."""


def test_nothing_is_wrong_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Servers of whoever runs the tests read that person's store.
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    found = tal.doctor(*LIGHT)
    assert list(found.findings) == sorted(LIGHT)
    assert found.faults == []
    assert found.sentence() == "Everything that was looked at works."
    assert all(it.said.endswith((".", ",")) for its in found.findings.values() for it in its)


@pytest.mark.slow
def test_frameworks_work_here() -> None:
    found = tal.doctor("frameworks")
    assert [it.said.split()[0] for it in found.findings["frameworks"]] == ["torch", "tensorflow", "jax", "lightning"]
    assert [it.level for it in found.findings["frameworks"]] == ["good"] * 4


def test_an_unknown_check_is_named() -> None:
    with pytest.raises(UnknownNameError, match="Unknown check 'stor'. Did you mean 'store'"):
        tal.doctor("stor")


def test_a_check_that_breaks_keeps_no_other_from_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    real = registry.find
    monkeypatch.setattr(
        registry, "find", lambda kind, name, *rest: broken if name == "gpu" else real(kind, name, *rest)
    )
    found = tal.doctor("gpu", "store")
    assert found.findings["gpu"][0].said.startswith("The check couldn't be made: ZeroDivisionError")
    assert found.findings["store"][0].level == "good"


def test_it_is_shown_a_line_a_finding_with_what_mends_it_below() -> None:
    from dltrainer_jupyter.tal.checkup import Checkup

    found = Checkup({"store": (fault("It is broken.", "mend it"),), "gpu": (good("It works."),)})
    assert repr(found).splitlines() == [
        "FAULT  store  It is broken.",
        "              → mend it",
        "ok     gpu    It works.",
        "",
        "1 fault: what mends it stands above.",
    ]
    assert found.document() == {
        "healthy": False,
        "findings": [
            {"check": "store", "level": "fault", "said": "It is broken.", "cure": "mend it"},
            {"check": "gpu", "level": "good", "said": "It works.", "cure": None},
        ],
    }
