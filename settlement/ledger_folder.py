"""A ledger's folder as `zkmargin ledger init` makes it: its configuration, its verifying key, its database."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from zkmargin.algebra import Engine
from zkmargin.verifier import MarginLedger, VerifyingKey

from .errors import DocumentError
from .ledger_document import DOCUMENT, LedgerDocument

CONFIG_NAME, KEY_NAME, DATABASE_NAME = "ledger.json", "verification_key.json", "ledger.sqlite"
MAX_CONFIG_BYTES = 1 << 16
MAX_KEY_BYTES = 1 << 22


@dataclass(frozen=True)
class LedgerFolder:
    """What the folder says; the database is opened by `open`, as often as there are processes."""

    path: Path
    document: LedgerDocument
    key: VerifyingKey

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> LedgerFolder:
        """Read configuration and key. The key is judged when the ledger is opened, not here."""
        folder = Path(path)
        config = _bounded(folder / CONFIG_NAME, MAX_CONFIG_BYTES)
        key = _bounded(folder / KEY_NAME, MAX_KEY_BYTES)
        return cls(folder, LedgerDocument.from_json(config), VerifyingKey.from_json(key))

    @property
    def database(self) -> Path:
        """The SQLite file that stands in the folder, unless the ledger lives on a server."""
        return self.path / DATABASE_NAME

    def open(
        self, where: str | os.PathLike[str] | None = None, *, engine: Engine | None = None, create: bool = True
    ) -> MarginLedger:
        """The ledger; `where` is a database other than the folder's own, say a `postgresql://` address.

        `create` as in `MarginLedger.open`.
        """
        place = where or self.database
        return MarginLedger.open(place, self.document.config, self.key, engine=engine, create=create)


def _bounded(path: Path, limit: int) -> bytes:
    """The file's bytes; one byte more than the limit is read at most."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as problem:
        raise DocumentError(DOCUMENT, str(path), f"cannot be read: {problem.strerror}") from None
    if len(data) > limit:
        raise DocumentError(DOCUMENT, str(path), f"is larger than {limit} bytes")
    return data
