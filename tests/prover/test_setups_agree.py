"""Setups are fixed functions of circuit and secrets: the engines agree byte for byte, and so do releases."""

from __future__ import annotations

import hashlib
import random

import pytest

from zkmargin.algebra import BN254, Engine, get_engine
from zkmargin.prover import PowersOfTau, ProvingKey, insecure_setup, setup_from_ptau
from zkmargin.prover.setup import ToxicWaste, key_from_secrets

from .conftest import Example, circuit, cubic, powers_chain

POINTS = ("alpha1", "beta1", "beta2", "gamma2", "delta1", "delta2", "ic")
QUERIES = ("a_points", "b1_points", "b2_points", "c_points", "h_points")


def digest(key: ProvingKey) -> str:
    return hashlib.sha256(b"".join(getattr(key, name) for name in (*POINTS, *QUERIES))).hexdigest()


def mixed() -> Example:
    """Coefficients of every size and sign, in sums of several terms; wire 2 stands in every row."""
    rng = random.Random("coefficients")
    values = [1, 5, 7, 11]
    rows = []
    for kind in range(6):
        draw = [1, -1, 3, 1 << 200, -(1 << 100), rng.randrange(BN254.r)]
        a = {wire: draw[(kind + wire) % 6] for wire in range(len(values))}
        b = {2: draw[kind], len(values) - 1: -1}
        left, right = (sum(k * values[wire] for wire, k in row.items()) for row in (a, b))
        values.append(left * right * pow(7, -1, BN254.r) % BN254.r)
        rows.append((a, b, {len(values) - 1: 7}))
    return circuit(rows, values, public=1)


EXAMPLES = {"cubic": cubic, "chain": lambda: powers_chain(20), "mixed": mixed}


@pytest.mark.parametrize("name", EXAMPLES)
def test_both_engines_make_the_same_development_key(best_engine: Engine, name: str) -> None:
    r1cs, waste = EXAMPLES[name]().r1cs, ToxicWaste.draw(random.Random(name).randrange, BN254.r)
    keys = [key_from_secrets(r1cs, waste, engine) for engine in (best_engine, get_engine("reference"))]
    assert keys[0] == keys[1]
    assert keys[0].folded_points == keys[1].folded_points


@pytest.mark.parametrize("name", ["cubic", "mixed"])
def test_both_engines_make_the_same_key_of_a_ceremony(best_engine: Engine, ptau: PowersOfTau, name: str) -> None:
    r1cs = EXAMPLES[name]().r1cs
    keys = [
        setup_from_ptau(r1cs, ptau, engine, check=False, folded=True)
        for engine in (best_engine, get_engine("reference"))
    ]
    assert keys[0] == keys[1]
    assert keys[0].folded_points == keys[1].folded_points


def test_a_seeded_key_stays_the_same(best_engine: Engine) -> None:
    """As releases before the folded points made it."""
    key = insecure_setup(mixed().r1cs, best_engine, random.Random("seed").randrange)
    assert digest(key) == "8a4da0dda9fdad23fe843b1030e177cbfdd3a257f13869ef1d0dffb67752f632"
