"""Which reports count: one per source at most, authentic, for this market, fresh; every other one is named.

A report is judged in the order of `Reason`. Signatures are checked before anything is held against a source, so nobody
can have another source's report left out by making one up in its name, or by repeating an older one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import SignatureRefused
from .config import MarketConfig
from .reasons import Reason
from .report import MarketReport
from .signing import SignedReport
from .snapshot import Rejection


@dataclass(frozen=True)
class Admission:
    """The reports that count, by source, and what was left out."""

    reports: Mapping[str, MarketReport]
    rejections: tuple[Rejection, ...]


def admit(
    signed_reports: Iterable[SignedReport], config: MarketConfig, now_ms: int, newest: Mapping[str, int]
) -> Admission:
    """Judge each report; `newest` has the sequences of the snapshot before. The order of the reports does not show."""
    rejections: list[Rejection] = []
    authentic: dict[str, dict[bytes, MarketReport]] = defaultdict(dict)
    for signed in signed_reports:
        report = signed.report
        reason = _foreign(report, config) or _unauthentic(signed, config)
        if reason is None:
            authentic[report.source][report.digest] = report
        else:
            rejections.append(rejection(report, reason))
    admitted = {}
    for source, reports in sorted(authentic.items()):
        chosen = _choose(list(reports.values()), config, now_ms, newest.get(source, 0), rejections)
        if chosen is not None:
            admitted[source] = chosen
    return Admission(admitted, tuple(sorted(set(rejections))))


def rejection(report: MarketReport, reason: Reason, symbol: str = "") -> Rejection:
    """A report, or one quote of it, left out for a reason."""
    return Rejection(report.source, report.sequence, symbol, reason.value)


def _foreign(report: MarketReport, config: MarketConfig) -> Reason | None:
    if report.domain != config.domain:
        return Reason.WRONG_DOMAIN
    if (report.market, report.quote) != (config.market, config.quote):
        return Reason.WRONG_MARKET
    return None if report.source in config.signer_of else Reason.UNKNOWN_SOURCE


def _unauthentic(signed: SignedReport, config: MarketConfig) -> Reason | None:
    signer = config.signer_of[signed.report.source]
    try:
        signed.require_signed_by(signer.scheme, signer.identity)
    except SignatureRefused:
        return Reason.BAD_SIGNATURE
    return None


def _choose(
    reports: list[MarketReport], config: MarketConfig, now_ms: int, newest: int, rejections: list[Rejection]
) -> MarketReport | None:
    """The newest timely report of one source; all are its own and different."""
    timely = []
    for report in reports:
        reason = _untimely(report, config, now_ms, newest)
        if reason is None:
            timely.append(report)
        else:
            rejections.append(rejection(report, reason))
    # Among the timely only: who once used a sequence twice by mistake must not be shut out for ever by a replay.
    if len({report.sequence for report in timely}) != len(timely):
        rejections.extend(rejection(report, Reason.EQUIVOCATION) for report in timely)
        return None
    timely.sort(key=lambda report: report.sequence)
    rejections.extend(rejection(report, Reason.SUPERSEDED) for report in timely[:-1])
    return timely[-1] if timely else None


def _untimely(report: MarketReport, config: MarketConfig, now_ms: int, newest: int) -> Reason | None:
    signer = config.signer_of[report.source]
    # Now as well: whoever gets hold of an old key could date a report back into its window.
    if not (signer.is_valid_at(report.time_ms) and signer.is_valid_at(now_ms)):
        return Reason.SIGNER_NOT_VALID
    if report.time_ms > now_ms + config.max_future_ms:
        return Reason.FUTURE
    if now_ms - report.time_ms > config.max_age_ms:
        return Reason.STALE
    return Reason.REPLAYED if report.sequence < newest else None
