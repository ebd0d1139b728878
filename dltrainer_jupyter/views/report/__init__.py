"""A run as a document that is readable when nothing runs: as a notebook, a page or text.

``content`` says what is in it, ``notebook``, ``page`` and ``text`` write it, ``reading`` reads it back.
"""
