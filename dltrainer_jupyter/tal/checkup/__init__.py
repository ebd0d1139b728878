"""``doctor``: looks at what DLTrainer stands on, and says what is broken and which command mends it.

What lives here: asking all checks at once, and the checks of what lies below the faces, one a file. Each is a part of
the kind ``checks``, so the faces and other people's packages bring their own. What does not: mending anything.
"""

from dltrainer_jupyter.tal.checkup.examining import Checkup, doctor

__all__ = ["Checkup", "doctor"]
