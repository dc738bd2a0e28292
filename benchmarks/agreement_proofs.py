"""`python -m benchmarks.agreement_proofs`: the same agreement with the whole statement and with real proofs.

Random accounts, on the boundary too, go the whole way: leaves under trees, a table under its root, the witness of the
margin circuit, a proof, its check. Where the rules say that the claim is false, the circuit must be unsatisfied.
"""

from __future__ import annotations

import argparse
import csv
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from zkmargin.algebra import Engine, get_engine
from zkmargin.circuits import UnsatisfiedConstraint
from zkmargin.circuits.errors import InputError
from zkmargin.circuits.margin import (
    SHAPES,
    Holdings,
    Leaf,
    Reservation,
    RiskTable,
    Shape,
    compile_margin,
    key_commitment,
    venue_group,
)
from zkmargin.circuits.margin.rules import SHOCK_BITS
from zkmargin.prover import AccountTree, Claim, Prover, insecure_setup
from zkmargin.verifier import verify

from .agreement import WORD, on_the_boundary, random_holdings, random_table

RESULTS = Path(__file__).parent / "results" / "agreement-proofs.csv"
SECRET, TARGET, FIRST_VENUE = 0x5EC2E7, 0x7A26E7, 1001
PER_TABLE = 5


def claims(shape: Shape, rng: random.Random) -> Iterator[Claim]:
    """Claims without end, some of them false; the credit is what is reserved for the target, or one more."""
    while True:
        table = random_table(shape, rng, wild=rng.random() < 0.25)
        if shape.scenarios:
            table = replace(table, scenario_horizon_ms=rng.choice((90_000, 10**8, 10**8, 10**8)))
        horizon_ms = rng.choice((0, 90_000, 3_600_000, rng.randrange(10**8)))
        for _ in range(PER_TABLE):
            holdings = _within_leaves(shape, random_holdings(shape, rng, wild=rng.random() < 0.25))
            if rng.random() < 0.8:
                holdings, _ = on_the_boundary(shape, table, holdings, horizon_ms, rng)
            yield _claim(shape, table, holdings, horizon_ms, rng)


def _within_leaves(shape: Shape, holdings: Holdings) -> Holdings:
    """With a reservation that one slot can hold."""
    return replace(holdings, reserved_e8=min(holdings.reserved_e8, WORD - 1))


def _claim(shape: Shape, table: RiskTable, holdings: Holdings, horizon_ms: int, rng: random.Random) -> Claim:
    ids = range(FIRST_VENUE, FIRST_VENUE + shape.venues)
    leaves = [_leaf(shape, holdings, venue, venue_group(ids), rng) for venue in range(shape.venues)]
    return Claim(
        shape=shape,
        secret=SECRET,
        openings=tuple(
            AccountTree(venue_id, 7, shape, [leaf]).opening(0) for venue_id, leaf in zip(ids, leaves, strict=True)
        ),
        table=table,
        target=TARGET,
        credit_e8=min(holdings.reserved_e8 + (rng.random() < 0.1), WORD - 1),
        horizon_ms=horizon_ms,
        context=rng.randrange(1 << 250),
    )


def _leaf(shape: Shape, holdings: Holdings, venue: int, group: int, rng: random.Random) -> Leaf:
    """A venue's share of each amount, as even as integers are: it fits a leaf where the sum fits the shape."""

    def share(total: int) -> int:
        return (total + venue) // shape.venues

    mine = holdings.reserved_e8 if venue == 0 else 0
    return Leaf(
        key_commitment=key_commitment(SECRET),
        group=group,
        salt=rng.randrange(1 << 250),
        sequence=rng.randrange(1 << 48),
        balances_e8=tuple(map(share, holdings.balances_e8)),
        debts_e8=tuple(map(share, holdings.debts_e8)),
        positions_e8=tuple(map(share, holdings.positions_e8)),
        reservations=(Reservation(TARGET, mine), *[Reservation(0, 0)] * (shape.reservation_slots - 1)),
    )


def is_true(claim: Claim) -> bool:
    """What the plain rules say."""
    evaluation, holdings = claim.evaluation(), claim.holdings()
    fits = all(shock < 1 << SHOCK_BITS for shock in evaluation.shocks_e9)
    return (
        fits
        and evaluation.scenarios_reach
        and evaluation.surplus_2e34 >= 0
        and holdings.reserved_for_target_e8 >= claim.credit_e8
    )


def prove_all(shape: Shape, count: int, seed: int, engine: Engine) -> tuple[int, int]:
    """How many claims were proven and how many refused; raises where circuit or proof see one otherwise."""
    circuit = compile_margin(shape)
    key = insecure_setup(circuit.r1cs, engine)
    prover, proven, refused = Prover(key, engine), 0, 0
    source = claims(shape, random.Random(f"proofs {shape.name} {seed}"))
    for claim, _ in zip(source, range(count), strict=False):
        try:
            witness = circuit.witness(claim.circuit_inputs_unchecked(), engine=engine)
            circuit.check(witness, engine=engine)
        except (InputError, UnsatisfiedConstraint) as problem:  # the former for a shock too large for its bits
            if is_true(claim):
                raise AssertionError(f"shape {shape.name}: a true claim is refused: {problem}") from None
            refused += 1
            continue
        if not is_true(claim):
            raise AssertionError(f"shape {shape.name}: a false claim is satisfied")
        proof, public = prover.prove(witness)
        if public != claim.public_inputs().signals():
            raise AssertionError(f"shape {shape.name}: the public inputs are not the claim's")
        verify(key.verifying_key(), public, proof, allow_development=True, engine=engine)
        proven += 1
    return proven, refused


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement_proofs", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100, help="for each shape")
    parser.add_argument("--shapes", nargs="*", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    engine = get_engine("native")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["shape", "seed", "claims", "proven and verified", "false and unsatisfied", "disagreements"])
        for name in options.shapes:
            started = time.perf_counter()
            proven, refused = prove_all(SHAPES[name], options.accounts, options.seed, engine)
            writer.writerow([name, options.seed, options.accounts, proven, refused, 0])
            seconds = time.perf_counter() - started
            print(f"{name}: {proven} proven and verified, {refused} false, in {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
