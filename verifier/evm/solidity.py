"""A Groth16 verifier of one key as Solidity source, for those whose contracts are in Solidity.

The same check as contracts/groth16.vy, with the same signature, in assembly: the compiler's own memory handling would
cost more than the additions.
"""

from __future__ import annotations

from collections.abc import Iterable

from zkmargin.algebra import BN254

from .key_points import G1, KeyPoints

_PAIRING_GAS = 226_250
"""EIP-1108's 181,000 for four pairs and a quarter more, as in the Vyper contract."""

_PAIR_WORDS = 6
_SUM = 24 * 32
"""The pairing's input takes 24 words; after it come the sum of the statement, a point and a scalar."""

_HEAD = """// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.19 <0.9.0;

/// @title A Groth16 verifier on BN254 of one key, which is part of the code
/// @notice Trusts nobody: no owner, no storage. Groth 2016, section 3.2, with alpha, delta and the IC points negated:
///         e(A, B) e(-alpha, beta) e(-S, gamma) e(C, -delta) = 1, S = IC_0 + sum of inputs[i] IC_(i + 1).
contract Groth16Verifier {
    /// @param proof A.x, A.y, B.x, B.y, C.x, C.y, the imaginary part of each coordinate of B first (EIP-197).
    /// @return valid Whether the proof holds; false, and no revert, for points or inputs that are none.
    /// @dev With too little gas it reverts: whoever sends a transaction must not make a good proof look bad.
"""


def solidity_verifier(points: KeyPoints) -> str:
    """The source of the contract `Groth16Verifier`, with verify(uint256[8], uint256[n]) returning a bool."""
    lines = [
        f"    function verify(uint256[8] calldata proof, uint256[{points.inputs}] calldata inputs)",
        "        external",
        "        view",
        "        returns (bool valid)",
        "    {",
        '        assembly ("memory-safe") {',
        *(f"            {line}" if line else "" for line in _body(points)),
        "        }",
        "    }",
        "}",
    ]
    return _HEAD + "".join(f"{line}\n" for line in lines)


def _body(points: KeyPoints) -> Iterable[str]:
    yield "let p := mload(0x40)"
    yield f"let s := add(p, {_SUM})"
    yield "// The point at infinity, which the precompiles take and no honest prover makes."
    yield "valid := iszero(iszero(or(calldataload(proof), calldataload(add(proof, 0x20)))))"
    b = "or(or(calldataload(add(proof, 0x40)), calldataload(add(proof, 0x60))), "
    b += "or(calldataload(add(proof, 0x80)), calldataload(add(proof, 0xa0))))"
    yield f"valid := and(valid, iszero(iszero({b})))"
    c = "or(calldataload(add(proof, 0xc0)), calldataload(add(proof, 0xe0)))"
    yield f"valid := and(valid, iszero(iszero({c})))"
    yield ""
    yield "// -S: a scalar at or above r would pass as another one, so each is compared first."
    yield from _stores("s", points.neg_ic[0])
    for index, ic in enumerate(points.neg_ic[1:]):
        yield from _add_input(index, ic)
    yield ""
    yield "calldatacopy(p, proof, 0xc0)"
    yield from _stores("p", (*points.neg_alpha, *points.beta), _PAIR_WORDS)
    yield from (f"mstore(add(p, {32 * (12 + i)}), mload(add(s, {32 * i})))" for i in range(2))
    yield from _stores("p", points.gamma, 14)
    yield f"calldatacopy(add(p, {32 * 18}), add(proof, 0xc0), 0x40)"
    yield from _stores("p", points.neg_delta, 20)
    yield "// Capped: a malformed point burns all that is forwarded."
    yield f"let answered := staticcall({_PAIRING_GAS}, 8, p, {_SUM}, p, 0x20)"
    yield "// It gets 63/64 of the gas there is. With less than its cap a good proof would look bad."
    yield f"if and(iszero(answered), lt(gas(), {_PAIRING_GAS // 63})) {{ revert(0, 0) }}"
    yield "// A chain without the precompile answers with nothing, and leaves A.x there, which may be 1."
    yield "valid := and(and(valid, answered), and(eq(returndatasize(), 0x20), eq(mload(p), 1)))"


def _add_input(index: int, ic: G1) -> Iterable[str]:
    yield f"let x{index} := calldataload(add(inputs, {32 * index}))"
    yield f"valid := and(valid, lt(x{index}, {BN254.r}))"
    yield from _stores("s", ic, 2)
    yield f"mstore(add(s, 0x80), x{index})"
    yield "valid := and(valid, staticcall(7500, 7, add(s, 0x40), 0x60, add(s, 0x40), 0x40))"
    yield "valid := and(valid, staticcall(500, 6, s, 0x80, s, 0x40))"


def _stores(base: str, words: Iterable[int], first: int = 0) -> Iterable[str]:
    return (f"mstore(add({base}, {32 * (first + i)}), {word})" for i, word in enumerate(words))
