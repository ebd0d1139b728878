"""What ``--help`` prints."""

from __future__ import annotations

from collections.abc import Sequence

from dltrainer_jupyter.core.vocabulary import WORDS, Option, Word
from dltrainer_jupyter.magics.options import CELL_OPTIONS, HELP
from dltrainer_jupyter.views.configuration import live_settings

_TAKES = {
    "none": "",
    "run": "[RUN]",
    "runs": "RUN RUN …",
    "some": "[RUN …]",
    "settings": "[RUN] KEY=VALUE …",
    "changes": "[RUN] [KEY=VALUE …]",
    "input": "EXPRESSION",
    "set": "[EXPRESSION]",
    "file": "[RUN] FILE",
    "part": "[NAME]",
    "plug-in": "FILE",
    "mirror": "[MIRROR] [RUN …]",
    "configuration": "[KEY=VALUE …]",
    "checks": "[CHECK …]",
}

_EXAMPLE = """\
  %%dltrain digits-cnn --epochs 20
  model: cnn
  data: digits
  optimizer: {type: adamw}
  metrics: [accuracy]"""


def cell_help() -> str:
    """Explain the cell magic."""
    return f"""\
%%dltrain [NAME] [options]

Train what the body describes, in the background: the cell returns at once, with the panel of the run. The body is YAML,
where $name stands for a variable of the notebook, or Python that assigns any of model, data, loss, optimizer, metrics,
validation and recipe. A function train_step(model, x, y) in it is the training step: it returns the loss, and eval_step
may measure in another way. The run is bound to `run` and to its name.

Options:
{_listed(CELL_OPTIONS)}

Example:
{_EXAMPLE}

%dltrain --help lists what can be done with a run."""


def line_help() -> str:
    """Explain the line magic."""
    width = max(len(usage(word)) for word in WORDS.values())
    verbs = "\n".join(f"  {usage(word):<{width}}  {word.help}" for word in WORDS.values())
    return f"""\
%dltrain VERB …

{verbs}

RUN is an id, the beginning of one, or a name (of which the newest run is meant); left out, it is the newest run of this
kernel. panel, resume and clone bind the run to `run` and to its name, as its cell does, also in a new kernel.

%dltrain VERB --help explains one verb, %%dltrain --help how to start a run."""


def verb_help(word: Word) -> str:
    """Explain one verb."""
    settings = f"\n\nSettings:\n{live_settings()}" if word.subject == "settings" else ""
    return f"%dltrain {usage(word)} [options]\n\n{word.help}{settings}\n\nOptions:\n{_listed((*word.options, HELP))}"


def usage(word: Word) -> str:
    """Give a verb and what it takes.

    Examples
    --------
    >>> usage(WORDS["pause"]), usage(WORDS["delete"])
    ('pause [RUN]', 'delete RUN')
    """
    takes = _TAKES[word.subject]
    return f"{word.name} {takes.replace('[RUN]', 'RUN') if word.names_its_run else takes}".strip()


def _listed(options: Sequence[Option]) -> str:
    left = [f"{it.flag} {it.metavar}{' …' if it.many else ''}".strip() for it in options]
    width = max(map(len, left))
    return "\n".join(f"  {flag:<{width}}  {it.help}" for flag, it in zip(left, options, strict=True))
