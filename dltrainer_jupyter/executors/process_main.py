"""What the process executor starts: ``python -m dltrainer_jupyter.executors.process_main RUN``."""

from __future__ import annotations

import os
import sys

from dltrainer_jupyter.executors import worker
from dltrainer_jupyter.executors.inline import suspending_on_signals
from dltrainer_jupyter.loop.doorbell import Doorbell


def main() -> None:
    """Train the run named by the argument, in the store named by the environment."""
    bell = Doorbell()
    with suspending_on_signals(bell):
        worker.main(os.environ["DLTRAINER_STORE"], sys.argv[1], executor="process", bell=bell, owns_process=True)


if __name__ == "__main__":
    main()
