"""Tables of text and of Parquet."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.artefact import HUGE, Place, hostile
from tests.hostile.verbs import predicted, trained_on

csv = trained_on("csv", target="y")
parquet = trained_on("parquet", target="y")
ROWS = "a,b,y\n" + "1,2,0\n3,4,1\n" * 20


def table(place: Place, data: bytes | str, name: str = "x.csv") -> Path:
    """Write a file of text."""
    path = place.folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@hostile("csv: a line of four terabytes behind good ones", csv, "data")
def _(place: Place) -> Path:
    path = table(place, ROWS)
    os.truncate(path, HUGE)
    return path


@hostile("csv: a first line of four terabytes", csv, "isn't a table of text|data")
def _(place: Place) -> Path:
    path = table(place, "a")
    os.truncate(path, HUGE)
    return path


@hostile("csv: a value of thirty megabytes", csv, "isn't a table of text|data")
def _(place: Place) -> Path:
    return table(place, "a,y\n" + "x" * (30 << 20) + ",1\n")


@hostile("csv: nulls between the values", csv, "data")
def _(place: Place) -> Path:
    return table(place, "a,b,y\n1,2,0\n3,\0\0,1\n" * 5)


@hostile("csv: rows of different length", csv, "differ in length")
def _(place: Place) -> Path:
    return table(place, ROWS + "1,2,3,4,5,6\n")


@hostile("csv: text of another encoding", csv, "data.encoding: x.csv isn't utf-8")
def _(place: Place) -> Path:
    return table(place, "größe,y\n1,0\n".encode("utf-16"))


@hostile("csv: a quote that is never closed", csv, "data")
def _(place: Place) -> Path:
    return table(place, 'a,b,y\n1,"2,0\n' + "3,4,1\n" * 1_000_000)


@hostile("csv: half a million columns", csv, "data")
def _(place: Place) -> Path:
    return table(place, ",".join(f"c{number}" for number in range(500_000)) + "\n1,2,3\n")


@hostile("csv.gz: one line packed a thousandfold", csv, "data.path: x.csv.gz")
def _(place: Place) -> Path:
    path = place.folder / "x.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(ROWS.encode())
        for _ in range(2048):
            file.write(bytes(1 << 20))
    return path


@hostile("csv: a pipe that nobody writes to", csv, "data.path: expected an ordinary file")
def _(place: Place) -> Path:
    os.mkfifo(place.folder / "x.csv")
    return place.folder / "x.csv"


@hostile("csv: a device without an end", csv, "data.path: expected an ordinary file")
def _(place: Place) -> str:
    return "/dev/zero"


def written(place: Place, **columns: object) -> Path:
    """Write a Parquet file."""
    pq.write_table(pa.table(columns), place.folder / "x.parquet")
    return place.folder / "x.parquet"


def varint(number: int) -> bytes:
    """Write a number as Thrift's compact protocol does."""
    number, found = number << 1, bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


@hostile("parquet: a footer of noise", parquet, "can't be read as Parquet")
def _(place: Place) -> Path:
    path = written(place, a=np.zeros(50), y=np.arange(50) % 2)
    data = bytearray(path.read_bytes())
    size = struct.unpack("<I", data[-8:-4])[0]
    noise = np.random.default_rng(0).integers(0, 256, size // 2, np.uint8).tobytes()
    data[-8 - size : -8 - size + len(noise)] = noise
    path.write_bytes(data)
    return path


@hostile("parquet: a footer larger than the file", parquet, "can't be read as Parquet")
def _(place: Place) -> Path:
    path = written(place, a=np.zeros(50), y=np.arange(50) % 2)
    data = bytearray(path.read_bytes())
    data[-8:-4] = struct.pack("<I", 2**31)
    path.write_bytes(data)
    return path


@hostile(
    "parquet: a trillion rows that aren't there", parquet, "times larger when it is unpacked|can't be read as Parquet"
)
def _(place: Place) -> Path:
    count = 1_234_567
    path = written(place, a=np.zeros(count, np.int8), y=np.zeros(count, np.int8))
    data = path.read_bytes()
    size = struct.unpack("<I", data[-8:-4])[0]
    footer = data[-8 - size : -8].replace(varint(count), varint(10**12))
    path.write_bytes(data[: -8 - size] + footer + struct.pack("<I", len(footer)) + b"PAR1")
    return path


@hostile("parquet: one text of a megabyte in ten thousand rows", parquet, "holds text of more than 10,000 characters")
def _(place: Place) -> Path:
    count = 10_000
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array(["x" * (1 << 20)]))
    return written(place, a=text.cast(pa.dictionary(pa.int32(), pa.string())), y=np.arange(count) % 2)


@hostile("parquet: lists within lists", parquet, "not numbers or text")
def _(place: Place) -> Path:
    return written(place, a=[[[1.0]]] * 9, y=list(range(9)))


@hostile("parquet: a data frame's own pickle", parquet, "can't be read as Parquet", naive=pd.read_pickle)
def _(place: Place) -> Path:
    import pickle

    return table(place, pickle.dumps(place.evil()), "x.parquet")


@hostile("predict: a table of a hundred thousand columns", predicted, "expected .* numbers a row")
def _(place: Place) -> Path:
    return table(place, ",".join(["1"] * 100_000) + "\n")


@hostile("predict: a table of binary noise", predicted, "expected a CSV file in UTF-8")
def _(place: Place) -> Path:
    return table(place, np.random.default_rng(0).integers(0, 256, 10_000, np.uint8).tobytes())


@hostile("predict: a table with a value of a megabyte", predicted, "field larger|expected")
def _(place: Place) -> Path:
    return table(place, "1," * 63 + "9" * (1 << 20) + "\n")
