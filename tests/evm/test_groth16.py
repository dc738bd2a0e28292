"""The Vyper verifier on a real node: what holds, and every attack on points, inputs and calldata."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from web3.exceptions import Web3Exception

from zkmargin.algebra import BN254, Engine, scalars_to_bytes
from zkmargin.algebra.keccak import keccak256
from zkmargin.verifier import KeyRejected, Proof, PublicInputCount
from zkmargin.verifier.evm.compile import Compiled
from zkmargin.verifier.evm.contracts import verifier_contract
from zkmargin.verifier.evm.encoding import proof_words
from zkmargin.verifier.evm.key_points import key_points
from zkmargin.verifier.evm.solidity import solidity_verifier

from ..verifier.trapdoor import G1, G2, Trapdoor, twist_point_outside_subgroup
from .chain import Chain
from .solc import compile_solidity, snarkjs_verifier

R, Q = BN254.r, BN254.q
TARGET = 77
INPUTS = [3, 0, R - 1, 12345, 2**167, 6]


@pytest.fixture(scope="module")
def trapdoor(best_engine: Engine) -> Trapdoor:
    return Trapdoor(best_engine, 7, circuit_digest=bytes(32))


@pytest.fixture(scope="module")
def verifier(node: Chain, trapdoor: Trapdoor) -> Any:
    """In Vyper: one proof or many."""
    return node.deploy(verifier_contract(trapdoor.key, [TARGET]))


@pytest.fixture(scope="module")
def solidity(trapdoor: Trapdoor) -> list[Compiled]:
    """Ours, and the one that snarkjs exports."""
    ours = solidity_verifier(key_points(trapdoor.key, [TARGET]))
    return compile_solidity(ours, snarkjs_verifier(trapdoor.key.to_json()))


@pytest.fixture(scope="module", params=["Vyper", "Solidity"])
def single(request: pytest.FixtureRequest, node: Chain, solidity: list[Compiled]) -> Any:
    """One proof, in each language."""
    if request.param == "Vyper":
        return request.getfixturevalue("verifier")
    return node.deploy(solidity[0])


@pytest.fixture(scope="module")
def words(trapdoor: Trapdoor) -> list[int]:
    return proof_words(trapdoor.forge([TARGET, *INPUTS]))


def test_holds(node: Chain, single: Any, words: list[int]) -> None:
    assert node.call(single.functions.verify(words, INPUTS)) is True


def test_another_folded_input_is_another_statement(node: Chain, single: Any, trapdoor: Trapdoor) -> None:
    words = proof_words(trapdoor.forge([TARGET + 1, *INPUTS]))
    assert node.call(single.functions.verify(words, INPUTS)) is False


@pytest.mark.parametrize("index", range(6))
def test_each_input_counts(node: Chain, single: Any, words: list[int], index: int) -> None:
    changed = [(x + (i == index)) % R for i, x in enumerate(INPUTS)]
    assert node.call(single.functions.verify(words, changed)) is False


@pytest.mark.parametrize("index", range(6))
def test_an_input_plus_r_is_refused(node: Chain, single: Any, verifier: Any, words: list[int], index: int) -> None:
    changed = [x + R * (i == index) for i, x in enumerate(INPUTS)]
    assert node.call(single.functions.verify(words, changed)) is False
    assert node.call(verifier.functions.verify_many([words], [changed])) is False


def attacked(words: list[int]) -> dict[str, list[int]]:
    """The rows V4, V5, V6 and V10 of points, in words."""
    b = twist_point_outside_subgroup()
    outside = proof_words(Proof(bytes([1] + [0] * 31 + [2] + [0] * 31), b, bytes([1] + [0] * 31 + [2] + [0] * 31)))
    rows = {f"coordinate {i} + q": [x + Q * (j == i) for j, x in enumerate(words)] for i in range(8)}
    rows |= {f"coordinate {i} off the curve": [(x + (j == i)) % Q for j, x in enumerate(words)] for i in range(8)}
    rows |= {
        "A at infinity": [0, 0, *words[2:]],
        "B at infinity": [*words[:2], 0, 0, 0, 0, *words[6:]],
        "C at infinity": [*words[:6], 0, 0],
        "all at infinity": [0] * 8,
        "B outside the subgroup": [*words[:2], *outside[2:6], *words[6:]],
        "B's limbs swapped": [*words[:2], words[3], words[2], words[5], words[4], *words[6:]],
        "A and C swapped": [*words[6:], *words[2:6], *words[:2]],
        "A negated": [words[0], Q - words[1], *words[2:]],
        "all ones": [2**256 - 1] * 8,
    }
    return rows


@pytest.mark.parametrize("row", list(attacked([1] * 8)))
def test_attacks_are_refused(node: Chain, single: Any, verifier: Any, words: list[int], row: str) -> None:
    changed = attacked(words)[row]
    assert node.call(single.functions.verify(changed, INPUTS)) is False
    assert node.call(verifier.functions.verify_many([words, changed], [INPUTS, INPUTS])) is False


def test_a_malformed_point_burns_a_bounded_amount(node: Chain, single: Any, verifier: Any, words: list[int]) -> None:
    """Of a transaction that has plenty: without a cap 63/64 of it would go."""
    off_curve, outside = [words[0] + 1, *words[1:]], attacked(words)["B outside the subgroup"]
    rows = (
        (320_000, single.functions.verify(off_curve, INPUTS)),
        (320_000, single.functions.verify(outside, INPUTS)),
        (550_000, verifier.functions.verify_many([words] * 3 + [off_curve], [INPUTS] * 4)),
        (700_000, verifier.functions.verify_many([words] * 3 + [outside], [INPUTS] * 4)),
    )
    for most, call in rows:
        assert node.send(call)["gasUsed"] < most


@pytest.mark.parametrize("many", [False, True])
def test_too_little_gas_makes_no_good_proof_bad(
    node: Chain, single: Any, verifier: Any, words: list[int], many: bool
) -> None:
    """Whatever gas there is, the answer is true or none at all."""
    call = verifier.functions.verify_many([words] * 3, [INPUTS] * 3) if many else single.functions.verify(words, INPUTS)
    answers = {_answer(call, gas) for gas in range(60_000, 480_000 if many else 280_000, 3_000)}
    assert answers == {None, True}


def _answer(call: Any, gas: int) -> bool | None:
    try:
        return bool(call.call({"gas": gas}))
    except (Web3Exception, ValueError):
        return None


def test_negations_and_other_randomness_verify_by_nature(
    node: Chain, single: Any, words: list[int], trapdoor: Trapdoor
) -> None:
    negated = [words[0], Q - words[1], *words[2:4], Q - words[4], Q - words[5], *words[6:]]
    assert node.call(single.functions.verify(negated, INPUTS)) is True
    again = proof_words(trapdoor.forge([TARGET, *INPUTS], a=99))
    assert node.call(single.functions.verify(again, INPUTS)) is True


def proven_with_infinity(trapdoor: Trapdoor) -> dict[str, list[int]]:
    """Proofs whose equation holds though a point of theirs is at infinity; who knows the secrets can make them."""
    statement = trapdoor.k[0] + sum(k * x for k, x in zip(trapdoor.k[1:], [TARGET, *INPUTS], strict=True))
    product = (trapdoor.alpha * trapdoor.beta + trapdoor.gamma * statement) % R
    rest = -product * pow(trapdoor.delta, -1, R) % R
    rows = {"A": (0, 5, rest), "B": (5, 0, rest), "C": (product, 1, 0)}
    return {name: _words(trapdoor.engine, *scalars) for name, scalars in rows.items()}


def _words(engine: Engine, a: int, b: int, c: int) -> list[int]:
    first, second = engine.g1_multiples(G1, scalars_to_bytes([a, c])), engine.g2_multiples(G2, scalars_to_bytes([b]))
    data = first[:64] + second + first[64:]
    ax, ay, bx0, bx1, by0, by1, cx, cy = (int.from_bytes(data[i : i + 32], "little") for i in range(0, 256, 32))
    return [ax, ay, bx1, bx0, by1, by0, cx, cy]


@pytest.mark.parametrize("point", ["A", "B", "C"])
def test_infinity_is_refused_where_the_equation_holds(
    node: Chain, single: Any, verifier: Any, solidity: list[Compiled], trapdoor: Trapdoor, point: str
) -> None:
    words = proven_with_infinity(trapdoor)[point]
    assert node.call(single.functions.verify(words, INPUTS)) is False
    assert node.call(verifier.functions.verify_many([words], [INPUTS])) is False
    peer = node.deploy(solidity[1])
    a, b, c = words[:2], [words[2:4], words[4:6]], words[6:]
    assert peer.functions.verifyProof(a, b, c, [TARGET, *INPUTS]).call() is True  # it does hold, but for this


@pytest.mark.parametrize("cut", [1, 32, 64, 200])
def test_short_calldata_is_refused(node: Chain, single: Any, words: list[int], cut: int) -> None:
    data = bytes.fromhex(single.encode_abi("verify", [words, INPUTS])[2:])
    with pytest.raises(Exception, match="revert"):
        node.web3.eth.call({"to": single.address, "data": data[:-cut]})


@pytest.mark.parametrize("count", [1, 2, 5, 32])
def test_batches_hold_and_one_bad_proof_breaks_them(node: Chain, verifier: Any, trapdoor: Trapdoor, count: int) -> None:
    rows = [[i, *INPUTS[1:]] for i in range(count)]
    proofs = [proof_words(trapdoor.forge([TARGET, *row], a=7 + i)) for i, row in enumerate(rows)]
    assert node.call(verifier.functions.verify_many(proofs, rows)) is True
    bad = [*rows[:-1], [count + 5, *INPUTS[1:]]]
    assert node.call(verifier.functions.verify_many(proofs, bad)) is False
    if count > 1:
        swapped = [proofs[1], proofs[0], *proofs[2:]]
        assert node.call(verifier.functions.verify_many(swapped, rows)) is False


def test_errors_that_cancel_are_caught(node: Chain, verifier: Any, trapdoor: Trapdoor) -> None:
    """Two false proofs whose C are off by opposite amounts: their plain sum would hold."""
    rows = [[1, *INPUTS[1:]], [2, *INPUTS[1:]]]
    offset = 5 * trapdoor.delta  # what C is off by, seen in the statement: gamma is 1
    proofs = [
        proof_words(trapdoor.forge([TARGET, *rows[0]], constant=1 + offset)),
        proof_words(trapdoor.forge([TARGET, *rows[1]], constant=1 - offset)),
    ]
    for words, row in zip(proofs, rows, strict=True):
        assert node.call(verifier.functions.verify(words, row)) is False
    assert node.call(verifier.functions.verify_many(proofs, rows)) is False


def weights_of(encoded: list[list[int]]) -> tuple[int, int]:
    """What the weights of a batch of two would be if they were a hash of these words alone."""
    rows = b"".join(word.to_bytes(32, "big") for words in ([32, len(encoded)], *encoded) for word in words)
    seed = keccak256(rows)
    first, second = (int.from_bytes(keccak256(seed + bytes(31) + bytes([i]))[:16], "big") for i in range(2))
    return first, second


def test_the_weights_are_not_known_before_the_proofs(node: Chain, verifier: Any, trapdoor: Trapdoor) -> None:
    rows = [[1, *INPUTS[1:]], [2, *INPUTS[1:]]]
    first, second = weights_of(rows)
    offsets = (5 * second * trapdoor.delta, -5 * first * trapdoor.delta)
    proofs = [
        proof_words(trapdoor.forge([TARGET, *row], constant=(1 + offset) % R))
        for row, offset in zip(rows, offsets, strict=True)
    ]
    assert node.call(verifier.functions.verify_many(proofs, rows)) is False


def test_the_weights_are_not_known_before_the_inputs(node: Chain, verifier: Any, trapdoor: Trapdoor) -> None:
    rows = [[1, *INPUTS[1:]], [2, *INPUTS[1:]]]
    proofs = [proof_words(trapdoor.forge([TARGET, *row])) for row in rows]
    first, second = weights_of(proofs)
    changed = [[(1 + 5 * second) % R, *INPUTS[1:]], [(2 - 5 * first) % R, *INPUTS[1:]]]
    assert node.call(verifier.functions.verify_many(proofs, rows)) is True
    assert node.call(verifier.functions.verify_many(proofs, changed)) is False


def test_snarkjs_says_the_same(node: Chain, solidity: list[Compiled], words: list[int]) -> None:
    """The verifier that snarkjs exports takes our proof, so its figures in docs/gas.md are of the same work."""
    peer = node.deploy(solidity[1])
    a, b, c = words[:2], [words[2:4], words[4:6]], words[6:]
    assert peer.functions.verifyProof(a, b, c, [TARGET, *INPUTS]).call() is True
    assert peer.functions.verifyProof(a, b, c, [TARGET + 1, *INPUTS]).call() is False


def test_a_key_is_judged_first_and_again_once_inputs_are_folded_in(trapdoor: Trapdoor) -> None:
    with pytest.raises(KeyRejected, match="development"):
        verifier_contract(replace(trapdoor.key, development=True))
    # k_0 + x k_1 = alpha for this x: under such a constant zeros prove themselves.
    folded = (trapdoor.alpha - trapdoor.k[0]) * pow(trapdoor.k[1], -1, R) % R
    with pytest.raises(KeyRejected):
        key_points(trapdoor.key, [folded])
    infinity = -trapdoor.k[0] * pow(trapdoor.k[1], -1, R) % R
    with pytest.raises(KeyRejected):
        key_points(trapdoor.key, [infinity])
    with pytest.raises(PublicInputCount):
        key_points(trapdoor.key, [1] * 8)


def test_no_batch_and_uneven_lists(node: Chain, verifier: Any, words: list[int]) -> None:
    assert node.call(verifier.functions.verify_many([], [])) is False
    assert node.call(verifier.functions.verify_many([words], [])) is False
    assert node.call(verifier.functions.verify_many([words], [INPUTS, INPUTS])) is False
