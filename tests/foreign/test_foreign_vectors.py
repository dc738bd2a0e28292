"""Other projects' vectors of the curve: the pairing, the precompiles and multiples, on both engines.

The reference engine takes seconds over what the native one does in milliseconds, so it gets a sample: of each label,
or of each file, the shortest cases.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from zkmargin.algebra import EncodingError, Engine, PointError, g1_to_bytes, g2_to_bytes, scalars_to_bytes
from zkmargin.algebra.precompiles import PAIR_BYTES, ec_add, ec_mul, ec_pairing

from .fetch_geth import FetchFailed, vectors

DATA = Path(__file__).with_name("data")
PAIRINGS = DATA / "ethereum-tests" / "ecpairing_inputsFiller.yml"
MULTIPLES = sorted((DATA / "constantine").glob("*.json"))
SAMPLE = 2


def _pairings() -> list[tuple[str, bytes]]:
    found = re.findall(r"- :label (\w+) :raw 0x([0-9a-f]*)\n", PAIRINGS.read_text() + "\n")
    return [(label, bytes.fromhex(digits)) for label, digits in found]


def sampled(cases: list[Any], engine: Engine, size: Callable[[Any], int], count: int = SAMPLE) -> Iterable[Any]:
    return cases if engine.name == "native" else sorted(cases, key=size)[:count]


def test_the_files_are_those_of_their_repositories() -> None:
    """By git's own name for a file's contents, as the README beside them has it."""
    blobs = dict(re.findall(r"\| `(\S+)` \| `([0-9a-f]{40})` \|", (DATA / "README.md").read_text()))
    for path in (PAIRINGS, *MULTIPLES):
        content = path.read_bytes()
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        assert blobs.pop(path.name) == blob
    assert not blobs


def test_there_are_144_labelled_pairings() -> None:
    assert Counter(label for label, _ in _pairings()) == {
        "positive": 33,
        "negative": 5,
        "invalid_g1_point": 13,
        "invalid_g2_point": 14,
        "invalid_g2_subgroup": 79,
    }


@pytest.mark.parametrize("label", ["positive", "negative"])
def test_pairings_of_ethereum_tests(engine: Engine, label: str) -> None:
    cases = [data for name, data in _pairings() if name == label]
    for data in sampled(cases, engine, len, 1):
        assert ec_pairing(data, engine) == (label == "positive").to_bytes(32, "big")


@pytest.mark.parametrize("label", ["invalid_g1_point", "invalid_g2_point", "invalid_g2_subgroup"])
def test_invalid_points_of_ethereum_tests(engine: Engine, label: str) -> None:
    cases = [data for name, data in _pairings() if name == label]
    for data in sampled(cases, engine, len):
        with pytest.raises(PointError, match=r"not on the curve|not below q|outside the subgroup") as caught:
            ec_pairing(data, engine)
        assert caught.value.index is not None
        assert caught.value.index < len(data) // PAIR_BYTES


def test_what_is_wrong_with_the_invalid_points(best_engine: Engine) -> None:
    """Four of those labelled as outside the subgroup hold a worse point, which is found before it."""
    found: Counter[tuple[str, bool]] = Counter()
    for label, data in _pairings() if best_engine.name == "native" else []:
        if label.startswith("invalid"):
            with pytest.raises(PointError) as caught:
                ec_pairing(data, best_engine)
            found[label, "subgroup" in str(caught.value)] += 1
    assert not found or found == {
        ("invalid_g1_point", False): 13,
        ("invalid_g2_point", False): 14,
        ("invalid_g2_subgroup", False): 4,
        ("invalid_g2_subgroup", True): 75,
    }


@pytest.mark.parametrize("path", MULTIPLES, ids=lambda path: path.stem.removeprefix("tv_BN254_Snarks_scalar_mul_"))
def test_multiples_of_constantine(engine: Engine, path: Path) -> None:
    document = json.loads(path.read_bytes())
    encode, scale = (g1_to_bytes, engine.g1_scale) if document["group"] == "G1" else (g2_to_bytes, engine.g2_scale)
    cases = list(sampled(document["vectors"], engine, lambda case: 0))
    assert len(cases) == (SAMPLE if engine.name == "reference" else 40)
    points = encode([_point(case["P"]) for case in cases])
    factors = scalars_to_bytes([int(case["scalar"], 16) for case in cases])
    assert scale(points, factors) == encode([_point(case["Q"]) for case in cases])


@pytest.fixture(scope="session")
def geth() -> Path:
    try:
        return vectors()
    except FetchFailed as problem:
        if os.environ.get("ZKMARGIN_REQUIRE_INTEROP") == "1":
            pytest.fail(f"ZKMARGIN_REQUIRE_INTEROP=1, and go-ethereum's vectors cannot be had: {problem}")
        pytest.skip(f"go-ethereum's vectors cannot be had here: {problem}")


@pytest.mark.parametrize(
    ("name", "call", "count"),
    [("bn256Add", ec_add, 16), ("bn256ScalarMul", ec_mul, 19), ("bn256Pairing", ec_pairing, 14)],
)
def test_precompiles_of_geth(
    geth: Path, engine: Engine, name: str, call: Callable[[bytes, Engine], bytes], count: int
) -> None:
    cases = [
        (bytes.fromhex(case["Input"]), bytes.fromhex(case["Expected"]))
        for case in json.loads((geth / f"{name}.json").read_bytes())
    ]
    assert len(cases) == count
    slow = name == "bn256Pairing"
    for data, expected in sampled(cases, engine, lambda case: len(case[0]), 2 if slow else count):
        assert call(data, engine) == expected


def test_a_call_of_a_broken_length_fails(best_engine: Engine) -> None:
    for length in (1, PAIR_BYTES - 1, PAIR_BYTES + 1):
        with pytest.raises(EncodingError):
            ec_pairing(bytes(length), best_engine)


@pytest.mark.parametrize("call", [ec_add, ec_mul])
def test_precompiles_refuse_what_is_no_point(engine: Engine, call: Callable[[bytes, Engine], bytes]) -> None:
    q = engine.curve.q
    for x, y in ((1, 1), (q, 0), (1 + q, 2), (1, 2 + q), (0, q)):
        with pytest.raises(PointError):
            call(x.to_bytes(32, "big") + y.to_bytes(32, "big"), engine)


def _point(value: dict[str, Any]) -> Any:
    """Coordinates of either group: a number, or the two numbers c0 and c1."""
    coordinates = (value["x"], value["y"])
    if isinstance(value["x"], str):
        return tuple(int(number, 16) for number in coordinates)
    return tuple((int(number["c0"], 16), int(number["c1"], 16)) for number in coordinates)
