"""Many signed reports in one document, `zkmargin.market-reports/1`, and the snapshot computed from them again.

Whoever has the bundle, the configuration and the snapshot before can check every number of a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import Buffer, load_json

from ..errors import MarketDataError, SnapshotMismatch
from ..fields import Fields
from .config import MarketConfig
from .consensus import MAX_REPORTS, agree
from .signing import REPORT, SignedReport
from .snapshot import NO_DIGEST, MarketSnapshot

FORMAT = "zkmargin.market-reports/1"
DOCUMENT = "market reports"
MAX_JSON_BYTES = 48 << 20


@dataclass(frozen=True)
class ReportBundle:
    """Reports as they were signed, also those that did not count."""

    reports: tuple[SignedReport, ...]

    def __post_init__(self) -> None:
        if len(self.reports) > MAX_REPORTS:
            raise MarketDataError("reports", f"are {len(self.reports)}; a bundle has at most {MAX_REPORTS}")

    def to_json(self) -> dict[str, Any]:
        """In one order, whatever order the reports came in."""
        ordered = sorted(self.reports, key=lambda signed: (signed.report.digest, signed.signature))
        return {"format": FORMAT, "reports": [signed.to_json() for signed in ordered]}

    @classmethod
    def from_json(cls, data: Buffer | str) -> ReportBundle:
        """Read a bundle; one malformed report refuses it: whoever makes the bundle can leave that report out."""
        return cls.read(Fields(load_json(data, DOCUMENT, max_bytes=MAX_JSON_BYTES), DOCUMENT))

    @classmethod
    def read(cls, fields: Fields) -> ReportBundle:
        """Take everything from a document."""
        fields.expect("format", FORMAT)
        reports = fields.objects("reports", SignedReport.read)
        fields.done()
        return cls(tuple(reports))


def read_reports(data: Buffer | str) -> tuple[SignedReport, ...]:
    """The reports of a bundle, or one report on its own."""
    document = load_json(data, DOCUMENT, max_bytes=MAX_JSON_BYTES)
    fields = Fields(document, DOCUMENT)
    if fields.take("format", "") == FORMAT:
        return ReportBundle.read(Fields(document, DOCUMENT)).reports
    fields = Fields(document, REPORT)
    signed = SignedReport.read(fields)
    fields.done()
    return (signed,)


def recompute(
    snapshot: MarketSnapshot, bundle: ReportBundle, config: MarketConfig, previous: MarketSnapshot | None = None
) -> None:
    """Raise `SnapshotMismatch` unless these reports make exactly this snapshot, at the time it says it was made.

    A snapshot that names one before it needs that one, because the breaker and the replay check depend on it.
    """
    _require_chain(snapshot, previous)
    if snapshot.provenance.config_digest != config.digest:
        raise SnapshotMismatch("config_digest", "is of another configuration")
    found = agree(bundle.reports, config, snapshot.provenance.agreed_at_ms, previous)
    for field, promised, made in _compared(snapshot, found):
        if promised != made:
            raise SnapshotMismatch(field, "differs")


def _require_chain(snapshot: MarketSnapshot, previous: MarketSnapshot | None) -> None:
    expected = snapshot.provenance.previous_digest
    if previous is None and expected != NO_DIGEST:
        raise SnapshotMismatch("previous_digest", "names a snapshot before it, which is needed to compute this one")
    if previous is not None and previous.digest() != expected:
        raise SnapshotMismatch("previous_digest", "names another snapshot than the one given")


def _compared(snapshot: MarketSnapshot, found: MarketSnapshot) -> Iterator[tuple[str, Any, Any]]:
    """Field by field, and price by price, so that the first difference has a name."""
    promised, made = snapshot.to_json(), found.to_json()
    for field in promised:
        if field in ("prices", "volatilities"):
            for name in sorted(promised[field].keys() | made[field].keys()):
                yield f"{field}.{name}", promised[field].get(name), made[field].get(name)
        else:
            yield field, promised[field], made[field]
