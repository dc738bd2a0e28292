"""The story of the demo: the chapters in their order, each with what happens and what is refused."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from zkmargin.algebra import Engine, ZkMarginError
from zkmargin.circuits.errors import StatementFalse, UnsatisfiedConstraint
from zkmargin.circuits.margin import Shape, compile_margin
from zkmargin.prover import Prover, insecure_setup
from zkmargin.settlement.errors import MovementRefused, NotCovered, TableMismatch
from zkmargin.settlement.fields import amount_text
from zkmargin.verifier import Rejected

from .claims import sides_e8
from .demo_files import Kept
from .demo_market import CRASH_PERCENT, LIAR, SOURCES
from .demo_market import QUORUM as SOURCE_QUORUM
from .demo_oracles import QUORUM as ORACLE_QUORUM
from .demo_oracles import doctored
from .demo_tables import claim_lines, price_lines, risk_lines, route_line, scheme_line, volatility_lines
from .demo_telling import StoryBroken, Teller, money, percent, short
from .demo_world import (
    CREDIT_E8,
    DEPOSITS,
    E8,
    LEDGER_NAME,
    LOAN,
    MINUTE_MS,
    SOURCE,
    SOURCE_CHAIN,
    TARGET,
    TARGET_CHAIN,
    TRADES,
    World,
)
from .development import INSECURE

LATE_MINUTES = 40

SEEN = (
    ("that the account covers margin, debts and reservations", True),
    ("the credit, its horizon, beneficiary and expiry", True),
    ("which root, of which epoch, the account stands under", True),
    ("which risk table was used", True),
    (f"a pseudonym that is the same at {TARGET} each time", True),
    ("the account's sequence number", True),
    ("which account it is, and the pseudonym it has elsewhere", False),
    ("balances and debts", False),
    ("positions", False),
    ("what is reserved for other venues", False),
    ("by how much the claim holds", False),
)


class Story:
    """The steps in order. `kept` has the documents as they were when the credit was accepted."""

    def __init__(self, teller: Teller, shape: Shape, engine: Engine, folder: Path) -> None:
        self.teller = teller
        self.shape = shape
        self.engine = engine
        self.folder = folder
        self._started = time.perf_counter()

    def tell(self) -> None:
        self._set_up()
        self._market()
        self._risk_table()
        with self.world.open_book(), self.world.open_ledger() as ledger:
            self.ledger = ledger
            ledger.attest_risk_root(self.attestation)
            self._account()
            self._reserve()
            self._claim()
            self._prove()
            self._accept()
            self._refusals()
            self._crash()
            self._underfunded()
            self._release()
        self._what_was_seen()

    def _set_up(self) -> None:
        teller = self.teller
        teller.chapter("The circuit")
        with teller.timed("tracing the statement") as compiled:
            circuit = compile_margin(self.shape)
        with teller.timed("development setup") as made:
            key = insecure_setup(circuit.r1cs, self.engine)
        self.world = World(self.shape, circuit, key, Prover(key, self.engine, memory=0), self.folder)
        constraints, digest = circuit.r1cs.n_constraints, circuit.digest.hex()
        teller.tell(
            f"shape {self.shape.name}: {constraints:,} constraints, traced in {compiled():.2f} s; "
            f"development setup {made():.2f} s",
            f"circuit {digest[:32]}..., {self.engine.name} engine",
        )
        teller.output.warn(INSECURE)
        teller.note(
            "setup",
            shape=self.shape.name,
            constraints=constraints,
            circuit_digest=digest,
            engine=self.engine.name,
            seconds={"compile": round(compiled(), 3), "setup": round(made(), 3)},
        )

    def _market(self) -> None:
        teller, world = self.teller, self.world
        teller.chapter("The market: sources that do not trust one another sign what they quote")
        snapshot = world.agree().snapshot
        teller.tell(
            f"{', '.join(SOURCES)}: {SOURCE_QUORUM} of them must agree",
            scheme_line(world.market.schemes()),
            *price_lines(snapshot),
            *volatility_lines(snapshot),
        )
        outliers = {name for price in snapshot.prices.values() for name in price.outliers}
        if outliers != {LIAR}:
            raise StoryBroken("the lying source was not found out")
        teller.note(
            "market", snapshot_digest=snapshot.digest().hex(), outliers=sorted(outliers), prices=len(snapshot.prices)
        )

    def _risk_table(self) -> None:
        teller, world = self.teller, self.world
        teller.chapter("The risk table: computed from policy, market, past prices and past settlements")
        with teller.timed("computing the table") as computed:
            run = world.make_table()
        teller.tell(*risk_lines(run), route_line(run, SOURCE, SOURCE_CHAIN))
        forged = doctored(run.document)
        oracles, agreed = world.oracles, world.agreed
        teller.refused(
            "an oracle's signature under a table with BTC dearer", lambda: oracles.check(forged, agreed), TableMismatch
        )
        self.attestation = world.attestation()
        signed = len(self.attestation.signatures)
        teller.tell(
            f"{signed} oracles compute all of it again from the signed reports, then sign; "
            f"{TARGET} asks for {ORACLE_QUORUM}"
        )
        teller.note("risk-table", risk_root=str(run.document.root()), signatures=signed, seconds=round(computed(), 3))

    def _account(self) -> None:
        teller, world = self.teller, self.world
        teller.chapter(f"An account at {SOURCE} (only {SOURCE} and the trader see this)")
        others = world.crowd()
        self.account = world.funded_account()
        held = world.risk.instrument_names
        teller.tell(
            f"{world.book.account_count()} accounts in {SOURCE}'s book, a file; number {self.account} is the trader's",
            "deposits   " + ", ".join(amount_text(amount, name) for name, amount in DEPOSITS.items()),
            f"borrowed   {amount_text(LOAN[1], LOAN[0])}",
            "trades     " + ", ".join(amount_text(quantity, name) for name, quantity, _ in TRADES if name in held),
        )
        teller.note("account", accounts_at_source=others + 1, account=self.account)

    def _reserve(self) -> None:
        teller, world = self.teller, self.world
        teller.chapter("The reservation")
        self.credit = world.credit(self.account)
        greedy = world.credit(self.account, 4 * CREDIT_E8)
        teller.refused(f"{money(greedy.request.credit_e8)} for {TARGET}", greedy.reserve, NotCovered)
        self.credit.reserve()
        teller.tell(f"{money(CREDIT_E8)} set aside at {SOURCE} for {TARGET}, and for nobody else")
        bitcoin = world.risk.asset_names.index("BTC")
        withdraw = partial(world.book.withdraw, self.account, bitcoin, E8 // 2)
        teller.refused("half a BTC for the trader to take out", withdraw, NotCovered)
        self.epoch = epoch = world.book.publish()
        self.ledger.observe_root(SOURCE_CHAIN, epoch.epoch, epoch.source_root, world.now_ms)
        teller.tell(f"epoch {epoch.epoch} published: source root {short(epoch.source_root)}; {TARGET}'s relay sees it")
        teller.note("reservation", reserved=money(CREDIT_E8), source_root=str(epoch.source_root))

    def _claim(self) -> None:
        teller, world = self.teller, self.world
        teller.chapter("The claim (on the trader's machine, before proving)")
        claim = world.claim(self.credit, self.epoch)
        names, scenarios = world.risk.asset_names, self.shape.scenarios
        teller.tell(*claim_lines(claim.evaluation(), sides_e8(claim), names, scenarios))
        teller.note("claim", **{name: money(amount) for name, amount in sides_e8(claim).items()})

    def _prove(self) -> None:
        teller = self.teller
        teller.chapter("The proof")
        with teller.timed("proving") as proved:
            self.settlement = self.credit.prove(self.epoch, self.world.risk)
        size, public = len(self.settlement.proof.to_bytes()), self.settlement.public_inputs
        teller.tell(f"Groth16, {size} bytes over {len(public)} public inputs, in {proved():.2f} s")
        teller.note("proof", seconds=round(proved(), 3), public=[str(value) for value in public])

    def _accept(self) -> None:
        teller, world = self.teller, self.world
        teller.chapter(f"{TARGET} (chain {TARGET_CHAIN}, ledger {LEDGER_NAME!r}) answers")
        with teller.timed("checking") as checked:
            self.receipt = receipt = self.credit.accept(self.ledger, self.settlement)
        teller.good(
            f"in {1000 * checked():.1f} ms: receipt {receipt.number}, "
            f"margin of {short(receipt.account)} is {money(receipt.credit_e8)}"
        )
        teller.note("accepted", milliseconds=round(1000 * checked(), 3), receipt=receipt.to_json())
        self.kept = Kept.of(world, self.epoch, self.credit, self.settlement, self.attestation)

    def _refusals(self) -> None:
        teller, world, ledger, settlement = self.teller, self.world, self.ledger, self.settlement
        teller.chapter("What the ledger does not fall for")
        again = ledger.accept(settlement)
        if again != self.receipt:
            raise StoryBroken("a replayed request got another receipt")
        teller.good(f"the same request again: the same receipt {again.number}, nothing credited twice")
        teller.note("replay", receipt=again.number)
        stolen = replace(settlement, context=replace(settlement.context, beneficiary=bytes.fromhex("ba" * 20)))
        teller.refused("the proof with a thief as beneficiary", lambda: ledger.accept(stolen), Rejected)
        greedy = replace(settlement, terms=replace(settlement.terms, credit_e8=2 * CREDIT_E8))
        teller.refused("the proof with twice the credit", lambda: ledger.accept(greedy), Rejected)
        twice = world.credit(self.account)
        with teller.timed("proving"):
            second = twice.prove(self.epoch, world.risk)
        teller.refused("the same reservation, proven anew", lambda: ledger.accept(second), Rejected)
        world.now_ms += LATE_MINUTES * MINUTE_MS
        teller.refused(f"that proof, {LATE_MINUTES} minutes later", lambda: ledger.accept(second), Rejected)
        teller.tell(f"margin is still {money(ledger.margin_of(self.receipt.account))}")

    def _crash(self) -> None:
        teller, world = self.teller, self.world
        teller.chapter(f"Coins fall by {CRASH_PERCENT} % in these {LATE_MINUTES} minutes")
        before, fallen = world.agreed, world.quotes.crashed(world.policy)
        soon_ms = before.snapshot.time_ms + MINUTE_MS
        teller.refused(
            "the same fall within one minute",
            lambda: world.market.agree(fallen, soon_ms, before.snapshot),
            MovementRefused,
        )
        world.quotes = fallen
        snapshot = world.agree(before).snapshot
        run = world.make_table()
        self.ledger.attest_risk_root(world.attestation())
        world.margin_by_table()
        bitcoin, sigma = snapshot.prices["BTC"].price_e8, run.document.table.assets[0].sigma_ppm
        teller.tell(
            f"new reports, a new snapshot, a new table: BTC at {money(bitcoin)}, volatility {percent(sigma)}",
            f"the oracles sign it, {TARGET} takes note, {SOURCE} margins by it",
        )
        teller.note("crash", snapshot_digest=snapshot.digest().hex(), risk_root=str(run.document.root()))

    def _underfunded(self) -> None:
        teller, world = self.teller, self.world
        teller.chapter("The trader asks once more, with too little left")
        epoch, credit = world.book.publish(), world.credit(self.account)
        teller.refused("an honest prover", lambda: credit.prove(epoch, world.risk), StatementFalse)
        claim = world.claim(credit, epoch)
        with teller.timed("cheating"):
            witness = world.circuit.witness(claim.circuit_inputs_unchecked(), engine=self.engine)
        teller.refused(
            "a cheating prover's witness", lambda: world.circuit.check(witness, self.engine), UnsatisfiedConstraint
        )
        teller.refused("a proof from it all the same", lambda: world.prover.prove(witness), ZkMarginError)

    def _release(self) -> None:
        teller = self.teller
        teller.chapter("The end of the credit")
        freed = self.credit.release(self.ledger)
        margin = money(self.ledger.margin_of(self.receipt.account))
        teller.tell(f"{TARGET} ends the credit (margin {margin}), then {SOURCE} frees {money(freed)}")
        replayed = self.world.book.verify()
        teller.tell(f"{SOURCE}'s book, replayed: {replayed.events} events make every state and both published roots")
        teller.note("released", freed=money(freed), margin=margin, events=replayed.events)

    def _what_was_seen(self) -> None:
        teller = self.teller
        teller.chapter(f"What {TARGET} saw")
        for what, seen in SEEN:
            teller.seen(what, seen=seen)
        teller.output.say()
        teller.tell(f"the whole story took {time.perf_counter() - self._started:.1f} s")
