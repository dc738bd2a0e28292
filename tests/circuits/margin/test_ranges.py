"""Every range check of the statement is needed: a forged witness that breaks nothing else is stopped by it alone.

The forgeries keep every hash, every packing and every inequality, and go past the input layer, which would refuse them
by name. Each is put to the circuit, and to the circuit built without the one range check, which must accept it: so no
other constraint stands in for that check, and a forgery that has decayed is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from zkmargin.algebra import BN254, scalars_to_bytes
from zkmargin.circuits import Circuit, CompiledCircuit, Expr, UnsatisfiedConstraint, build, to_bits
from zkmargin.circuits.gadgets import arithmetic
from zkmargin.circuits.margin import (
    SMALL,
    Reservation,
    Shape,
    compile_margin,
    margin_statement,
    nullifier,
    venue_group,
)
from zkmargin.circuits.margin.account import POSITION_BIAS, WORDS_PER_ELEMENT, Leaf, pack_words
from zkmargin.circuits.margin.risk_table import variance_rate_e18
from zkmargin.circuits.margin.rules import SHOCK_BITS, worst_half_units
from zkmargin.prover.accounts import AccountTree
from zkmargin.prover.assembly import Claim
from zkmargin.verifier.statement import HORIZON_BITS

E8 = 10**8
TARGET = 0x7A26E7
HOUR_MS = 3_600_000
WORD = 1 << 64
SCENARIOS = Shape("scenarios", 1, 3, 2, 1, 3, 3, 2, 2)
NETTED = Shape("netted", 2, 3, 2, 1, 2, 2, 2, 2)

Values = dict[str, int | Sequence[int]]


@dataclass(frozen=True)
class Forgery:
    """Input values, of which only `signal` (an element of the input `declared`) is out of its range."""

    shape: Shape
    declared: str
    signal: str
    make: Callable[[Callable[..., Claim]], Values]


def rich(claim_of: Callable[..., Claim], shape: Shape, **changes: object) -> Claim:
    """So well covered that no forged word makes the claim false; no word is zero, so that each can lend one unit."""
    fields: dict[str, object] = {
        "balances_e8": tuple(2**63 + a for a in range(shape.assets)),
        "debts_e8": tuple(7 + a for a in range(shape.assets)),
        "reservations": tuple(Reservation(TARGET, 20_000 * E8 + s) for s in range(shape.reservation_slots)),
    }
    return claim_of(shape, **fields | changes)


def word_names(shape: Shape, venue: int) -> list[tuple[str, str]]:
    """For each of `Leaf.words()` the declared input and the signal."""
    leaf = f"leaf[{venue}]"
    names = [(f"{leaf}.sequence", f"{leaf}.sequence")]
    for field, count in (
        ("balances_e8", shape.assets),
        ("debts_e8", shape.assets),
        ("positions_e8", shape.instruments),
        ("reservation_e8", shape.reservation_slots),
    ):
        names += [(f"{leaf}.{field}", f"{leaf}.{field}[{k}]") for k in range(count)]
    return names


def elements(circuit: CompiledCircuit, values: Values) -> dict[str, int]:
    """Each input element by its own name, in wire order, reduced mod r; nothing is checked."""
    found: dict[str, int] = {}
    for signal in circuit.inputs:
        given = values[signal.name]
        if signal.count is None:
            found[signal.name] = given % BN254.r
        else:
            assert len(given) == signal.count
            found |= {f"{signal.name}[{k}]": value % BN254.r for k, value in enumerate(given)}
    return found


def changed(values: Values, signal: str, by: int) -> Values:
    """The values with one element changed by so much."""
    if signal in values:
        return values | {signal: values[signal] + by}
    name, _, index = signal.removesuffix("]").rpartition("[")
    listed = list(values[name])
    listed[int(index)] += by
    return values | {name: listed}


def borrowed(shape: Shape, venue: int, place: int) -> Forgery:
    """A word moved by 2^64, and the next word of the same field element by one the other way."""
    declared, signal = word_names(shape, venue)[place]
    _, neighbour = word_names(shape, venue)[place + 1]
    # Downwards where a larger one would leave the lane that it is compared with thresholds in, or cost its owner.
    sign = -1 if "debts" in declared or "balances" in declared else 1

    def make(claim_of: Callable[..., Claim]) -> Values:
        # Short first positions: 2^64 more leaves the sum over the venues where its own sign is found.
        claim = rich(claim_of, shape, positions_e8=tuple((-E8, E8)[k % 2] for k in range(shape.instruments)))
        leaf = claim.openings[venue].leaf
        words = leaf.words()
        assert len(words) == len(word_names(shape, venue))
        words[place] += sign * WORD
        words[place + 1] -= sign
        assert 0 <= words[place + 1] < WORD
        assert not 0 <= words[place] < WORD
        assert pack_words(words) == pack_words(leaf.words())
        values = changed(dict(claim.circuit_inputs()), signal, sign * WORD)
        values = changed(values, neighbour, -sign)
        return with_worst(claim, with_sequence(claim, values))

    return Forgery(shape, declared, signal, make)


def with_sequence(claim: Claim, values: Values) -> Values:
    """The public values that follow from the sequences, credit and horizon shown."""
    sequence = sum(values[f"leaf[{venue}].sequence"] for venue in range(claim.shape.venues)) % BN254.r
    return values | {
        "nullifier": nullifier(claim.secret, claim.target, sequence),
        "terms": (values["credit_e8"] + values["horizon_ms"] * WORD + sequence * 2 ** (64 + HORIZON_BITS)) % BN254.r,
    }


def with_worst(claim: Claim, values: Values) -> Values:
    """The worst losses of the positions shown."""
    shape = claim.shape
    if not shape.scenarios:
        return values
    assert shape.venues > 1
    columns = zip(*(values[f"leaf[{venue}].positions_e8"] for venue in range(shape.venues)), strict=True)
    positions = [sum(column) for column in columns]
    return values | {
        f"worst_half_units[{u}]": worst_half_units(shape, claim.table, positions, u) for u in range(shape.underlyings)
    }


def credit_not_reserved(claim_of: Callable[..., Claim]) -> Values:
    """Terms that name a credit which nothing is reserved for: credit - 2^64 and one more millisecond."""
    asked = 2**63
    claim = rich(claim_of, SMALL, credit_e8=asked, horizon_ms=HOUR_MS)
    assert claim.holdings().reserved_for_target_e8 < asked
    values = dict(rich(claim_of, SMALL, horizon_ms=HOUR_MS + 1).circuit_inputs())
    return values | {"credit_e8": asked - WORD, "terms": claim.terms().pack()}


def horizon_of_the_next_state(claim_of: Callable[..., Claim]) -> Values:
    """Terms that name the sequence after the leaf's own: horizon + 2^40."""
    claim = rich(claim_of, SMALL)
    calm = replace(claim.table, assets=tuple(replace(row, sigma_ppm=1000) for row in claim.table.assets))
    later = replace(claim, table=calm, horizon_ms=HOUR_MS + (1 << HORIZON_BITS))
    sequence = later.holdings().sequence
    shown = rich(claim_of, SMALL, horizon_ms=HOUR_MS, sequence=sequence + 1)
    values = dict(horizon_free_inputs(later))
    return values | {"terms": shown.terms().pack()}


def horizon_free_inputs(claim: Claim) -> Values:
    """The inputs of a claim whose horizon does not fit its terms: all but the terms."""
    fitting = dict(replace(claim, horizon_ms=0).circuit_inputs_unchecked())
    shocks = claim.evaluation().shocks_e9
    return fitting | {"horizon_ms": claim.horizon_ms} | {f"shock_e9[{a}]": shock for a, shock in enumerate(shocks)}


def shock_too_large(asset: int) -> Callable[[Callable[..., Claim]], Values]:
    """The true shock of an asset so volatile that it does not fit the bits meant for it, by one."""

    def make(claim_of: Callable[..., Claim]) -> Values:
        claim = rich(claim_of, SMALL, positions_e8=(0,) * SMALL.instruments)
        rate = variance_rate_e18(claim.table.confidence_e4, 200_000)
        claim = replace(claim, horizon_ms=(1 << 2 * SHOCK_BITS) // rate)
        assets = tuple(
            replace(row, sigma_ppm=200_000 if a == asset else min(row.sigma_ppm, 1000))
            for a, row in enumerate(claim.table.assets)
        )
        claim = replace(claim, table=replace(claim.table, assets=assets))
        assert claim.evaluation().shocks_e9[asset] == 1 << SHOCK_BITS
        return dict(claim.circuit_inputs_unchecked())

    return make


def worst_below_zero(underlying: int) -> Callable[[Callable[..., Claim]], Values]:
    """A worst loss of less than nothing, where every scenario is a gain."""

    def make(claim_of: Callable[..., Claim]) -> Values:
        claim = rich(claim_of, SCENARIOS, positions_e8=(E8,) * SCENARIOS.instruments)
        rows = tuple(replace(row, pnl_units=(5,) * SCENARIOS.scenarios) for row in claim.table.instruments)
        values = dict(replace(claim, table=replace(claim.table, instruments=rows)).circuit_inputs())
        assert values[f"worst_half_units[{underlying}]"] == 0
        return values | {f"worst_half_units[{underlying}]": -1}

    return make


def venues_of(shape: Shape, ids: tuple[int, ...]) -> Callable[[Callable[..., Claim]], Values]:
    """Venues with these ids; everything hashed from them follows."""

    def make(claim_of: Callable[..., Claim]) -> Values:
        elements_of_ids = [venue_id % BN254.r for venue_id in ids]
        claim = rich(claim_of, shape, group=venue_group(elements_of_ids))
        openings = tuple(
            AccountTree(venue_id, 7, shape, [opening.leaf]).opening(0)
            for venue_id, opening in zip(elements_of_ids, claim.openings, strict=True)
        )
        return dict(replace(claim, openings=openings).circuit_inputs_unchecked())

    return make


def forgeries() -> Iterator[Forgery]:
    for shape in (SMALL, NETTED):
        for venue in range(shape.venues):
            names = word_names(shape, venue)
            for place, _ in pairwise(range(len(names))):
                if place % WORDS_PER_ELEMENT < WORDS_PER_ELEMENT - 1:
                    yield borrowed(shape, venue, place)
    yield Forgery(SMALL, "credit_e8", "credit_e8", credit_not_reserved)
    yield Forgery(SMALL, "horizon_ms", "horizon_ms", horizon_of_the_next_state)
    for asset in range(SMALL.assets):
        yield Forgery(SMALL, f"shock_e9[{asset}]", f"shock_e9[{asset}]", shock_too_large(asset))
    for u in range(SCENARIOS.underlyings):
        yield Forgery(SCENARIOS, f"worst_half_units[{u}]", f"worst_half_units[{u}]", worst_below_zero(u))
    yield Forgery(NETTED, "venue_id", "venue_id[0]", venues_of(NETTED, (-1, 1002)))
    yield Forgery(NETTED, "venue_id", "venue_id[1]", venues_of(NETTED, (1001, WORD + 5)))


FORGERIES = list(forgeries())


def is_sign_checked(forgery: Forgery) -> bool:
    """With one venue a position's range check is the decomposition that finds its sign."""
    return "positions" in forgery.declared and forgery.shape.venues == 1


@contextmanager
def without(forgery: Forgery) -> Iterator[None]:
    """Circuits built inside lack the range check of the forged input."""
    prove = Circuit._prove_range

    def prove_others(self: Circuit, value: Expr, known: tuple[int, int]) -> None:
        (wire,) = value.terms
        if self.wire_name(wire) != forgery.signal:
            prove(self, value, known)

    def wider_sign(x: Expr) -> Expr:
        if [x.circuit.wire_name(wire) for wire in x.terms] != [forgery.signal]:
            return sign(x)
        bits = POSITION_BIAS.bit_length() + 3
        return to_bits(x.integer() + (1 << bits), bits + 1)[bits]

    sign = arithmetic.is_nonnegative
    with pytest.MonkeyPatch.context() as patch:
        if is_sign_checked(forgery):
            patch.setattr(arithmetic, "is_nonnegative", wider_sign)
        else:
            patch.setattr(Circuit, "_prove_range", prove_others)
        yield


def put_to(circuit: CompiledCircuit, values: Values) -> UnsatisfiedConstraint | None:
    arranged = list(elements(circuit, values).values())
    try:
        circuit.check(circuit.program.run(scalars_to_bytes(arranged)))
    except UnsatisfiedConstraint as problem:
        return problem
    return None


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda f: f"{f.shape.name}-{f.signal}")
def test_a_value_out_of_range_is_stopped_by_its_range_check(claim_of, forgery) -> None:
    problem = put_to(compile_margin(forgery.shape), forgery.make(claim_of))
    assert problem is not None
    assert problem.gadget == (
        ("sign_split", "is_nonnegative", "to_bits") if is_sign_checked(forgery) else ("range_check",)
    )
    assert forgery.signal in problem.values


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda f: f"{f.shape.name}-{f.signal}")
def test_nothing_else_would_stop_it(claim_of, forgery) -> None:
    with without(forgery):
        weaker = build(margin_statement, forgery.shape, name="weaker")
    assert put_to(weaker, forgery.make(claim_of)) is None


def test_every_ranged_input_is_forged() -> None:
    for shape in (SMALL, SCENARIOS, NETTED):
        forged = {f.declared for f in FORGERIES}
        ranged = {
            signal.name.partition("positions_e8")[0] + ("positions_e8" if "positions_e8" in signal.name else "")
            for signal in compile_margin(shape).inputs
            if signal.interval is not None and not signal.name.startswith("risk.")
        }
        assert ranged <= forged, ranged - forged


def test_the_words_are_the_leaf_s(claim_of) -> None:
    """The names used above, against `Leaf.words()`."""
    leaf: Leaf = claim_of().openings[0].leaf
    values = elements(compile_margin(SMALL), dict(claim_of().circuit_inputs()))
    for (_, name), word in zip(word_names(SMALL, 0), leaf.words(), strict=True):
        bias = POSITION_BIAS if "positions" in name else 0
        assert (values[name] + bias) % BN254.r == word, name
