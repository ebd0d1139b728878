"""Sources that read files, a format a file, and how files come here from elsewhere.

What lives here: tables (CSV, Parquet), arrays (NPZ, HDF5, IDX, CIFAR's pickles), data sets that are published, and the
cache of what was fetched. A file is somebody else's: it is refused in one line before it takes memory, and nothing in
it is run.
"""
