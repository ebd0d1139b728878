"""Whether frameworks can be imported, and see the GPUs that the driver sees."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from dltrainer_jupyter.core.finding import Finding, fault, good, note
from dltrainer_jupyter.core.shortening import shortened
from dltrainer_jupyter.machine.gpus import read_gpus
from dltrainer_jupyter.tal.checkup.importing import Imported, imported

_LONGEST = 200


class _Framework(NamedTuple):
    package: str
    extra: str
    probe: str
    """A module whose ``found`` gives ``gpus``, how many it sees."""
    with_gpus: str
    """What installs it for GPUs."""


_FRAMEWORKS = (
    _Framework(
        "torch", "torch", "dltrainer_jupyter.adapters.pytorch.probing", "pip install --upgrade --force-reinstall torch"
    ),
    _Framework(
        "tensorflow",
        "tensorflow",
        "dltrainer_jupyter.adapters.tensorflow.probing",
        'pip install --upgrade "tensorflow[and-cuda]"',
    ),
    _Framework("jax", "jax", "dltrainer_jupyter.adapters.jax.probing", 'pip install --upgrade "jax[cuda12]"'),
    _Framework("lightning", "lightning", "lightning", ""),
)


def frameworks() -> Iterator[Finding]:
    """Import each framework that is installed; one at least has to be."""
    there = [it for it in _FRAMEWORKS if _version(it.package) is not None]
    if not any(it.with_gpus for it in there):
        yield fault("No framework is installed, so nothing can be trained.", 'pip install "dltrainer-jupyter[torch]"')
    gpus = len(read_gpus())
    with ThreadPoolExecutor(len(_FRAMEWORKS)) as pool:
        found = dict(zip(there, pool.map(imported, [it.probe for it in there]), strict=True))
    for one in _FRAMEWORKS:
        if one in found:
            yield _said(one, found[one], gpus)
        elif any(it.with_gpus for it in there):
            yield note(f"{one.package} isn't installed.", f'pip install "dltrainer-jupyter[{one.extra}]"')


def _said(one: _Framework, found: Imported, gpus: int) -> Finding:
    called = f"{one.package} {_version(one.package)}"
    if found.error is not None:
        again = f'pip install --upgrade --force-reinstall "dltrainer-jupyter[{one.extra}]"'
        if _torchvision(found.error):
            again = "dltrain doctor torchvision"
        return fault(f"{called} can't be imported: {shortened(found.error, _LONGEST)}", again)
    seen = found.found.get("gpus")
    if gpus and seen == 0:
        return fault(f"{called} sees none of the {gpus} GPUs that the driver sees, so it trains slowly.", one.with_gpus)
    return good(f"{called} works{f', with {seen} GPUs' if seen else ''}.")


def torchvision() -> Iterator[Finding]:
    """Import torchvision, if it is there: one for another torch breaks what imports it when it sees it, Lightning too.

    Its wheels are built against one version of torch each, on GPUs; beside a torch for processors it has no ``nms``.
    """
    there, torch = _version("torchvision"), _version("torch")
    if there is None:
        yield good("torchvision isn't installed, and isn't needed.")
        return
    if torch is None:
        yield note(f"torchvision {there} is installed, and torch isn't.", 'pip install "dltrainer-jupyter[torch]"')
        return
    error = imported("torchvision").error
    if error is None:
        yield good(f"torchvision {there} fits torch {torch}.")
        return
    cure = "pip uninstall torchvision"
    if _torchvision(error) and "+cpu" not in torch and torch.startswith("2."):
        cure = f'pip install "torchvision=={_fitting(torch)}.*", or, as nothing here needs it: {cure}'
    yield fault(
        f"torchvision {there} doesn't fit torch {torch}, and breaks what imports it: {shortened(error, _LONGEST)}", cure
    )


def _torchvision(error: str) -> bool:
    return "torchvision" in error


def _fitting(torch: str) -> str:
    """Name the series that was built for a torch: 0.15 came with 2.0, and both have counted on by one since."""
    return f"0.{int(torch.split('.')[1]) + 15}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
