"""Seeds for every use, derived from the run's one seed: a pure function of names and numbers."""

from __future__ import annotations

import hashlib


def derive(seed: int, *keys: str | int) -> int:
    """Derive an independent 63-bit seed.

    Parameters
    ----------
    seed : int
        The run's seed.
    *keys : str or int
        What the new seed is for, such as ``("order", epoch)``.

    Returns
    -------
    int
        In ``[0, 2**63)``; the same for the same arguments on every machine and version of Python.

    Examples
    --------
    >>> derive(0, "order", 3) == derive(0, "order", 3) != derive(0, "order", 4)
    True
    """
    text = "\x1f".join([str(int(seed)), *(f"{type(key).__name__}:{key}" for key in keys)])
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:8], "little") >> 1
