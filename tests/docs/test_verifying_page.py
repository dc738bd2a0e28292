"""docs/verifying.md names every attack there is, in its row, and no other; its limits are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import zkmargin.verifier as verifier
from zkmargin.algebra import bounded_json
from zkmargin.verifier import keys, proof, public_signals, request, snarkjs_call

from ..fuzz.targets import TARGETS
from ..prover.attacks import ATTACKS as ON_THE_PROVER
from ..verifier.attacks import ATTACKS as ON_THE_VERIFIER

PAGE = (Path(__file__).parents[2] / "docs/verifying.md").read_text()


def test_every_attack_stands_in_its_row() -> None:
    named: set[str] = set()
    for row, tests in re.findall(r"^\| ([VP]\d+) \|.*\| ([^|]*) \|$", PAGE, re.MULTILINE):
        names = set(re.findall(r"`(\w+)`", tests))
        assert names
        assert {name.split("_")[0] for name in names} == {row.lower()}
        named |= names
    assert named == ON_THE_VERIFIER.keys() | ON_THE_PROVER.keys()


def test_every_form_is_on_the_page() -> None:
    table = PAGE.split("## Forms of a proof")[1].split("##")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == verifier.PROOF_FORMS


def test_the_limits_are_those_of_the_code() -> None:
    text = PAGE.replace("\n", " ")
    assert f"a proof's JSON {proof.MAX_JSON_BYTES >> 10} KiB" in text
    assert f"a settlement request {request.MAX_JSON_BYTES >> 10} KiB" in text
    assert f"public inputs and a call {public_signals.MAX_JSON_BYTES >> 20} MiB" in text
    assert public_signals.MAX_JSON_BYTES == snarkjs_call.MAX_CALL_BYTES
    assert f"a key {keys.MAX_JSON_BYTES >> 20} MiB" in text
    assert f"no deeper than {bounded_json.MAX_DEPTH} levels" in text


def test_every_error_named_exists() -> None:
    table = PAGE.split("## Errors")[1].split("##")[0]
    for name in re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \|", table, re.MULTILINE):
        for each in filter(None, name):
            assert hasattr(verifier, each) or each in ("PointError", "EncodingError")


def test_the_fuzzed_targets_are_counted() -> None:
    """Where the page gives counts, it gives them for every target."""
    counted = re.findall(r"^\| ([\w-]+) \| [\d,]+ \|", PAGE.split("## Fuzzing")[1], re.MULTILINE)
    assert set(counted) <= TARGETS.keys() | {"all"}
