"""The life of one credit: reserve at the source, publish, prove, accept at the target, release at both.

The order is what keeps both sides whole: nothing is credited that is not reserved under a published root, and nothing
is freed at the source before the target has ended the credit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from zkmargin.algebra import Engine
from zkmargin.circuits.margin import Leaf, account_pseudonym
from zkmargin.prover import Claim
from zkmargin.verifier import SettlementRequest

from .credit_document import CreditRequest
from .errors import LifecycleError
from .risk_document import RiskDocument

if TYPE_CHECKING:
    from zkmargin.prover import Opening, Prover
    from zkmargin.verifier import MarginLedger, Proof, Receipt


class MarginCircuit(Protocol):
    """What is needed of a compiled margin circuit, traced here or read from files."""

    @property
    def digest(self) -> bytes: ...

    def witness(self, inputs: Mapping[str, int | Sequence[int]], engine: Engine | None = None) -> bytes: ...


class Source(Protocol):
    """What a credit asks of the venue that holds the collateral; `AccountBook` is one."""

    def account(self, index: int) -> Leaf: ...

    def reserve(self, index: int, target: int, amount_e8: int) -> None: ...

    def release(self, index: int, target: int, at_sequence: int) -> int: ...


class PublishedAccounts(Protocol):
    """A published epoch that gives an account's owner what to prove from."""

    def opening(self, index: int) -> Opening: ...


def margin_claim(
    risk: RiskDocument, openings: Sequence[Opening], secret: int, request: CreditRequest, circuit_digest: bytes
) -> Claim:
    """What is to be proven to one target, from the documents; nothing is checked yet."""
    if request.quote != risk.quote:
        raise LifecycleError(f"the credit is asked for in {request.quote}, the risk table is in {risk.quote}")
    if len(request.source_chain_ids) != risk.shape.venues:
        raise LifecycleError(
            f"the request names {len(request.source_chain_ids)} source chains; "
            f"shape {risk.shape.name!r} has {risk.shape.venues}"
        )
    return Claim(
        shape=risk.shape,
        secret=secret,
        openings=tuple(openings),
        table=risk.table,
        target=request.target(circuit_digest),
        credit_e8=request.credit_e8,
        horizon_ms=request.horizon_ms(risk.oracle_time_ms),
        context=request.context(risk.oracle_time_ms).digest(),
    )


def settlement_request(
    claim: Claim, request: CreditRequest, risk: RiskDocument, public: Sequence[int], proof: Proof
) -> SettlementRequest:
    """What the target's ledger is sent; refuses a proof whose public inputs are not the claim's."""
    if list(public) != claim.public_inputs().signals():
        raise LifecycleError("the proof's public inputs are not those of the claim: use the key of the margin circuit")
    return SettlementRequest(request.context(risk.oracle_time_ms), claim.terms(), tuple(public), proof)


@dataclass
class Credit:
    """One account's credit at one target. Call the steps in their order; each leaves what the next needs."""

    venue: Source
    account: int
    secret: int = field(repr=False)
    request: CreditRequest
    circuit: MarginCircuit
    prover: Prover

    @property
    def target(self) -> int:
        return self.request.target(self.circuit.digest)

    def reserve(self) -> None:
        """Set the credit's amount aside at the source; `VenueError` where it is not covered."""
        self.venue.reserve(self.account, self.target, self.request.credit_e8)

    def prove(self, tree: PublishedAccounts, risk: RiskDocument) -> SettlementRequest:
        """The proof under a published root; `StatementFalse` where there is nothing to prove."""
        claim = margin_claim(risk, [tree.opening(self.account)], self.secret, self.request, self.circuit.digest)
        witness = self.circuit.witness(claim.circuit_inputs(), engine=self.prover.engine)
        proof, public = self.prover.prove(witness)
        return settlement_request(claim, self.request, risk, public, proof)

    def accept(self, ledger: MarginLedger, settlement: SettlementRequest) -> Receipt:
        """The target's answer; a refusal is a `Rejected` and leaves the reservation as it is."""
        if ledger.config.target != self.target:
            raise LifecycleError("this ledger is not the target that the collateral is reserved for")
        return ledger.accept(settlement)

    def release(self, ledger: MarginLedger) -> int:
        """Free the collateral at the source, once the target lets no state of the account so far back a credit.

        Needs no accepted credit, so a reservation whose proof was refused can be freed too. The order matters: freed
        first, a proof made under an older root could still be credited.
        """
        if ledger.config.target != self.target:
            raise LifecycleError("this ledger is not the target that the collateral is reserved for")
        sequence = self.venue.account(self.account).sequence
        left = ledger.release_account(account_pseudonym(self.secret, self.target), sequence)
        if left:
            raise LifecycleError("the target still counts a credit of a newer state: release at that state")
        return self.venue.release(self.account, self.target, at_sequence=sequence)
