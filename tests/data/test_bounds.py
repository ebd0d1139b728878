"""What may be asked of memory."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from dltrainer_jupyter.core.containers import MemoryLimit
from dltrainer_jupyter.data.files import bounds


def test_files_that_a_container_only_caches_leave_its_memory_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 100\ninactive_file 800\n")
    monkeypatch.setattr(bounds, "memory_limit", lambda: MemoryLimit(1000, tmp_path))
    assert bounds.free_memory() == 900
    assert bounds.fits(209)
    assert not bounds.fits(211)
    monkeypatch.setattr(bounds, "memory_limit", lambda: None)
    assert bounds.free_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.2)
