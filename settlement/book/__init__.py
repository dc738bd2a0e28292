"""The account book: a venue's accounts as append-only events, and an account tree in versions on top of them."""

from .book import AccountBook
from .bulk import NewAccount
from .events import Borrow, Deposit, Event, Open, Release, Repay, Reserve, Trade, Withdraw
from .identity import BookIdentity
from .published import PublishedEpoch
from .rows import EpochRow, EventRow
from .verification import BookSummary

__all__ = [
    "AccountBook",
    "BookIdentity",
    "BookSummary",
    "Borrow",
    "Deposit",
    "EpochRow",
    "Event",
    "EventRow",
    "NewAccount",
    "Open",
    "PublishedEpoch",
    "Release",
    "Repay",
    "Reserve",
    "Trade",
    "Withdraw",
]
