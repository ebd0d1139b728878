"""``python -m dltrainer_jupyter.cli``: the command where no script is installed."""

from __future__ import annotations

import sys

from dltrainer_jupyter.cli import main

sys.exit(main())
