"""A target chain's margin ledger: accept a proof and update margin, all or nothing. docs/ledger.md is its contract."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

from zkmargin.algebra import Engine, ZkMarginError

from ..attestation import RiskAttestation, SourceRootAttestation
from ..errors import (
    AttestationRejected,
    InvalidProof,
    ProofRejected,
    RootRejected,
    StatementError,
    UnknownSettlement,
)
from ..groth16 import Verifier
from ..keys import VerifyingKey
from ..receipt import Receipt
from ..request import SettlementRequest
from ..statement import CREDIT_BITS, ID_BITS, check_element, check_range, venue_count
from . import breaker as rules
from . import observing
from .breaker import MarketHealth, Scope, Transition, Who
from .breakers import BreakerState, move, standing, view
from .config import LedgerConfig
from .deciding import Rules, earlier_receipt
from .entries import record_release, record_repayment
from .log import LogEntry, decision
from .opening import record_configuration
from .overview import Overview, look
from .records import AccountView, Decision, Head, RiskTable, Root
from .replay import LogReport, Progress, verify_log
from .state import State, wanted_by
from .store import NOTHING, Store, Wanted, open_store

PAGE = 1000

Clock = Callable[[], int]
"""Milliseconds since 1970."""


def system_clock() -> int:
    return time.time_ns() // 1_000_000


class MarginLedger:
    """Threads may share one; each process opens its own on the same database."""

    def __init__(self, store: Store, config: LedgerConfig, verifier: Verifier, clock: Clock) -> None:
        self.config = config
        self._store = store
        self._verifier = verifier
        self._venues = venue_count(verifier.key.n_public)
        self._clock = clock

    @classmethod
    def open(
        cls,
        where: str | os.PathLike[str],
        config: LedgerConfig,
        key: VerifyingKey,
        *,
        clock: Clock = system_clock,
        engine: Engine | None = None,
    ) -> MarginLedger:
        """Open the ledger in this SQLite file or at this `postgresql://` URL, or start it if there is none.

        The key is judged, and must name the configuration's circuit; a database of another ledger, of another program
        or of a later version, and a damaged one, are each refused. A configuration or key other than the last one is
        written into the log.
        """
        verifier = Verifier(key, engine, config.allow_development_key, expect_circuit=config.circuit_digest)
        venue_count(key.n_public)
        store = open_store(where, config.target)
        try:
            record_configuration(store, config, key, clock)
        except BaseException:
            store.close()
            raise
        return cls(store, config, verifier, clock)

    def close(self) -> None:
        self._store.close()

    def __enter__(self) -> MarginLedger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Requests.
    def accept(self, request: SettlementRequest) -> Receipt:
        """The receipt of this request: a new one, or the same again if it was accepted before.

        Raises the `Rejected` of the first check that fails, or an `EncodingError` for a proof whose points are none.
        Nothing has changed then but the log, and the breaker where a cap was met.
        """
        (outcome,) = self.accept_many([request])
        if isinstance(outcome, Receipt):
            return outcome
        raise outcome

    def accept_many(self, requests: Sequence[SettlementRequest]) -> list[Receipt | ZkMarginError]:
        """What `accept` would return or raise for each, in this order; in one transaction, and so all on disk or none.

        The proofs are checked together, which is cheaper, before the lock that every writer needs is taken.
        """
        wanted = wanted_by(requests)
        found = self._examine(requests, wanted)
        receipts = [outcome for outcome in found if isinstance(outcome, Receipt)]
        if len(receipts) == len(requests):
            return list(receipts)
        rules = self._rules()
        with self._writing(wanted) as state:
            return [
                rules.settle(state, request, self._clock(), None if isinstance(outcome, Receipt) else outcome)
                for request, outcome in zip(requests, found, strict=True)
            ]

    def _examine(self, requests: Sequence[SettlementRequest], wanted: Wanted) -> list[Receipt | ZkMarginError | None]:
        """Before the lock: a receipt given earlier, or what is wrong with a request, None if nothing is."""
        rules, found = self._rules(), list[Receipt | ZkMarginError | None]()
        with self._reading(wanted) as state:
            for request in requests:
                now_ms = self._clock()
                breakers = rules.breakers(state, request, now_ms)
                found.append(earlier_receipt(state, request) or rules.state_problem(state, breakers, request, now_ms))
        unsettled = [index for index, outcome in enumerate(found) if outcome is None]
        for index, problem in zip(unsettled, self._proof_problems([requests[i] for i in unsettled]), strict=True):
            found[index] = problem
        return found

    def _proof_problems(self, requests: Sequence[SettlementRequest]) -> list[ZkMarginError | None]:
        found: list[ZkMarginError | None]
        if len(requests) == 1:
            found = [self._proof_problem(requests[0])]
        else:
            found = self._verifier.verify_many([(request.public_inputs, request.proof) for request in requests])
        return [ProofRejected(p.reason) if isinstance(p, InvalidProof) else p for p in found]

    def _proof_problem(self, request: SettlementRequest) -> ZkMarginError | None:
        try:
            self._verifier.verify(request.public_inputs, request.proof)
        except ZkMarginError as problem:
            return problem
        return None

    def _rules(self) -> Rules:
        return Rules(self.config, self._venues)

    # What others report.
    def observe_root(self, chain_id: int, epoch: int, root: int, observed_at_ms: int) -> None:
        """Take note of a source root that the caller's relay has seen final on its chain.

        Epochs only grow, and one epoch has one root: an older root can never come back as a new one. Observing the
        same root again changes nothing, not even its age.
        """
        self._observe_root(Root(chain_id, epoch, root, observed_at_ms), 0)

    def attest_source_root(self, attestation: SourceRootAttestation) -> None:
        """The same on the word of a quorum of the configured root signers, whoever brings it.

        After a retraction only what was signed as observed later counts: a signature cannot be taken back.
        """
        if attestation.target != self.config.target:
            raise AttestationRejected("the source root is attested to another ledger")
        if not self.config.root_signers:
            raise AttestationRejected("this ledger has no root signers: a relay has to be authorised to observe roots")
        attestation.require_quorum(self.config.root_signers, self.config.root_quorum)
        root = Root(attestation.chain_id, attestation.epoch, attestation.root, attestation.observed_at_ms)
        self._observe_root(root, len(attestation.signatures))

    def _observe_root(self, root: Root, signers: int) -> None:
        check_range("chain_id", root.chain_id, ID_BITS)
        check_range("epoch", root.epoch, ID_BITS)
        check_element("root", root.root)
        self._check_time("observed_at_ms", root.observed_at_ms, RootRejected)
        if root.root == 0:
            raise RootRejected("a root of zero is no root")
        if root.chain_id not in self.config.routes:
            raise RootRejected(f"chain {root.chain_id} has no route to this ledger")
        with self._writing() as state:
            observing.observe_root(state, self.config.limits, root, self._clock(), signers)

    def newest_root(self, chain_id: int, below_epoch: int | None = None) -> Root | None:
        """The root of the chain's highest epoch that counts, of those below one if given."""
        with self._store.reading() as rows:
            return rows.newest_root(chain_id, below_epoch)

    def retract_root(self, chain_id: int, epoch: int, reason: str) -> None:
        """A reorganisation took a root away: it and the chain's newer ones count no more, and its breaker opens.

        Margin credited on their word stays; the log says which credits those are. A root may be observed anew for such
        an epoch. Retracting what was never observed changes nothing.
        """
        check_range("chain_id", chain_id, ID_BITS)
        check_range("epoch", epoch, ID_BITS)
        observing.check_reason(reason)
        with self._writing() as state:
            observing.retract_root(state, chain_id, epoch, reason, self._clock())

    def attest_risk_root(self, attestation: RiskAttestation) -> None:
        """Take note of a risk table's root, once a quorum of the configured oracles has signed it."""
        self._check_time("oracle_time_ms", attestation.oracle_time_ms, AttestationRejected)
        if attestation.market != self.config.market:
            raise AttestationRejected(f"the risk table is of another market than {self.config.market}")
        attestation.require_quorum(self.config.oracle_signers, self.config.oracle_quorum)
        table = RiskTable(attestation.oracle_time_ms, attestation.risk_root, self._clock())
        with self._writing() as state:
            problem = observing.attest_risk_root(state, table, len(attestation.signatures), self.config.max_risk_age_ms)
        if problem is not None:
            raise problem

    def observe_market(self, market: MarketHealth) -> None:
        """Hold the oracles' report of the market against the limits. It may open the breaker, and never closes it."""
        self._check_time("oracle_time_ms", market.oracle_time_ms, AttestationRejected)
        check_range("disagreement_ppm", market.disagreement_ppm, ID_BITS)
        check_range("price_gap_ppm", market.price_gap_ppm, ID_BITS)
        with self._writing() as state:
            observing.observe_market(state, self.config.limits, market, self._clock())

    def _check_time(self, name: str, value: int, error: type[RootRejected | AttestationRejected]) -> None:
        if type(value) is not int or value < 0:
            raise StatementError(name, "is not a time in milliseconds since 1970")
        now_ms = self._clock()
        if value > now_ms + self.config.clock_skew_ms:
            raise error(f"{name} {value} lies in the future, it is {now_ms} ms: check the clocks")

    # Margin.
    def margin_of(self, account: int) -> int:
        """The account's margin in e8: its newest credit, unless released or expired. Unknown accounts have 0."""
        return self.account(account).margin_e8

    def account(self, account: int) -> AccountView:
        check_element("account", account)
        with self._reading() as state:
            return state.account(account).view(self._clock())

    def accounts(self, after: int = -1, limit: int = PAGE) -> list[AccountView]:
        """Accounts in the order of their pseudonyms, those above `after`."""
        now_ms = self._clock()
        with self._store.reading() as rows:
            return [account.view(now_ms) for account in rows.accounts(after, limit)]

    def release(self, settlement_id: bytes) -> int:
        """End a credit before its expiry, and return the margin the account is left with.

        Works with the breaker open, because it only lowers what this ledger is exposed to. Releasing again changes
        nothing. Before the source frees the collateral, `release_account` is needed: there may be newer states, proven
        or not, that show the same reservation.
        """
        with self._writing() as state:
            receipt = _known(state, settlement_id)
            return self._release(state, receipt.account, receipt.sequence)

    def release_account(self, account: int, through_sequence: int) -> int:
        """Let no state of the account up to this sequence back a credit, now or later; the margin it is left with.

        What a source does before it frees a reservation, with the sequence its account has then: whatever was proven
        under an older root that is still fresh is refused from here on. Works with the breaker open.
        """
        check_element("account", account)
        check_range("through_sequence", through_sequence, ID_BITS)
        with self._writing() as state:
            return self._release(state, account, through_sequence)

    def _release(self, state: State, account: int, through_sequence: int) -> int:
        now_ms = self._clock()
        if through_sequence > state.account(account).released_through:
            record_release(state, now_ms, account, through_sequence)
        return state.account(account).margin_at(now_ms)

    def repay(self, settlement_id: bytes, remaining_e8: int) -> int:
        """Lower this credit to at most `remaining_e8`, and return the margin the account is left with.

        Never raises it, works whatever the breaker says, and changes nothing when repeated, nor for a credit that a
        newer one has replaced.
        """
        check_range("remaining_e8", remaining_e8, CREDIT_BITS)
        with self._writing() as state:
            receipt, now_ms = _known(state, settlement_id), self._clock()
            account = state.account(receipt.account)
            if account.receipt == receipt.number and account.margin_at(now_ms) > remaining_e8:
                record_repayment(state, now_ms, receipt, remaining_e8)
            return state.account(receipt.account).margin_at(now_ms)

    # The breaker.
    def trip_breaker(self, reason: str, source: int | None = None) -> None:
        """Accept nothing more, or nothing from this source, until `probe_breaker` or `reset_breaker`."""
        self._handle(
            reason, source, lambda now_ms: rules.Transition(source, rules.Position.OPEN, now_ms, reason, Who.OPERATOR)
        )

    def probe_breaker(self, reason: str, source: int | None = None) -> None:
        """Accept a little on trial: the breaker closes after enough requests, and opens again at the trial's cap."""
        self._handle(reason, source, lambda now_ms: rules.probe(source, now_ms, reason))

    def reset_breaker(self, reason: str, source: int | None = None) -> None:
        """Accept again. What came in before no longer counts towards this breaker's cap."""
        self._handle(reason, source, lambda now_ms: rules.reset(source, now_ms, reason))

    def _handle(self, reason: str, source: Scope, transition: Callable[[int], Transition]) -> None:
        observing.check_reason(reason)
        if source is not None and source not in self.config.routes:
            raise StatementError("source", "is no chain that this ledger has a route from")
        with self._writing() as state:
            move(state, transition(self._clock()))

    def breaker(self, source: int | None = None) -> BreakerState:
        """The breaker of the whole ledger, or of one source, as a request would meet it now."""
        return next(state for state in self.breakers() if state.source == source)

    def breakers(self) -> list[BreakerState]:
        """All of them, the whole ledger's first."""
        now_ms, limits = self._clock(), self.config.limits
        with self._reading() as state:
            found = standing(state, limits, sorted(self.config.routes), now_ms)
            return [view(scope, breaker, limits, now_ms) for scope, breaker in found.states.items()]

    def overview(self) -> Overview:
        """How the ledger stands, all of one moment."""
        with self._store.reading() as rows:
            return look(rows, self.config, self._clock())

    # Looking back.
    def receipt(self, settlement_id: bytes) -> Receipt | None:
        with self._reading() as state:
            return state.receipt_of(settlement_id)

    def receipts(self, after: int = 0, limit: int = PAGE) -> list[Receipt]:
        """Receipts in the order in which they were given, those numbered above `after`."""
        with self._store.reading() as rows:
            return rows.receipts(after, limit)

    def decisions(self, after: int = 0, limit: int = PAGE) -> list[Decision]:
        """What was accepted and refused, in order; `number` is that of the log's entry, and `after` is one too."""
        with self._store.reading() as rows:
            return [decision(entry) for entry in rows.decisions(after, limit)]

    def newest_decisions(self, limit: int = PAGE) -> list[Decision]:
        """The last of them, in order."""
        with self._store.reading() as rows:
            return [decision(entry) for entry in rows.newest_decisions(limit)]

    def log(self, after: int = 0, limit: int = PAGE) -> list[LogEntry]:
        """Every decision and every change, in order; docs/ledger.md describes the entries and their hashes."""
        with self._store.reading() as rows:
            return rows.log(after, limit)

    def verify_log(self, remembered: Head | None = None, progress: Progress | None = None) -> LogReport:
        """Recompute the log's hashes, rebuild the state from it and compare every table with that.

        Raises `DamagedDatabase` that names the first difference. `remembered` is the end of the log as somebody noted
        it elsewhere, `Head(number, hash)`: the entry must still be there.
        """
        with self._store.reading() as rows:
            return verify_log(rows, self.config.target, self._store.where, remembered, progress)

    def head(self) -> Head:
        """The log's last entry, to be noted elsewhere."""
        with self._store.reading() as rows:
            return rows.head()

    @contextmanager
    def _reading(self, wanted: Wanted = NOTHING) -> Iterator[State]:
        with self._store.reading(wanted) as rows:
            state = State(rows)
            state.prefetch(wanted)
            yield state

    @contextmanager
    def _writing(self, wanted: Wanted = NOTHING) -> Iterator[State]:
        with self._store.writing(wanted) as rows:
            state = State(rows)
            state.prefetch(wanted)
            yield state
            state.save()


def _known(state: State, settlement_id: bytes) -> Receipt:
    receipt = state.receipt_of(settlement_id)
    if receipt is None:
        raise UnknownSettlement(settlement_id)
    return receipt
