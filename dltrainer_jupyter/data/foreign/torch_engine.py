"""The PyTorch loader that does the work: made after a person's, with workers that a notebook can have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from dltrainer_jupyter.core import seeds
from dltrainer_jupyter.data.foreign.torch_orders import Order
from dltrainer_jupyter.data.foreign.torch_workers import Carried, Introduction, NotSentError, worker_context

_FRAME = re.compile(r'File "(.+)", line (\d+), in (\S+)')
_LIBRARY = re.compile(r"[/\\](site-packages|dltrainer_jupyter|lib[/\\]python[\d.]+)[/\\]")


class Engine:
    """Runs passes over a data set.

    Parameters
    ----------
    loader : torch.utils.data.DataLoader
        The person's, whose settings are kept; it is not iterated itself.
    dataset : Any
        What is loaded from; :class:`Carried` where there are workers.
    seed : int
        The run's seed; workers, and whatever else PyTorch draws for a pass, are seeded from it.
    workers : int
        Processes; 0 loads on the calling thread.
    order : Order, optional
        Who picks the samples of a batch; left out where the data set itself comes in an order.
    kind : type, default torch.utils.data.DataLoader
        What to make.
    **more
        Settings of that kind.
    """

    def __init__(
        self,
        loader: DataLoader[Any],
        dataset: Any,
        seed: int,
        *,
        workers: int,
        order: Order | None = None,
        kind: type[DataLoader[Any]] = DataLoader,
        **more: Any,
    ) -> None:
        self._seed = seed
        self._generator = torch.Generator()
        # A loader that had no workers keeps its one, as it kept its data set from pass to pass.
        self.keeps = bool(workers) and (loader.persistent_workers or not loader.num_workers)
        self._iterator: Any = None
        self._context: Any = None
        settings: dict[str, Any] = {"collate_fn": loader.collate_fn, "pin_memory": _pins(loader), **more}
        if order is None:
            settings |= {"batch_size": loader.batch_size, "drop_last": loader.drop_last}
        elif loader.batch_sampler is None:
            settings |= {"batch_size": None, "sampler": order}
        else:
            settings |= {"batch_sampler": order}
        if workers:
            settings |= {
                "collate_fn": Carried(loader.collate_fn, "its collate_fn"),
                "worker_init_fn": Carried(Introduction(loader.worker_init_fn), "its worker_init_fn"),
                "num_workers": workers,
                "prefetch_factor": loader.prefetch_factor or 2,
                "persistent_workers": self.keeps,
                "timeout": loader.timeout,
            }
            self._context = settings["multiprocessing_context"] = worker_context()
        self.made = kind(dataset, generator=self._generator, **settings)

    def run(self, number: int) -> Iterator[Any]:
        """Run a pass; without a reader its workers end, or wait for the next one if they are kept."""
        self._generator.manual_seed(seeds.derive(self._seed, "loader", number))
        self._iterator = iterator = iter(self.made)
        try:
            yield from iterator
        except Exception as error:
            # PyTorch brings the whole traceback of the worker as the message.
            if (short := _shortened(error)) is None:
                raise
            raise short from error
        finally:
            if not self.keeps:
                self.end_workers()

    def end_workers(self) -> None:
        """End the workers of the running pass."""
        iterator, self._iterator = self._iterator, None
        self.made._iterator = None  # noqa: SLF001 - where PyTorch keeps those that wait
        end = getattr(iterator, "_shutdown_workers", None)
        if end is not None:
            end()

    def close(self) -> None:
        """End everything that was started."""
        self.end_workers()
        leave = getattr(self._context, "leave", None)
        if leave is not None:
            leave()


def engine_for(
    loader: DataLoader[Any], send: Callable[[], Any], here: Any, seed: int, **more: Any
) -> tuple[Engine, str | None]:
    """Make an engine whose data set draws in worker processes, or say why it draws here.

    Parameters
    ----------
    loader : torch.utils.data.DataLoader
        The person's.
    send : callable
        Makes its data set ready to travel.
    here : Any
        Its data set for this process.
    seed : int
        The run's seed.
    **more
        As :class:`Engine` takes them.

    Returns
    -------
    engine : Engine
    reason : str or None
        Why what is drawn can't be repeated.

    Raises
    ------
    NotSentError
        If the person's loader has workers and something can't be sent to them.
    """
    try:
        return Engine(loader, send(), seed, workers=loader.num_workers or 1, **more), None
    except NotSentError as error:
        if loader.num_workers:
            raise
        reason = f"{error.why}, so what it draws comes from generators that other cells share"
        return Engine(loader, here, seed, workers=0, **more), reason


def _shortened(error: Exception) -> Exception | None:
    """Give a worker's error with its own message and the person's own line; None for any other error."""
    text, name = str(error), type(error).__name__
    if "in DataLoader worker process" not in text.partition("\n")[0]:
        return None
    # The last that begins with its name: a message may have lines of its own.
    message = text.rpartition(f"\n{name}: ")[2].strip()
    frames = [found for found in _FRAME.findall(text) if not _LIBRARY.search(found[0])]
    where = f" ({Path(frames[-1][0]).name}, line {frames[-1][1]}, in {frames[-1][2]})" if frames else ""
    try:
        return type(error)(f"{message}{where}")
    except TypeError:
        return RuntimeError(f"{name}: {message}{where}")


def _pins(loader: DataLoader[Any]) -> bool:
    """Tell whether batches are pinned: PyTorch warns where there is no GPU to pin them for."""
    return bool(loader.pin_memory) and torch.cuda.is_available()
