"""What can happen to an account, and each event as bytes.

An account is the fold of its events; `fold.py` says how each one changes it. The layouts are in docs/account-book.md.
Whole numbers are big-endian; amounts are unsigned 64-bit, quantities signed 64-bit, both e8.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from zkmargin.algebra import BN254

from .malformed import MalformedRow

MAX_CASH = 8
"""A trade settles cash in at most so many assets."""

_ITEM_AMOUNT = struct.Struct(">HQ")
_ITEM_QUANTITY = struct.Struct(">Hq")
_TARGET_AMOUNT = struct.Struct(">32sQ")
_OPEN = struct.Struct(">32s32s")
_VENUE = struct.Struct(">Q")


@dataclass(frozen=True)
class Open:
    """A new empty account for the holder of a secret, netted with those venues."""

    kind: ClassVar[str] = "open"
    key_commitment: int
    salt: int
    venue_ids: tuple[int, ...]

    def __repr__(self) -> str:
        """Without key or salt."""
        return f"Open(venue_ids={self.venue_ids})"

    def to_bytes(self) -> bytes:
        ids = b"".join(_VENUE.pack(venue_id) for venue_id in self.venue_ids)
        return _OPEN.pack(self.key_commitment.to_bytes(32, "big"), self.salt.to_bytes(32, "big")) + ids

    @classmethod
    def from_bytes(cls, data: bytes) -> Open:
        if len(data) <= _OPEN.size or (len(data) - _OPEN.size) % _VENUE.size:
            raise MalformedRow("open")
        key, salt = _OPEN.unpack_from(data)
        ids = tuple(venue_id for (venue_id,) in _VENUE.iter_unpack(data[_OPEN.size :]))
        return cls(_element(key), _element(salt), ids)


@dataclass(frozen=True)
class _AssetEvent:
    """An amount of one asset."""

    asset: int
    amount_e8: int

    def __repr__(self) -> str:
        """Without the amount: a repr ends up in logs."""
        return f"{type(self).__name__}(asset={self.asset})"

    def to_bytes(self) -> bytes:
        return _ITEM_AMOUNT.pack(self.asset, self.amount_e8)


class Deposit(_AssetEvent):
    """Adds to a balance."""

    kind: ClassVar[str] = "deposit"


class Withdraw(_AssetEvent):
    """Takes from a balance."""

    kind: ClassVar[str] = "withdraw"


class Borrow(_AssetEvent):
    """Adds to a debt and to the same asset's balance."""

    kind: ClassVar[str] = "borrow"


class Repay(_AssetEvent):
    """Takes from a debt and from the same asset's balance."""

    kind: ClassVar[str] = "repay"


@dataclass(frozen=True)
class Trade:
    """Changes a position, and balances by the cash and fees that settle it: pairs of asset and signed amount."""

    kind: ClassVar[str] = "trade"
    instrument: int
    quantity_e8: int
    cash_e8: tuple[tuple[int, int], ...] = ()

    def __repr__(self) -> str:
        """Without quantity or cash."""
        return f"Trade(instrument={self.instrument})"

    def to_bytes(self) -> bytes:
        rows = ((self.instrument, self.quantity_e8), *self.cash_e8)
        return b"".join(_ITEM_QUANTITY.pack(item, quantity) for item, quantity in rows)

    @classmethod
    def from_bytes(cls, data: bytes) -> Trade:
        if not data or len(data) % _ITEM_QUANTITY.size or len(data) > (1 + MAX_CASH) * _ITEM_QUANTITY.size:
            raise MalformedRow("trade")
        (instrument, quantity), *cash = _ITEM_QUANTITY.iter_unpack(data)
        return cls(instrument, quantity, tuple(cash))


@dataclass(frozen=True)
class _TargetEvent:
    """An amount set aside for one target."""

    target: int
    amount_e8: int

    def __repr__(self) -> str:
        """Without target or amount."""
        return f"{type(self).__name__}(...)"

    def to_bytes(self) -> bytes:
        return _TARGET_AMOUNT.pack(self.target.to_bytes(32, "big"), self.amount_e8)


class Reserve(_TargetEvent):
    """Sets free collateral aside for a target."""

    kind: ClassVar[str] = "reserve"


class Release(_TargetEvent):
    """Frees everything that is set aside for a target, which has let go of the state before this event."""

    kind: ClassVar[str] = "release"


AssetEvent = Deposit | Withdraw | Borrow | Repay
Event = Open | AssetEvent | Trade | Reserve | Release


def _asset_reader(kind: type[AssetEvent]) -> Callable[[bytes], Event]:
    def read(data: bytes) -> Event:
        if len(data) != _ITEM_AMOUNT.size:
            raise MalformedRow(kind.kind)
        return kind(*_ITEM_AMOUNT.unpack(data))

    return read


def _target_reader(kind: type[Reserve | Release]) -> Callable[[bytes], Event]:
    def read(data: bytes) -> Event:
        if len(data) != _TARGET_AMOUNT.size:
            raise MalformedRow(kind.kind)
        target, amount = _TARGET_AMOUNT.unpack(data)
        return kind(_element(target), amount)

    return read


_READERS: dict[str, Callable[[bytes], Event]] = {
    "open": Open.from_bytes,
    "deposit": _asset_reader(Deposit),
    "withdraw": _asset_reader(Withdraw),
    "trade": Trade.from_bytes,
    "borrow": _asset_reader(Borrow),
    "repay": _asset_reader(Repay),
    "reserve": _target_reader(Reserve),
    "release": _target_reader(Release),
}
KINDS = tuple(_READERS)


def read_event(kind: object, data: object) -> Event:
    """The event of this kind in these bytes; `MalformedRow` where there is none."""
    if not isinstance(kind, str) or kind not in _READERS or not isinstance(data, bytes):
        raise MalformedRow(str(kind)[:20])
    return _READERS[kind](data)


def _element(data: bytes) -> int:
    value = int.from_bytes(data, "big")
    if value >= BN254.r:
        raise MalformedRow("not a field element")
    return value
