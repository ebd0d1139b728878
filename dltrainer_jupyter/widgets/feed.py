"""The one thread of a kernel that tells open panels what has changed."""

from __future__ import annotations

from dltrainer_jupyter.views.feed import Feed

feed = Feed()
"""The feed of this process's panels."""
