"""The account book: a venue's accounts as append-only events, and an account tree in versions on top of them."""

from .book import AccountBook
from .events import Borrow, Deposit, Event, Open, Release, Repay, Reserve, Trade, Withdraw
from .identity import BookIdentity
from .published import PublishedEpoch
from .rows import EpochRow, EventRow

__all__ = [
    "AccountBook",
    "BookIdentity",
    "Borrow",
    "Deposit",
    "EpochRow",
    "Event",
    "EventRow",
    "Open",
    "PublishedEpoch",
    "Release",
    "Repay",
    "Reserve",
    "Trade",
    "Withdraw",
]
