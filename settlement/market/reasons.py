"""Why a report, or one quote of it, does not count. The words stand in snapshots, so they stay as they are."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """For a whole report first, in the order in which it is judged, then for one quote of a report that counts."""

    WRONG_DOMAIN = "wrong-domain"
    """Made for another chain or contract."""
    WRONG_MARKET = "wrong-market"
    """Another market, or another quote currency."""
    UNKNOWN_SOURCE = "unknown-source"
    BAD_SIGNATURE = "bad-signature"
    """Not signed by the key that the source has here."""
    SIGNER_NOT_VALID = "signer-not-valid"
    """Now or the report's time lies outside the signer's window."""
    FUTURE = "future"
    STALE = "stale"
    REPLAYED = "replayed"
    """An older sequence than in the snapshot before."""
    EQUIVOCATION = "equivocation"
    """The source signed two different timely reports with one sequence; none of its reports counts."""
    SUPERSEDED = "superseded"
    """The source has a newer report among these."""
    UNLISTED = "unlisted"
    """Nobody asked for this symbol."""
    MISSING = "missing"
    """A symbol that was asked for and is not in the report."""
    ZERO = "zero"
    """One side is not above zero."""
    CROSSED = "crossed"
    """The bid is above the ask."""
