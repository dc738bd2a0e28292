"""`python -m benchmarks.agreement`: do the margin rules and their constraints agree, on as many accounts as asked for?

For each account the plain rules say whether the claim holds, and the native engine runs the witness program of the
rules' constraints and says whether they are all satisfied. Most of the accounts are placed on the boundary: the quote
currency's balance, which counts at par, is set to what is lacking, rounded up, or to a unit less. Nothing is hashed or
proven here: this is the part of the statement between the opened values and the inequality (`require_margin`).
"""

from __future__ import annotations

import argparse
import csv
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zkmargin.algebra import BN254, Engine, get_engine, scalars_to_bytes
from zkmargin.circuits import AMOUNT, TIME_MS, VALUE, Circuit, CompiledCircuit, bind, build
from zkmargin.circuits.margin import SHAPES, Holdings, RiskTable, Shape, evaluate
from zkmargin.circuits.margin.constraints import HoldingsSignals, require_margin
from zkmargin.circuits.margin.opening import declare_table
from zkmargin.circuits.margin.risk_table import AssetRisk, HaircutTier, InstrumentRisk, UnderlyingRisk
from zkmargin.circuits.margin.rules import FROM_E8, SHOCK_BITS, worst_half_units
from zkmargin.prover.assembly import table_values
from zkmargin.verifier.statement import HORIZON_BITS

E8 = 10**8
WORD = 1 << 64
TOGETHER = 512
PER_TABLE = 512
RESULTS = Path(__file__).parent / "results" / "agreement.csv"
BELIEVED = "only compared with the rules"


@dataclass(frozen=True)
class Case:
    """One account before one table; `holds` is what the rules say."""

    holdings: Holdings
    inputs: bytes
    holds: bool
    kind: str


def rules_alone(c: Circuit, shape: Shape) -> None:
    """`require_margin` over inputs that are opened from nothing."""
    table, venues = declare_table(c, shape), shape.venues
    for reach in table.scenario_horizon:
        bind(reach)  # compared with the horizon outside these rules
    amount, position = (0, venues * (WORD - 1)), (-venues * WORD // 2, venues * (WORD // 2 - 1))
    holdings = HoldingsSignals(
        balances=[c.private_trusted(f"balances[{a}]", amount, BELIEVED, AMOUNT(8)) for a in range(shape.assets)],
        debts=[c.private_trusted(f"debts[{a}]", amount, BELIEVED, AMOUNT(8)) for a in range(shape.assets)],
        positions=[c.private_trusted(f"q[{k}]", position, BELIEVED, AMOUNT(8)) for k in range(shape.instruments)],
        reserved=c.private_trusted("reserved", (0, venues * shape.reservation_slots * (WORD - 1)), BELIEVED, VALUE(8)),
    )
    horizon = c.private_trusted("horizon_ms", (0, (1 << HORIZON_BITS) - 1), BELIEVED, TIME_MS(0))
    require_margin(c, shape, table, holdings, horizon)


class _Extremes:
    """Picks a moderate number, or where numbers may be wild often an extreme one."""

    def __init__(self, rng: random.Random, wild: bool) -> None:
        self._rng, self._wild = rng, wild

    def of(self, moderate: int, *extremes: int) -> int:
        return self._rng.choice(extremes) if self._wild and self._rng.random() < 0.5 else moderate


def random_table(shape: Shape, rng: random.Random, wild: bool) -> RiskTable:
    """A table such as a market gives, or where `wild` any that `validate` lets pass; the last asset stands at par."""
    most, extremes = shape.risk_limit, _Extremes(rng, wild)

    def units() -> int:
        return rng.choice((0, most, -most, rng.randint(-most, most), rng.randint(-most, most)))

    def asset() -> AssetRisk:
        low = extremes.of(rng.randrange(1, 10**13), 1, rng.randrange(1, WORD))
        above = sorted(extremes.of(rng.randrange(10**12), 0, WORD - 1, rng.randrange(WORD)) for _ in range(shape.tiers))
        cuts = sorted(extremes.of(rng.randrange(500_000), 0, 10**6) for _ in range(shape.tiers))
        tiers = tuple(HaircutTier(0 if t == 0 else above[t], cuts[t]) for t in range(shape.tiers))
        sigma = extremes.of(rng.randrange(2_000_000), 0, 1, rng.randrange(40_000_000))
        high = extremes.of(low + low // 1000, low, rng.randrange(low, WORD))
        return AssetRisk(low, min(high, WORD - 1), sigma, tiers)

    def underlying() -> UnderlyingRisk:
        return UnderlyingRisk(
            spot_e8=extremes.of(rng.randrange(1, 10**13), 1, rng.randrange(1, WORD)),
            contingency_ppm=extremes.of(rng.randrange(50_000), 0, 10**6),
            liquidity_free_e8=extremes.of(rng.randrange(10 ** rng.randrange(8, 13)), 0, WORD - 1),
            liquidity_ppm=extremes.of(rng.randrange(50_000), 0, 10**6),
            value_unit_e16=extremes.of(rng.randrange(1, 10**17), 1, rng.randrange(1, 1 << 68)),
            gamma_unit_e8=extremes.of(rng.randrange(1, 10**10), 1, rng.randrange(1, 1 << 44)),
        )

    table = RiskTable(
        confidence_e4=extremes.of(40_000, 1, rng.randrange(1, 100_000)),
        assets=(*(asset() for _ in range(shape.assets - 1)), AssetRisk(E8, E8, 0, (HaircutTier(0, 0),) * shape.tiers)),
        underlyings=tuple(underlying() for _ in range(shape.underlyings)),
        instruments=tuple(
            InstrumentRisk(units(), units(), tuple(units() for _ in range(shape.scenarios)))
            for _ in range(shape.instruments)
        ),
        scenario_horizon_ms=(1 << HORIZON_BITS) - 1 if shape.scenarios else 0,
    )
    table.validate(shape)
    return table


def random_holdings(shape: Shape, rng: random.Random, wild: bool) -> Holdings:
    """Netted holdings of a trader, or where `wild` of any size."""
    venues, extremes = shape.venues, _Extremes(rng, wild)

    def amount() -> int:
        most = venues * (WORD - 1)
        return extremes.of(rng.choice((0, rng.randrange(10**9))), 1, most, rng.randrange(10**15), rng.randrange(most))

    def position() -> int:
        low, high = -venues * WORD // 2, venues * (WORD // 2 - 1)
        moderate = rng.choice((0, 1, -1, rng.randint(-(10**9), 10**9), rng.randint(-(10**11), 10**11)))
        return extremes.of(moderate, low, high, rng.randint(low, high))

    return Holdings(
        balances_e8=tuple(amount() for _ in range(shape.assets)),
        debts_e8=tuple(amount() for _ in range(shape.assets)),
        positions_e8=tuple(position() for _ in range(shape.instruments)),
        reserved_e8=extremes.of(rng.randrange(10**13), 0, venues * shape.reservation_slots * (WORD - 1)),
        reserved_for_target_e8=0,
        sequence=0,
    )


def cases(shape: Shape, circuit: CompiledCircuit, rng: random.Random) -> Iterator[Case]:
    """Accounts without end; a new table and horizon now and then."""
    while True:
        table = random_table(shape, rng, wild=rng.random() < 0.25)
        horizon = rng.choice((0, 1, 90_000, 3_600_000, rng.randrange(10**8), rng.randrange(1 << HORIZON_BITS)))
        of_table = table_values(shape, table)
        for _ in range(PER_TABLE):
            holdings, kind = random_holdings(shape, rng, wild=rng.random() < 0.25), "random"
            if rng.random() < 0.75:
                holdings, kind = on_the_boundary(shape, table, holdings, horizon, rng)
            yield _case(shape, circuit, table, of_table, holdings, horizon, kind)


def on_the_boundary(
    shape: Shape, table: RiskTable, holdings: Holdings, horizon: int, rng: random.Random
) -> tuple[Holdings, str]:
    """The same with just enough of the quote currency, or a unit less; as it is where no balance can do that."""
    without = _with_quote(holdings, 0)
    needed = -(evaluate(shape, table, without, horizon).surplus_2e34 // FROM_E8)  # rounded up
    if not 1 <= needed < shape.venues * WORD:
        return holdings, "random"
    if rng.random() < 0.5:
        return _with_quote(holdings, needed), "just enough"
    return _with_quote(holdings, needed - 1), "one unit short"


def _with_quote(holdings: Holdings, balance: int) -> Holdings:
    return Holdings(
        (*holdings.balances_e8[:-1], balance),
        holdings.debts_e8,
        holdings.positions_e8,
        holdings.reserved_e8,
        holdings.reserved_for_target_e8,
        holdings.sequence,
    )


def _case(
    shape: Shape,
    circuit: CompiledCircuit,
    table: RiskTable,
    of_table: dict[str, int],
    holdings: Holdings,
    horizon: int,
    kind: str,
) -> Case:
    evaluation = evaluate(shape, table, holdings, horizon)
    holds = evaluation.surplus_2e34 >= 0 and all(shock < 1 << SHOCK_BITS for shock in evaluation.shocks_e9)
    values = {
        **of_table,
        **{f"balances[{a}]": value for a, value in enumerate(holdings.balances_e8)},
        **{f"debts[{a}]": value for a, value in enumerate(holdings.debts_e8)},
        **{f"q[{k}]": value for k, value in enumerate(holdings.positions_e8)},
        "reserved": holdings.reserved_e8,
        "horizon_ms": horizon,
        **{f"shock_e9[{a}]": shock for a, shock in enumerate(evaluation.shocks_e9)},
    }
    if shape.scenarios:
        for u in range(shape.underlyings):
            values[f"worst_half_units[{u}]"] = worst_half_units(shape, table, holdings.positions_e8, u)
    inputs = scalars_to_bytes([values[signal.name] % BN254.r for signal in circuit.inputs])
    return Case(holdings, inputs, holds, kind)


def compare(shape: Shape, count: int, seed: int, engine: Engine) -> Counter[tuple[str, bool]]:
    """How many accounts of each kind held or did not; raises at the first one that rules and constraints see apart."""
    circuit = build(rules_alone, shape, name=f"rules-{shape.name}")
    program = engine.load_program(circuit.program.to_bytes())
    constraints = engine.load_constraints(circuit.r1cs.a, circuit.r1cs.b, circuit.r1cs.c)
    source, found = cases(shape, circuit, random.Random(f"{shape.name} {seed}")), Counter[tuple[str, bool]]()
    while found.total() < count:
        part = [next(source) for _ in range(min(TOGETHER, count - found.total()))]
        broken = program.first_broken(b"".join(case.inputs for case in part), len(part), constraints)
        for case, row in zip(part, broken, strict=True):
            if (row is None) != case.holds:
                raise AssertionError(f"shape {shape.name}, seed {seed}: rules say {case.holds}, row {row}, of {case}")
            found[case.kind, case.holds] += 1
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000, help="for each shape")
    parser.add_argument("--shapes", nargs="*", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    engine = get_engine("native")
    rows = []
    for name in options.shapes:
        started = time.perf_counter()
        found = compare(SHAPES[name], options.accounts, options.seed, engine)
        seconds = time.perf_counter() - started
        for (kind, holds), count in sorted(found.items()):
            rows.append([name, options.seed, kind, "holds" if holds else "fails", count, 0])
        print(f"{name}: {options.accounts:,} accounts agree, in {seconds:.0f} s: {dict(found)}", flush=True)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with options.out.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["shape", "seed", "kind", "rules say", "accounts", "disagreements"])
            writer.writerows(rows)


if __name__ == "__main__":
    main()
