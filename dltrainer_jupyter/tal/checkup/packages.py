"""Whether the packages that this one needs are there, in versions it works with."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from dltrainer_jupyter.core.finding import Finding, fault, good

OURS = "dltrainer-jupyter"


def packages() -> Iterator[Finding]:
    """Compare what is installed with what the package says it needs; of extras, what is there of them."""
    wrong = list(_wrong())
    yield from wrong
    if not wrong:
        yield good(f"{OURS} {version(OURS)} on Python {platform.python_version()} has the packages it needs.")


def _wrong() -> Iterator[Finding]:
    for needed in map(Requirement, requires(OURS) or ()):
        is_extra = needed.marker is not None and "extra" in str(needed.marker)
        if not is_extra and needed.marker is not None and not needed.marker.evaluate():
            continue
        asked = f'pip install "{needed.name}{_with_extras(needed)}{needed.specifier}"'
        try:
            there = version(needed.name)
        except PackageNotFoundError:
            if not is_extra:
                yield fault(f"{needed.name} isn't installed, and nothing works without it.", asked)
            continue
        if needed.name != OURS and not needed.specifier.contains(there, prereleases=True):
            yield fault(f"{needed.name} is {there}; expected {needed.specifier}.", asked)


def _with_extras(needed: Requirement) -> str:
    return f"[{','.join(sorted(needed.extras))}]" if needed.extras else ""
