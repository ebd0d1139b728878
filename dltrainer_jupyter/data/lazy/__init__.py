"""Samples that lie in files and are read when their batch is due: listed, read ahead by threads, or kept in memory.

A source lists what there is (a :class:`~dltrainer_jupyter.data.lazy.reader.Reader`), and
:func:`~dltrainer_jupyter.data.lazy.assembly.assemble_read` makes a data set of it.
"""
