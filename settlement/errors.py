"""The errors of the settlement room.

SettlementError
|-- DocumentError       a JSON document is not what its format says; `field` is the place
|-- VenueError          the source venue refuses an order or a question
|   |-- UnknownAccount      there is no such account
|   |-- AlreadyNetted       the key has an account netted with the same venues
|   |-- OrderMalformed      an asset, instrument, target or amount that no order can have; `field` is the one at fault
|   |-- NotCovered          collateral would fall short; `part` says of what
|   |-- ReservationRefused  no free slot, nothing reserved, or the target has not let go of the present state
|   |-- RiskTableRefused    no risk table in force, or one of another shape, other names or an earlier time
|   `-- UnknownEpoch        an epoch never published, or no longer kept
|-- BookError           the account book's file cannot be used; `path` names it
|   |-- ForeignBook         a file of something else
|   |-- BookTooNew          written by a later version of this library
|   `-- DamagedBook         rows that do not hold together, or do not follow from the events
|-- OracleError         prices or signatures that cannot make a risk table
|   |-- MarketDataError a market value, name or time that cannot be one; `field` is which
|   |   `-- RowError    a row of a CSV file; `line` and `field` are the place
|   |-- SignatureRefused  a market report's signature that is not its source's; `source` is who it claims to be from
|   `-- ConsensusError  well-formed reports that make no market
|       |-- NoConsensus        too few sources agree; `failures` says where, `rejections` what was left out
|       |-- MovementRefused    a value moved further than the breaker allows; `name`, `moved_ppm`, `allowed_ppm`
|       |-- SnapshotOutOfOrder a snapshot that is not newer than the one before
|       `-- SnapshotMismatch   a snapshot that its reports do not make; `field` is where it differs
|-- LifecycleError      documents, proof and ledger of a credit that do not belong together
|   |-- NotReserved     the credit is not reserved for the target where it is to be proven; says how to reserve it
|   `-- TargetRefuses   the target would refuse what is asked for; `field` is what
|-- RiskError           the risk engine cannot make a number; `name` is what it was to be made for
|   |-- PricingError    an instrument or a number that has no price: expired, not finite, no bound on gamma
|   |-- ForecastError   a price history that no volatility can be forecast from
|   |-- LatencyError    observed settlement times that no latency can be promised from
|   |-- TableError      policy and market data that cannot become a risk table
|   `-- TableMismatch   a published table is not the one that its inputs make
|-- BacktestError       a backtest that cannot be run, or whose verdict is no
|   |-- ModelError      a market model with a parameter that makes no market; `field` names it
|   |-- PathError       a path of prices that cannot be backtested: too short, uneven, not positive
|   |-- StudyError      a setting of a backtest that does not fit; `field` names it
|   `-- CoverageRejected losses exceeded the margin more often than was asked for; `portfolios` names where
`-- VectorMismatch      a replayed test vector gave another result than it promises
"""

from __future__ import annotations

import shlex
from typing import ClassVar

from zkmargin.algebra.errors import EncodingError, ZkMarginError
from zkmargin.algebra.fixed_point import format_decimal


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


class UnknownAccount(VenueError):
    """No account has this `index`."""

    def __init__(self, index: object) -> None:
        super().__init__(f"there is no account {index}; open it first")
        self.index = index


class AlreadyNetted(VenueError):
    """The key has an account that is netted with the same other venues: its `index`."""

    def __init__(self, index: int) -> None:
        super().__init__(f"account {index} of this key is netted with the same venues already: use it, or another key")
        self.index = index


class OrderMalformed(VenueError):
    """An order with an impossible `field`; the message never holds the value, which may be private."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


class NotCovered(VenueError):
    """Account `index` lacks collateral; `part` is "balance", "debt" or "margin"."""

    REASONS: ClassVar[dict[str, str]] = {
        "balance": "does not hold that much of the asset",
        "debt": "does not owe that much of the asset",
        "margin": "would fall short of its margin, debts and reservations: deposit first, or ask for less",
    }

    def __init__(self, index: int, part: str) -> None:
        super().__init__(f"account {index} {self.REASONS[part]}")
        self.index = index
        self.part = part


class ReservationRefused(VenueError):
    """A reservation or release that account `index` cannot have."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"account {index} {reason}")
        self.index = index
        self.reason = reason


class RiskTableRefused(VenueError):
    """Orders cannot be judged by this table, or there is none."""


class UnknownEpoch(VenueError):
    """An `epoch` that cannot be opened; None where the newest was asked for and there is none."""

    def __init__(self, epoch: int | None, reason: str) -> None:
        super().__init__(f"no epoch {reason}" if epoch is None else f"epoch {epoch} {reason}")
        self.epoch = epoch
        self.reason = reason


class BookError(SettlementError):
    """The account book's file cannot be used; `path` names it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"account book {path}: {reason}")
        self.path = path
        self.reason = reason


class ForeignBook(BookError):
    """A file of something else."""


class BookTooNew(BookError):
    """A book that only a later version of this library can read."""


class DamagedBook(BookError):
    """A book whose rows do not hold together, or do not follow from its events."""


class OracleError(SettlementError):
    """Prices or signatures that cannot make a risk table."""


class MarketDataError(OracleError):
    """A market value, name or time that cannot be one; `field` is which."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


class RowError(MarketDataError):
    """A row of a CSV file that cannot be read; `line` (from 1) and `field`, the column, are the place.

    `file` is empty until somebody who knows the file's name gives it.
    """

    def __init__(self, line: int, field: str, reason: str, file: str = "") -> None:
        places = (file, f"line {line}" if line else "", field)
        super().__init__(": ".join(place for place in places if place), reason)
        self.file = file
        self.line = line
        self.field = field


class SignatureRefused(OracleError):
    """A report's signature that is not its source's; `source` is who it claims to be from."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"report of {source}: {reason}")
        self.source = source
        self.reason = reason


class ConsensusError(OracleError):
    """Well-formed reports that make no market."""


class NoConsensus(ConsensusError):
    """Too few sources agree; `failures` has a line per name, `rejections` one per report or quote left out."""

    def __init__(self, failures: list[str], rejections: list[str]) -> None:
        left_out = f"; left out: {', '.join(rejections)}" if rejections else ""
        super().__init__(f"no consensus: {'; '.join(failures)}{left_out}")
        self.failures = failures
        self.rejections = rejections


class MovementRefused(ConsensusError):
    """A value that moved by `moved_ppm` in `elapsed_ms` where `allowed_ppm` is the most."""

    def __init__(self, name: str, moved_ppm: int, allowed_ppm: int, elapsed_ms: int) -> None:
        super().__init__(
            f"{name} moved by {moved_ppm} ppm in {elapsed_ms} ms and {allowed_ppm} ppm is allowed: "
            "see whether the market is right, then agree without the snapshot before"
        )
        self.name = name
        self.moved_ppm = moved_ppm
        self.allowed_ppm = allowed_ppm
        self.elapsed_ms = elapsed_ms


class SnapshotOutOfOrder(ConsensusError):
    """A snapshot of `found_ms` that should follow one of `before_ms`."""

    def __init__(self, before_ms: int, found_ms: int) -> None:
        super().__init__(
            f"the reports are of {found_ms} ms, not after the snapshot of {before_ms} ms: get newer reports"
        )
        self.before_ms = before_ms
        self.found_ms = found_ms


class SnapshotMismatch(ConsensusError):
    """A snapshot that its reports do not make; `field` is where it differs."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"not the snapshot that these reports make: {field} {reason}")
        self.field = field
        self.reason = reason


class RiskError(SettlementError):
    """A number the risk engine cannot make; `name` says which instrument, asset, route or input is at fault."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")
        self.name = name
        self.reason = reason


class PricingError(RiskError):
    """An instrument or a number that has no price."""


class ForecastError(RiskError):
    """A price history that no volatility can be forecast from."""


class LatencyError(RiskError):
    """Observed settlement times that no latency can be promised from."""


class TableError(RiskError):
    """Policy and market data that cannot become a risk table."""


class TableMismatch(RiskError):
    """A published table that is not the one its inputs make; `field` is the first that differs."""

    def __init__(self, name: str, expected: object, found: object) -> None:
        super().__init__(name, f"is {_short(found)} in the published table; its inputs make {_short(expected)}")
        self.field = name
        self.expected = expected
        self.found = found


class LifecycleError(SettlementError):
    """Documents, proof and ledger of a credit that do not belong together."""


class NotReserved(LifecycleError):
    """The epoch does not show the credit reserved for `target`; `missing_e8` of it is not reserved since either.

    The amount is private; only `revealing()` spells it out.
    """

    def __init__(self, path: str, index: int, target: int, missing_e8: int, quote: str) -> None:
        self.path = path
        self.index = index
        self.target = target
        self.missing_e8 = missing_e8
        self.quote = quote
        super().__init__(self._message("AMOUNT"))

    def revealing(self) -> str:
        """The message with the amount that is missing."""
        return self._message(format_decimal(self.missing_e8, 8))

    def _message(self, amount: str) -> str:
        book = shlex.quote(self.path)
        publish = f"'zkmargin account publish {book}'"
        if not self.missing_e8:
            return f"the credit is reserved for this target, but not in the epoch to prove from: {publish} first"
        return (
            "the credit is not reserved for this target: first 'zkmargin account reserve "
            f'{book} {self.index} "{amount} {self.quote}" --target {self.target}\', then {publish}'
        )


class TargetRefuses(LifecycleError):
    """What is asked for is not acceptable to the target by its own configuration; `field` is what."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"the target would refuse this: {field} {reason}")
        self.field = field
        self.reason = reason


class BacktestError(SettlementError):
    """A backtest that cannot be run, or whose verdict is no."""


class ModelError(BacktestError):
    """A parameter of a market model outside its range."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"market model: {field} {reason}")
        self.field = field


class PathError(BacktestError):
    """Prices that cannot be backtested."""


class StudyError(BacktestError):
    """A setting of a backtest that does not fit the path or another setting."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"backtest: {field} {reason}")
        self.field = field


class CoverageRejected(BacktestError):
    """The margin of these portfolios covers less than was asked for."""

    def __init__(self, portfolios: tuple[str, ...], coverage: str) -> None:
        names = ", ".join(portfolios)
        super().__init__(
            f"a coverage of {coverage} is rejected for {names}: raise the confidence or shorten the horizon"
        )
        self.portfolios = portfolios


class VectorMismatch(SettlementError):
    """A replayed vector gave another result than it promises; `expected` and `found` say which."""

    def __init__(self, what: str, expected: object, found: object) -> None:
        super().__init__(f"{what}: expected {_short(expected)}, found {_short(found)}")
        self.expected = expected
        self.found = found


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."
