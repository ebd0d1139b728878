"""The page of the magics: the cell with its options, and every verb, from the tables that the magics are built from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dltrainer_jupyter.core.vocabulary import WORDS, Option, Word
from dltrainer_jupyter.magics.options import CELL_OPTIONS, HELP
from dltrainer_jupyter.magics.usage import usage
from docs._pages.markdown import code, prose, table

_HEAD = """\
# Magics

`%load_ext dltrainer_jupyter` brings them: a cell `%%dltrain` starts a run, a line `%dltrain` does something with runs.
This page is written from the tables they are built from; `%%dltrain --help`, `%dltrain --help` and
`%dltrain VERB --help` say the same.

`RUN` is an id, the beginning of one, or a name, of which the newest run is meant; left out, it is the newest run of
this kernel.
"""
_CELL = """\
## %%dltrain

Train what the body describes, in the background: the cell returns at once, with the panel of the run. The body is YAML,
where `$name` stands for a variable of the notebook, or Python that assigns parts by the names of settings.
[All settings](configuration.md).

```text
%%dltrain [NAME] [options]
```
"""


def pages() -> dict[str, str]:
    """Write the page, in Markdown, by its place in the folder of the reference."""
    lines = [_HEAD, _CELL, *_options(CELL_OPTIONS), *(line for word in WORDS.values() for line in _verb(word))]
    return {"magics.md": "\n".join(lines).rstrip() + "\n"}


def _verb(word: Word) -> Iterator[str]:
    yield f"## %dltrain {word.name}\n"
    yield prose(word.help) + (f" All of them: [{word.parts}](parts/{word.parts}.md)." if word.parts else "") + "\n"
    yield f"```text\n%dltrain {usage(word)}{' [options]' if word.options else ''}\n```\n"
    if word.options:
        yield from _options((*word.options, HELP))


def _options(options: Iterable[Option]) -> Iterator[str]:
    rows = ((code(f"{it.flag} {it.metavar}{' …' if it.many else ''}".strip()), prose(it.help)) for it in options)
    return table(("option", "what it does"), rows)
