"""Where the emulator's state outlives its process: rows in SQLite, bytes of files in an append-only file beside it."""

import asyncio
import hashlib
import json
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]

# Rows wait this long (seconds) so that a burst of changes is one transaction; a kill -9 loses no more than that.
FLUSH_AFTER = 0.2


class StateFile:
    """Write changed rows behind the requests' back, each batch in one transaction."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._dirty: dict[tuple[str, str], tuple[str, Row | None]] = {}
        self._wake = asyncio.Event()
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA cache_size=-64000")  # 64 MB: the index is written in random order
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS rows (kind TEXT, id TEXT, account TEXT, body TEXT, PRIMARY KEY (kind, id))"
        )
        self._connection.commit()

    def rows(self) -> Iterator[tuple[str, str, Row]]:
        """Yield (kind, account id, row) of everything stored."""
        for kind, account, body in self._connection.execute("SELECT kind, account, body FROM rows"):
            yield kind, account, json.loads(body)

    def mark(self, kind: str, key: str, account: str, row: Row | None) -> None:
        """Remember that a row changed, or (None) is gone."""
        self._dirty[(kind, key)] = (account, row)
        self._wake.set()

    def wipe(self) -> None:
        """Forget everything stored; the next flush writes what was marked since."""
        with self._lock, self._connection:
            self._dirty.clear()
            self._connection.execute("DELETE FROM rows")

    async def keep_writing(self) -> None:
        """Flush for ever, a moment after each change."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(FLUSH_AFTER)
            self._wake.clear()
            await asyncio.to_thread(self.flush)

    def flush(self) -> None:
        """Write what changed. A row is encoded in one C call, so that no request can change it half-way."""
        with self._lock, self._connection:  # the lock first: a wipe in between must not be undone by an old batch
            batch, self._dirty = self._dirty, {}
            for (kind, key), (account, row) in batch.items():
                if row is None:
                    self._connection.execute("DELETE FROM rows WHERE kind = ? AND id = ?", (kind, key))
                else:
                    self._connection.execute(
                        "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)", (kind, key, account, json.dumps(row))
                    )

    def close(self) -> None:
        """Write the rest and let go of the file."""
        self.flush()
        self._connection.close()


class Blobs:
    """Bytes of uploaded files, each content once, outside of memory."""

    def __init__(self, path: str | None) -> None:
        # Not in append mode: pwrite would then ignore its offset on Linux.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600) if path else _unnamed_file()
        self._places: dict[str, tuple[int, int]] = {}
        self._end = os.fstat(self._file).st_size

    def put(self, content: bytes) -> tuple[str, tuple[int, int] | None]:
        """Store content; give back its SHA-256 and, if it is new here, its place to be remembered."""
        digest = hashlib.sha256(content).hexdigest()
        if digest in self._places:
            return digest, None
        place = (self._end, len(content))
        os.pwrite(self._file, content, self._end)
        self._end += len(content)
        self._places[digest] = place
        return digest, place

    def remember(self, digest: str, place: tuple[int, int]) -> None:
        """Learn where a content lies, from the stored state."""
        self._places[digest] = place

    def get(self, digest: str) -> bytes:
        """Return the bytes stored under that SHA-256."""
        start, length = self._places[digest]
        return os.pread(self._file, length, start)

    def wipe(self) -> None:
        """Forget all content."""
        self._places.clear()
        os.ftruncate(self._file, 0)
        self._end = 0


def _unnamed_file() -> int:
    """Open a file that vanishes with the process."""
    with tempfile.TemporaryFile() as unnamed:
        return os.dup(unnamed.fileno())
