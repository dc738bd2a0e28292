"""What a ledger is told by relays, root signers and oracles; observing.py has what it makes of that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..attestation import RiskAttestation, SourceRootAttestation
from ..errors import AttestationRejected, RootRejected, StatementError
from ..statement import ID_BITS, check_element, check_range
from . import observing
from .breaker import MarketHealth
from .questions import LedgerQuestions
from .records import RiskTable, Root
from .state import State
from .store import NOTHING, Wanted


class LedgerReports(LedgerQuestions):
    """The part of `MarginLedger` that takes reports. Who may give them is for the caller to say."""

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

    @contextmanager
    def _writing(self, wanted: Wanted = NOTHING) -> Iterator[State]:
        with self._store.writing(wanted) as rows:
            state = State(rows)
            state.prefetch(wanted)
            yield state
            state.save()
