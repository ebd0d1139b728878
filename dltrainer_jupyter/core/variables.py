"""Environment variables that belong to no setting of :mod:`dltrainer_jupyter.tal.settings`, and what they mean."""

from __future__ import annotations

from typing import NamedTuple


class Variable(NamedTuple):
    """One that people may set."""

    name: str
    description: str
    """What it is and what holds without it, in a sentence or two of Markdown."""


MOST_CACHE_GB = 50.0
CACHE_GB = Variable(
    "DLTRAINER_CACHE_GB",
    "Gigabytes of fetched files, and of rows of tables, that are kept in `DLTRAINER_HOME/cache`; what was used longest "
    f"ago goes first. By default {MOST_CACHE_GB:g}.",
)
DATA_MIRROR = Variable(
    "DLTRAINER_DATA_MIRROR",
    "HTTP address that is asked first for the files of published data sets (`mnist`, `fashion_mnist`, `cifar10`), in a "
    "folder of the data set's name. By default only the servers that publish them are asked.",
)
VARIABLES = (CACHE_GB, DATA_MIRROR)
"""In the order in which the reference lists them."""
