"""A credit claim assembled from the account books that hold its collateral: openings, risk table, request.

What the target would refuse for certain is refused here, before anything is proven or reserved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from zkmargin.circuits.errors import StatementFalse
from zkmargin.circuits.margin import Leaf, evaluate, key_commitment, net, require_claim
from zkmargin.prover import Claim, Opening
from zkmargin.verifier import LedgerConfig

from .book import AccountBook, Reserve
from .book.fold import applied
from .credit_document import CreditRequest
from .errors import LifecycleError, NotReserved, RiskTableRefused, TargetRefuses, UnknownEpoch
from .ledger_document import LedgerDocument
from .lifecycle import margin_claim
from .risk_document import RiskDocument

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class BookAccount:
    """One account of an open book, as it stood at the end of an epoch; the newest unless named."""

    book: AccountBook
    index: int
    epoch: int | None = None
    path: str = "BOOK"
    """What the book's file is called, for messages."""

    @property
    def venue_id(self) -> int:
        return self.book.identity.venue_id

    def opening(self) -> Opening:
        epoch = self.book.published(self.epoch)
        if epoch.accounts <= self.index < self.book.account_count():
            raise UnknownEpoch(epoch.epoch, f"was published before account {self.index} was opened: publish again")
        return epoch.opening(self.index)

    def leaf(self) -> Leaf:
        """The account as it is now."""
        return self.book.account(self.index)

    def is_published(self) -> bool:
        """Whether the newest epoch shows the account as it is now."""
        try:
            return self.opening().leaf == self.leaf()
        except UnknownEpoch:
            return False


@dataclass(frozen=True)
class CreditTerms:
    """What is asked of a target, where the rest follows from its configuration and from the books."""

    credit_e8: int
    beneficiary: bytes
    settlement_id: bytes
    expires_in_ms: int | None = None
    """An hour unless said, or less where the target's longest horizon ends sooner."""

    def expiry_ms(self, config: LedgerConfig, oracle_time_ms: int, now_ms: int) -> int:
        if self.expires_in_ms is not None:
            return now_ms + self.expires_in_ms
        latest_ms = oracle_time_ms + config.max_horizon_ms
        if latest_ms <= now_ms:
            reason = (
                f"is of {oracle_time_ms} ms, and the target's longest horizon from there has passed: use a newer one"
            )
            raise TargetRefuses("risk table", reason)
        return min(now_ms + HOUR_MS, latest_ms)


@dataclass(frozen=True)
class ClaimFromBooks:
    """Everything for one claim; `prepare` makes it. Accounts are in ascending order of their venues."""

    accounts: tuple[BookAccount, ...]
    ledger: LedgerConfig
    risk: RiskDocument
    request: CreditRequest
    reserve: bool
    _secret: int = field(repr=False)

    @classmethod
    def prepare(
        cls,
        accounts: Sequence[BookAccount],
        ledger: LedgerDocument,
        terms: CreditTerms,
        secret: int,
        now_ms: int,
        *,
        risk: RiskDocument | None = None,
        reserve: bool = False,
    ) -> ClaimFromBooks:
        """Without a risk table of the caller's, the one in force in the books is used.

        With `reserve`, `claim` reserves and publishes first what is missing.
        """
        ordered = tuple(sorted(accounts, key=lambda account: account.venue_id))
        table = risk or _table_in_force(ordered)
        _require_together(ordered, table, ledger)
        _require_owner(ordered, secret)
        expiry_ms = terms.expiry_ms(ledger.config, table.oracle_time_ms, now_ms)
        request = _request(ordered, ledger, terms, expiry_ms)
        _require_acceptable(ledger.config, request, table.oracle_time_ms, now_ms)
        return cls(ordered, ledger.config, table, request, reserve, secret)

    def claim(self, circuit_digest: bytes) -> Claim:
        """The claim under published roots, if the credit is reserved there; else `NotReserved`.

        Whether the account covers it is left to `Claim.require_true`.
        """
        if circuit_digest != self.ledger.circuit_digest:
            raise LifecycleError(
                f"the target takes proofs of circuit {self.ledger.circuit_digest.hex()[:16]}..., this one is "
                f"{circuit_digest.hex()[:16]}...: use the shape and key that the target's configuration is for"
            )
        if self.reserve:
            self._reserve()
        return margin_claim(self.risk, self._openings(), self._secret, self.request, circuit_digest)

    def _reserve(self) -> None:
        """Nothing is reserved for a claim that would be false all the same: `StatementFalse`."""
        if len(self.accounts) != 1 or self.accounts[0].epoch is not None:
            raise LifecycleError(
                "only in one book, and for its newest epoch, can the credit be reserved on the way: reserve it first"
            )
        account, target = self.accounts[0], self.ledger.target
        leaf = account.leaf()
        missing_e8 = self._missing_e8([leaf])
        if missing_e8:
            leaf = applied(Reserve(target, missing_e8), leaf, account.index)
        holdings, horizon_ms = net([leaf], target), self.request.horizon_ms(self.risk.oracle_time_ms)
        require_claim(
            evaluate(self.risk.shape, self.risk.table, holdings, horizon_ms), holdings, self.request.credit_e8
        )
        if missing_e8:
            account.book.reserve(account.index, target, missing_e8)
        if not account.is_published():
            account.book.publish()

    def _openings(self) -> list[Opening]:
        """With the credit reserved in them; an account that the newest epoch lacks has nothing reserved there."""
        try:
            openings = [account.opening() for account in self.accounts]
        except UnknownEpoch:
            if any(account.epoch is not None for account in self.accounts):
                raise
            openings = []
        if not openings or self._missing_e8([opening.leaf for opening in openings]):
            first, missing_e8 = self.accounts[0], self._missing_e8([account.leaf() for account in self.accounts])
            raise NotReserved(first.path, first.index, self.ledger.target, missing_e8, self.request.quote)
        return openings

    def _missing_e8(self, leaves: Sequence[Leaf]) -> int:
        return max(0, self.request.credit_e8 - sum(leaf.reserved_for(self.ledger.target) for leaf in leaves))


def _table_in_force(accounts: Sequence[BookAccount]) -> RiskDocument:
    if not accounts:
        raise LifecycleError("a claim needs an account: name one")
    first, *others = (account.book.risk_table() for account in accounts)
    if first is None or any(table != first for table in others):
        raise RiskTableRefused(
            "the books have not all the same risk table in force: set it with 'zkmargin account set-risk', or name one"
        )
    return first


def _require_together(accounts: Sequence[BookAccount], risk: RiskDocument, ledger: LedgerDocument) -> None:
    """One book a venue of the shape, all in the terms of the risk table, and the target in its currency."""
    for account in accounts:
        account.book.identity.require_same_terms(risk)
    if len(accounts) != risk.shape.venues:
        raise LifecycleError(
            f"{len(accounts)} books are named and shape {risk.shape.name!r} nets {risk.shape.venues} venues: "
            "name one account of each venue's book"
        )
    for one, other in pairwise(accounts):
        if one.venue_id == other.venue_id:
            raise LifecycleError(f"venue {one.venue_id} is named twice: its collateral counts once")
    if ledger.quote != risk.quote:
        raise LifecycleError(f"the target counts in {ledger.quote}, the books in {risk.quote}")


def _require_owner(accounts: Sequence[BookAccount], secret: int) -> None:
    for account in accounts:
        if account.leaf().key_commitment != key_commitment(secret):
            raise StatementFalse("membership", f"account {account.index} of {account.path} belongs to another key")


def _request(
    accounts: Sequence[BookAccount], ledger: LedgerDocument, terms: CreditTerms, expiry_ms: int
) -> CreditRequest:
    """A venue's id is its chain's id; the slowest route counts."""
    config, chains = ledger.config, tuple(account.venue_id for account in accounts)
    without = [chain for chain in chains if chain not in config.routes]
    if without:
        reason = f"has none from chain {without[0]}: the target must give that venue one"
        raise TargetRefuses("routes", reason)
    return CreditRequest(
        target_chain_id=config.target_chain_id,
        ledger=config.ledger,
        credit_e8=terms.credit_e8,
        quote=ledger.quote,
        source_chain_ids=chains,
        beneficiary=terms.beneficiary,
        settlement_id=terms.settlement_id,
        expiry_ms=expiry_ms,
        route_latency_ms=max(config.routes[chain] for chain in chains),
    )


def _require_acceptable(config: LedgerConfig, request: CreditRequest, oracle_time_ms: int, now_ms: int) -> None:
    """What the target's own checks say of the terms, as far as its configuration tells."""
    if request.credit_e8 > config.max_credit_e8:
        raise TargetRefuses("credit", "is more than the target credits at once: ask for less")
    horizon_ms = request.horizon_ms(oracle_time_ms)
    if now_ms - oracle_time_ms > config.max_risk_age_ms:
        reason = f"is of {oracle_time_ms} ms, older than the {config.max_risk_age_ms} ms allowed: use a newer one"
        raise TargetRefuses("risk table", reason)
    if oracle_time_ms - now_ms > config.clock_skew_ms:
        raise TargetRefuses("risk table", f"is of {oracle_time_ms} ms, which is still to come: check the clock")
    if horizon_ms > config.max_horizon_ms:
        reason = f"of {horizon_ms} ms is above the {config.max_horizon_ms} ms allowed: expire sooner"
        raise TargetRefuses("horizon", reason)
