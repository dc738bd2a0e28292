"""`zkmargin demo`: the whole story in a terminal, with a real proof and a real ledger."""

from __future__ import annotations

import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import click

from zkmargin.algebra import ZkMarginError
from zkmargin.algebra.fixed_point import floor_div
from zkmargin.circuits.errors import StatementFalse, UnsatisfiedConstraint
from zkmargin.circuits.margin import SMALL, compile_margin
from zkmargin.prover import AccountTree, Prover, insecure_setup
from zkmargin.settlement.errors import VenueError
from zkmargin.settlement.fields import amount_text, percent_text
from zkmargin.settlement.lifecycle import margin_claim
from zkmargin.verifier import Rejected

from .claims import sides_e8
from .demo_files import NAMES, kept_files, next_steps
from .demo_world import (
    CRASH_PERCENT,
    CREDIT_E8,
    DEPOSITS,
    LEDGER_NAME,
    MINUTE_MS,
    QUORUM,
    SOURCE,
    SOURCE_CHAIN,
    TARGET,
    TARGET_CHAIN,
    TRADES,
    World,
)
from .development import INSECURE
from .engine_choice import chosen_engine
from .files import NewFile, require_free, write_files
from .options import FILE, Command, force_option, progress_option
from .output import Output, one_line, styled
from .progress import Progress

LATE_MINUTES = 40

SEEN = (
    ("that the account covers margin, debts and reservations", True),
    ("the credit, its horizon, beneficiary and expiry", True),
    ("which root, of which epoch, the account stands under", True),
    ("which risk table was used", True),
    ("a pseudonym that is the same at Beta each time", True),
    ("the account's sequence number", True),
    ("which account it is, and the pseudonym it has elsewhere", False),
    ("balances and debts", False),
    ("positions", False),
    ("what is reserved for other venues", False),
    ("by how much the claim holds", False),
)


class StoryBroken(ZkMarginError):
    """The demo did not go as it must: something that had to be refused was not."""


@click.command("demo", cls=Command)
@click.option("--keep", "folder", type=FILE, metavar="DIR", help="Leave the story's files there, to go on by hand.")
@force_option
@progress_option
@click.pass_obj
def COMMAND(output: Output, folder: Path | None, force: bool) -> None:
    """Tell the whole story: two venues, an account, prices, a reservation, the proof, the ledger's answer.

    Then what is refused: a replay, a stolen proof, a stale root, an underfunded account. Everything is real but the
    money: the circuit is compiled, the proof is made and checked, the ledger is a database.
    """
    if folder is not None:
        require_free([folder / name for name in NAMES], force)
    with tempfile.TemporaryDirectory(prefix="zkmargin-demo-") as temporary:
        story = Story(output, Path(temporary))
        story.tell()
    if folder is not None:
        write_files(story.files(folder), force)
        for line in next_steps(folder, story.tree.source_root, story.tree.epoch):
            output.say(line)
    output.result({"steps": story.steps, "target_saw": dict(SEEN)}, [])


class Story:
    """The steps in order; each says what happens and remembers it for `--json`."""

    def __init__(self, output: Output, folder: Path) -> None:
        self.output = output
        self.folder = folder
        self.engine = chosen_engine(output)
        if self.engine.name == "reference":
            output.warn("on the reference engine this story takes some minutes")
        self.steps: list[dict[str, Any]] = []
        self._started = time.perf_counter()

    def tell(self) -> None:
        self._set_up()
        self._prices()
        self._account()
        with self.world.open_ledger(self.folder / "ledger.sqlite") as ledger:
            self.ledger = ledger
            ledger.attest_risk_root(self.world.attestation())
            self._reserve()
            self._prove()
            self._accept()
            self._refusals()
            self._underfunded()
            self._release()
        self._what_was_seen()

    def files(self, folder: Path) -> list[NewFile]:
        """The documents as they were when the credit was accepted."""
        return kept_files(folder, self.world, self.risk, self.tree, self.credit, self.settlement, self.attestation)

    def _set_up(self) -> None:
        self._chapter("The circuit")
        with self._timed("tracing the statement") as compiled:
            circuit = compile_margin(SMALL)
        with self._timed("development setup") as made:
            key = insecure_setup(circuit.r1cs, self.engine)
        self.world = World(circuit, key, Prover(key, self.engine))
        r1cs = circuit.r1cs
        self._tell(
            f"shape small: {r1cs.n_constraints:,} constraints, traced in {compiled():.2f} s; "
            f"development setup {made():.2f} s",
            f"circuit {circuit.digest.hex()[:32]}..., {self.engine.name} engine",
        )
        self.output.warn(INSECURE)
        self._note(
            "setup", constraints=r1cs.n_constraints, circuit_digest=circuit.digest.hex(), engine=self.engine.name
        )

    def _prices(self) -> None:
        self._chapter("Two venues and the prices both go by")
        self.risk = risk = self.world.risk
        self.attestation = self.world.attestation()
        self._tell(
            f"{SOURCE} (chain {SOURCE_CHAIN}) holds the collateral; "
            f"{TARGET} (chain {TARGET_CHAIN}, ledger {LEDGER_NAME!r}) grants margin",
            f"{'':6} {'low':>12} {'high':>12} {'haircut':>9} {'volatility':>11}",
        )
        for name, asset in zip(risk.asset_names, risk.table.assets, strict=True):
            low, high = (amount_text(price, "").strip() for price in (asset.price_low_e8, asset.price_high_e8))
            haircut, sigma = percent_text(asset.tiers[0].haircut_ppm), percent_text(asset.sigma_ppm)
            self._tell(f"{name:6} {low:>12} {high:>12} {haircut:>9} {sigma:>11}")
        self._tell(f"{len(self.attestation.signatures)} oracles sign the table's root; {TARGET} asks for {QUORUM}")
        self._note("prices", risk_root=str(risk.root()), signatures=len(self.attestation.signatures))

    def _account(self) -> None:
        self._chapter(f"An account at {SOURCE} (only {SOURCE} and the trader see this)")
        world = self.world
        world.crowd(4)
        self.account = world.funded_account()
        world.crowd(3)
        self._tell(
            "balances   " + ", ".join(amount_text(amount, name) for name, amount in DEPOSITS.items()),
            "positions  " + ", ".join(amount_text(quantity, name) for name, quantity in TRADES.items()),
        )
        self._note("account", accounts_at_source=8)

    def _reserve(self) -> None:
        self._chapter("The reservation")
        world = self.world
        self.credit = world.credit(self.account)
        greedy = world.credit(self.account, 4 * CREDIT_E8)
        self._refused(f"{_money(greedy.request.credit_e8)} for {TARGET}", greedy.reserve, VenueError)
        self.credit.reserve()
        self.tree = world.venue.publish(self.engine)
        self.ledger.observe_root(SOURCE_CHAIN, self.tree.epoch, self.tree.source_root, world.now_ms)
        self._tell(
            f"{_money(CREDIT_E8)} set aside at {SOURCE} for {TARGET}, and for nobody else",
            f"epoch {self.tree.epoch} published, source root {_short(self.tree.source_root)}; {TARGET}'s relay sees it",
        )
        self._note("reservation", reserved=_money(CREDIT_E8), source_root=str(self.tree.source_root))

    def _prove(self) -> None:
        self._chapter("The proof (on the trader's machine)")
        sides = {name: _money(amount) for name, amount in sides_e8(self._claim(self.tree)).items()}
        with self._timed("proving") as proved:
            self.settlement = self.credit.prove(self.tree, self.world.risk)
        self._tell(
            f"collateral {sides['collateral']} after haircuts >= margin {sides['margin']} + {sides['contingency']}",
            f"    + reserved {sides['reserved']}: true by {sides['surplus']}, which stays here",
            f"Groth16 proof of {len(self.settlement.proof.to_bytes())} bytes over "
            f"{len(self.settlement.public_inputs)} public inputs, in {proved():.2f} s",
        )
        self._note("proof", seconds=round(proved(), 3), public=[str(value) for value in self.settlement.public_inputs])

    def _accept(self) -> None:
        self._chapter(f"{TARGET}'s ledger answers")
        with self._timed("checking") as checked:
            receipt = self.credit.accept(self.ledger, self.settlement)
        self._good(
            f"in {1000 * checked():.1f} ms: receipt {receipt.number}, "
            f"margin of {_short(receipt.account)} is {_money(receipt.credit_e8)}"
        )
        self.receipt = receipt
        self._note("accepted", milliseconds=round(1000 * checked(), 3), receipt=receipt.to_json())

    def _refusals(self) -> None:
        self._chapter("What the ledger does not fall for")
        world, ledger, settlement = self.world, self.ledger, self.settlement
        again = ledger.accept(settlement)
        if again != self.receipt:
            raise StoryBroken("a replayed request got another receipt")
        self._good(f"the same request again: the same receipt {again.number}, nothing credited twice")
        self._note("replay", receipt=again.number)
        stolen = replace(settlement, context=replace(settlement.context, beneficiary=bytes.fromhex("ba" * 20)))
        self._refused("the proof with a thief as beneficiary", lambda: ledger.accept(stolen), Rejected)
        greedy = replace(settlement, terms=replace(settlement.terms, credit_e8=2 * CREDIT_E8))
        self._refused("the proof with twice the credit", lambda: ledger.accept(greedy), Rejected)
        twice = world.credit(self.account)
        with self._timed("proving"):
            second = twice.prove(self.tree, world.risk)
        self._refused("the same reservation, proven anew", lambda: ledger.accept(second), Rejected)
        world.now_ms += LATE_MINUTES * MINUTE_MS
        self._refused(f"that proof, {LATE_MINUTES} minutes later", lambda: ledger.accept(second), Rejected)
        self._tell(f"margin is still {_money(ledger.margin_of(self.receipt.account))}")

    def _underfunded(self) -> None:
        self._chapter(f"Coins fall by {CRASH_PERCENT} %, and the trader asks once more")
        world = self.world
        risk = world.crash()
        self.ledger.attest_risk_root(world.attestation())
        tree = world.venue.publish(self.engine)
        credit = world.credit(self.account)
        self._refused("an honest prover", lambda: credit.prove(tree, risk), StatementFalse)
        claim = margin_claim(risk, [tree.opening(self.account)], world.secret, credit.request, world.circuit.digest)
        with self._timed("cheating"):
            witness = world.circuit.witness(claim.circuit_inputs_unchecked(), engine=self.engine)
        self._refused(
            "a cheating prover's witness", lambda: world.circuit.check(witness, self.engine), UnsatisfiedConstraint
        )
        self._refused("a proof from it all the same", lambda: self._no_proof(witness), ZkMarginError)

    def _no_proof(self, witness: bytes) -> None:
        self.world.prover.prove(witness)

    def _release(self) -> None:
        self._chapter("The end of the credit")
        freed = self.credit.release(self.ledger)
        margin = _money(self.ledger.margin_of(self.receipt.account))
        self._tell(
            f"{TARGET} ends the credit (margin {margin}), then {SOURCE} frees {_money(freed)}",
        )
        self._note("released", freed=_money(freed), margin=margin)

    def _what_was_seen(self) -> None:
        self._chapter(f"What {TARGET} saw")
        for what, seen in SEEN:
            mark = styled("saw       ", fg="yellow") if seen else styled("never saw ", fg="green")
            self.output.say("  ", mark, what.replace("Beta", TARGET))
        self.output.say()
        self._tell(f"the whole story took {time.perf_counter() - self._started:.1f} s")

    def _claim(self, tree: AccountTree) -> Any:
        world = self.world
        opening = tree.opening(self.account)
        return margin_claim(world.risk, [opening], world.secret, self.credit.request, world.circuit.digest)

    def _refused(self, what: str, attempt: Callable[[], object], kind: type[ZkMarginError]) -> None:
        """It must be refused with this kind of error, or the demo has failed."""
        try:
            attempt()
        except kind as problem:
            self.output.say("  ", styled("refused", fg="red", bold=True), f"   {what}: {problem.code}")
            self._tell(*(f"          {line}" for line in _wrapped(one_line(str(problem)))))
            self._note("refused", what=what, error=problem.code, message=str(problem))
        else:
            _broken(what)

    def _chapter(self, title: str) -> None:
        self.output.say()
        self.output.say(styled(title, bold=True))

    def _tell(self, *lines: str) -> None:
        for line in lines:
            self.output.say(f"  {line}")

    def _good(self, line: str) -> None:
        self.output.say("  ", styled("accepted", fg="green", bold=True), f"  {line}")

    def _note(self, step: str, **facts: Any) -> None:
        self.steps.append({"step": step, **facts})

    @contextmanager
    def _timed(self, what: str) -> Iterator[Callable[[], float]]:
        """Progress while it runs; the seconds it took afterwards."""
        started = time.perf_counter()
        finished: list[float] = []
        with Progress(self.output, "demo") as progress:
            progress(what)
            yield lambda: finished[0]
        finished.append(time.perf_counter() - started)


def _broken(what: str) -> NoReturn:
    raise StoryBroken(f"{what} should have been refused; please report this")


def _money(amount_e8: int) -> str:
    """Whole dollars and cents, rounded down, with separators: for people."""
    whole, cents = divmod(floor_div(amount_e8, 10**6), 100)
    return f"{whole:,}.{cents:02} USD" if cents else f"{whole:,} USD"


def _short(value: int) -> str:
    return f"{str(value)[:10]}..."


def _wrapped(text: str, width: int = 96) -> list[str]:
    return textwrap.wrap(text, width, max_lines=2, placeholder=" ...", break_long_words=False, break_on_hyphens=False)
