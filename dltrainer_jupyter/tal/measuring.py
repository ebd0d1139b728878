"""Whether a run's weights and activations are measured where its settings leave that open: if a tracker asks for it."""

from __future__ import annotations

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.spec import RunSpec


def histograms_wanted(spec: RunSpec) -> bool:
    """Say whether a tracker of a checked specification asks for histograms, by its settings or their defaults."""
    settings = (registry.find("trackers", part.type).Config.model_validate(part.config) for part in spec.track)
    return any(getattr(its, "histograms", False) for its in settings)


def with_histograms(spec: RunSpec, *, wanted: bool) -> RunSpec:
    """Settle what nobody has said; from then on it is a setting like any other."""
    return spec.model_copy(update={"histograms": True}) if wanted and spec.histograms is None else spec
