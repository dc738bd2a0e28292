"""The errors of the settlement room.

SettlementError
|-- DocumentError       a JSON document is not what its format says; `field` is the place
|-- VenueError          the source venue refuses an order: unknown account, not enough free collateral
|-- OracleError         prices or signatures that cannot make a risk table
|   `-- MarketDataError a market value, name or time that cannot be one; `field` is which
|-- LifecycleError      documents, proof and ledger of a credit that do not belong together
`-- VectorMismatch      a replayed test vector gave another result than it promises
"""

from __future__ import annotations

from zkmargin.algebra.errors import EncodingError, ZkMarginError


class SettlementError(ZkMarginError):
    """Base of the errors of `zkmargin.settlement`."""


class DocumentError(SettlementError, EncodingError):
    """A document with a missing, unknown or malformed field; `document` and `field` say where."""

    def __init__(self, document: str, field: str, reason: str) -> None:
        super().__init__(f"{document}: {field} {reason}", what=document)
        self.document = document
        self.field = field
        self.reason = reason


class VenueError(SettlementError):
    """An order that a source venue refuses."""


class OracleError(SettlementError):
    """Prices or signatures that cannot make a risk table."""


class MarketDataError(OracleError):
    """A market value, name or time that cannot be one; `field` is which."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


class LifecycleError(SettlementError):
    """Documents, proof and ledger of a credit that do not belong together."""


class VectorMismatch(SettlementError):
    """A replayed vector gave another result than it promises; `expected` and `found` say which."""

    def __init__(self, what: str, expected: object, found: object) -> None:
        super().__init__(f"{what}: expected {_short(expected)}, found {_short(found)}")
        self.expected = expected
        self.found = found


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."
