"""Arrays that stay on the disk, of which rows are read by number when they are due.

What a file holds is brought once into arrays of rows (:mod:`~dltrainer_jupyter.data.stored.keeping`), or is mapped
where it lies; :func:`~dltrainer_jupyter.data.stored.assembly.assemble_stored` makes a data set of it that gives the
same samples in the same order as one in memory.
"""
