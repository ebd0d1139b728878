"""SQLite on a network file system: no write-ahead log, and one host at a time.

The log's index is memory shared between processes, which no network file system shares between hosts, and
their file locks are often not to be trusted. So the store remembers which host uses it.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.store.liveness import LEASE
from dltrainer_jupyter.store.tables import store_info

_REFRESH = timedelta(seconds=30)

_NETWORK = frozenset(
    [
        "9p",
        "afpfs",
        "afs",
        "beegfs",
        "ceph",
        "cephfs",
        "cifs",
        "davfs",
        "drive",
        "drvfs",
        "gcsfuse",
        "glusterfs",
        "gpfs",
        "juicefs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "rclone",
        "s3fs",
        "smb2",
        "smb3",
        "smbfs",
        "sshfs",
        "webdav",
    ]
)


def network_file_system(path: Path) -> str | None:
    """Say which network file system a file lies on.

    Parameters
    ----------
    path : pathlib.Path
        An absolute path; the file itself need not exist.

    Returns
    -------
    str or None
        Such as ``"nfs4"``; None on a local disk.
    """
    kind = _file_system(path)
    return kind if kind.removeprefix("fuse.") in _NETWORK else None


def _file_system(path: Path) -> str:
    """Find the mount with the longest path that leads to the file."""
    best, kind = -1, ""
    for mount, candidate in _mounts():
        if path.is_relative_to(mount) and len(mount) >= best:
            best, kind = len(mount), candidate
    return kind.lower()


def _mounts() -> list[tuple[str, str]]:
    if sys.platform == "linux":
        return [_linux_mount(line) for line in Path("/proc/self/mountinfo").read_bytes().splitlines()]
    import psutil

    return [(partition.mountpoint, partition.fstype) for partition in psutil.disk_partitions(all=True)]


def _linux_mount(line: bytes) -> tuple[str, str]:
    """Read a line of mountinfo: five fields up to the mount point, some more, a dash, the type."""
    fields = line.split(b" ")
    # Spaces and the like are written as three octal digits.
    point = re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), fields[4])
    return os.fsdecode(point), fields[fields.index(b"-", 6) + 1].decode()


@dataclass(frozen=True)
class HostClaim:
    """Exclusive use of a store on a network file system by this host.

    Parameters
    ----------
    host : str
        This host.
    file_system : str
        What the store lies on, for messages.
    """

    host: str
    file_system: str

    def take(self, connection: Connection) -> bool:
        """Claim the store, or renew the claim; runs in the transaction of every write.

        Returns
        -------
        bool
            Whether this host did not have it before.

        Raises
        ------
        StoreError
            If another host uses it.
        """
        now = datetime.now(UTC)
        holder = connection.execute(sa.select(store_info.c.host, store_info.c.host_seen_at)).one()
        is_ours = bool(holder.host == self.host)
        free = holder.host is None or now - holder.host_seen_at > LEASE
        if not is_ours and not free:
            msg = (
                f"This store lies on a network file system ({self.file_system}), where SQLite serves one host at a "
                f"time, and '{holder.host}' uses it. Wait {LEASE.seconds} s after its last program ended, or use "
                "PostgreSQL: DLTRAINER_STORE=postgresql://USER@HOST/DATABASE."
            )
            raise StoreError(msg)
        if not is_ours or now - holder.host_seen_at > _REFRESH:
            connection.execute(store_info.update().values(host=self.host, host_seen_at=now))
        return not is_ours

    def notice(self) -> str:
        """Say what follows from the file system."""
        return (
            f"The store lies on a network file system ({self.file_system}): it is slower there and serves one host "
            "at a time. PostgreSQL is the better choice: DLTRAINER_STORE=postgresql://USER@HOST/DATABASE."
        )
