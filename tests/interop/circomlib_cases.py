"""circomlib's test circuits, and mains over further templates of it, with inputs that they take and that they refuse.

Outputs are given where something independent knows them: plain integers, hashlib, our Poseidon, Baby Jubjub.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import BN254
from zkmargin.algebra.poseidon import poseidon_hash, poseidon_permutation

from . import baby_jubjub as curve

R = BN254.r
Inputs = dict[str, Any]

HEAD = 'pragma circom 2.0.0;\ninclude "circomlib/circuits/{library}.circom";\n'


@dataclass(frozen=True)
class Case:
    """A circuit: one of circomlib's own tests where `source` is None. `taken` pairs inputs with outputs, or None."""

    taken: list[tuple[Inputs, list[int] | None]]
    refused: tuple[Inputs, ...] = ()
    source: str | None = None


def main(library: str, component: str, public: str = "") -> str:
    """A source file with nothing but this main component."""
    listed = f" {{public [{public}]}}" if public else ""
    return HEAD.format(library=library) + f"component main{listed} = {component};\n"


def bits(value: int, count: int) -> list[int]:
    return [value >> i & 1 for i in range(count)]


def big_endian_bits(data: bytes) -> list[int]:
    return [byte >> shift & 1 for byte in data for shift in range(7, -1, -1)]


def compared(holds: Any) -> Case:
    pairs = ((333, 444), (1, 1), (661, 660), (0, 2**32 - 1), (2**32 - 1, 0), (0, 0))
    return Case([({"in": [a, b]}, [int(holds(a, b))]) for a, b in pairs])


def chosen(values: Iterable[int]) -> Case:
    constants = list(values)
    cases: list[tuple[Inputs, list[int] | None]] = [({"selector": i}, [v]) for i, v in enumerate(constants)]
    return Case(cases[:2] + cases[-1:], ({"selector": len(constants)},))


GATES = (
    HEAD.format(library="gates")
    + """
template Gates() {
    signal input a;
    signal input b;
    signal output out[7];
    component xor = XOR(); component and = AND(); component or = OR();
    component nand = NAND(); component nor = NOR(); component not = NOT(); component all = MultiAND(5);
    xor.a <== a; and.a <== a; or.a <== a; nand.a <== a; nor.a <== a; not.in <== a;
    xor.b <== b; and.b <== b; or.b <== b; nand.b <== b; nor.b <== b;
    for (var i = 0; i < 5; i++) { all.in[i] <== i % 2 == 0 ? a : b; }
    out[0] <== xor.out; out[1] <== and.out; out[2] <== or.out; out[3] <== nand.out; out[4] <== nor.out;
    out[5] <== not.out; out[6] <== all.out;
}
component main {public [b]} = Gates();
"""
)

COMPRESSED = (
    HEAD.format(library="sha256/t1")
    + """include "circomlib/circuits/sha256/t2.circom";
template Round() {
    signal input in[6][32];
    signal output out[2][32];
    component t1 = T1(); component t2 = T2();
    t1.h <== in[0]; t1.e <== in[1]; t1.f <== in[2]; t1.g <== in[3]; t1.k <== in[4]; t1.w <== in[5];
    t2.a <== in[0]; t2.b <== in[1]; t2.c <== in[2];
    out[0] <== t1.out; out[1] <== t2.out;
}
component main = Round();
"""
)


def sha256_round(words: list[int]) -> list[int]:
    """FIPS 180-4, section 6.2.2: T1 of h, e, f, g, K, W and T2 of a, b, c, which here are h, e, f."""

    def rotated(x: int, *by: int) -> int:
        result = 0
        for n in by:
            result ^= (x >> n | x << (32 - n)) & 0xFFFFFFFF
        return result

    h, e, f, g, k, w = words
    t1 = h + rotated(e, 6, 11, 25) + (e & f ^ ~e & g & 0xFFFFFFFF) + k + w
    t2 = rotated(h, 2, 13, 22) + (h & e ^ h & f ^ e & f)
    return [bit for word in (t1, t2) for bit in bits(word & 0xFFFFFFFF, 32)]


def leaf(key: int, value: int) -> int:
    return poseidon_hash([key, value, 1])


def sparse_tree() -> dict[str, Case]:
    """circomlib's sparse Merkle tree: leaves Poseidon(key, value, 1), nodes Poseidon(left, right), lowest bit first."""
    seven, eight = leaf(7, 77), leaf(8, 88)
    shared: Inputs = {"enabled": 1, "root": poseidon_hash([eight, seven]), "siblings": [eight] + [0] * 9}
    inclusion = {**shared, "fnc": 0, "oldKey": 0, "oldValue": 0, "isOld0": 0, "key": 7, "value": 77}
    exclusion = {**shared, "fnc": 1, "oldKey": 7, "oldValue": 77, "isOld0": 0, "key": 9, "value": 0}
    empty: Inputs = {"fnc": [1, 0], "oldRoot": 0, "siblings": [0] * 10, "oldKey": 0, "oldValue": 0, "isOld0": 1}
    first = {**empty, "newKey": 111, "newValue": 222}
    # 111 and 333 agree in their lowest bit, 1, and part at the next.
    root = poseidon_hash([0, poseidon_hash([leaf(333, 444), leaf(111, 222)])])
    again = {"oldRoot": leaf(111, 222), "oldKey": 111, "oldValue": 222, "isOld0": 0, "newKey": 333, "newValue": 444}
    return {
        "smtverifier10_test": Case(
            [(inclusion, []), (exclusion, []), ({**inclusion, "enabled": 0, "value": 1}, [])],
            ({**inclusion, "value": 78}, {**exclusion, "key": 7}, {**inclusion, "root": seven}),
        ),
        "smtprocessor10_test": Case(
            [(first, [leaf(111, 222)]), ({**first, **again}, [root]), ({**first, "fnc": [0, 0]}, [0])],
            ({**first, **again, "oldRoot": 5}, {**first, "isOld0": 0}),
        ),
    }


def curve_cases() -> dict[str, Case]:
    p, q = curve.multiply(5, curve.BASE8), curve.multiply(2**200 + 7, curve.BASE8)
    scalar = 3**150
    u, v = curve.montgomery(p), curve.montgomery(q)
    total, double = curve.montgomery(curve.add(p, q)), curve.montgomery(curve.add(p, p))
    signed = {"enabled": 1, **curve.sign(2**240 + 3, 3**140, 1234)}
    table = [curve.multiply(i, curve.BASE8) for i in range(16)]
    shifted = [curve.multiply(i << 12, curve.BASE8) for i in range(16)]
    return {
        "babyadd_tester": Case(
            [
                ({"x1": p[0], "y1": p[1], "x2": q[0], "y2": q[1]}, list(curve.add(p, q))),
                ({"x1": p[0], "y1": p[1], "x2": p[0], "y2": p[1]}, list(curve.add(p, p))),
                ({"x1": 0, "y1": 1, "x2": 0, "y2": 1}, [0, 1]),
            ]
        ),
        "babycheck_test": Case([({"x": 0, "y": 1}, []), ({"x": p[0], "y": p[1]}, [])], ({"x": 1, "y": 0},)),
        "babypbk_test": Case([({"in": scalar}, list(curve.multiply(scalar, curve.BASE8)))]),
        "escalarmulfix_test": Case([({"e": scalar}, list(curve.multiply(scalar, curve.BASE8)))], ({"e": 1 << 253},)),
        "escalarmulany_test": Case([({"e": scalar, "p": list(p)}, list(curve.multiply(scalar, p)))]),
        "escalarmulw4table": Case([({}, [x for point in table for x in point])]),
        "escalarmulw4table_test": Case([({"in": 1}, [x for point in table for x in point])]),
        "escalarmulw4table_test3": Case([({"in": 1}, [x for point in shifted for x in point])]),
        "edwards2montgomery": Case([({"in": list(p)}, list(u))]),
        "montgomery2edwards": Case([({"in": list(u)}, list(p))]),
        "montgomeryadd": Case([({"in1": list(u), "in2": list(v)}, list(total))]),
        "montgomerydouble": Case([({"in": list(u)}, list(double))]),
        "pointbits_loopback": Case([({"in": list(p)}, [])], ({"in": [p[0], p[1] + 1]},)),
        "pedersen2_test": Case([({"in": scalar}, None)], ({"in": 1 << 253},)),
        "eddsaposeidon_test": Case(
            [(signed, []), ({**signed, "enabled": 0, "M": 1}, [])],
            ({**signed, "M": 1235}, {**signed, "S": signed["S"] + curve.SUBGROUP}),
        ),
        "eddsamimc_test": Case([({**signed, "enabled": 0}, [])], (signed,)),
    }


def cases() -> dict[str, Case]:
    """Every circuit by name: the names of circomlib's tests, and own ones."""
    text = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
    words = [0x6A09E667, 0xFFFFFFFF, 0x3C6EF372, 0x00000001, 0xD807AA98, 0x80000000]
    largest, ones = bits(R - 1, 254), [1] * 254
    return {
        "aliascheck_test": Case(
            [({"in": largest}, []), ({"in": bits(3, 254)}, [])], ({"in": bits(R, 254)}, {"in": ones})
        ),
        "binsub_test": Case([({"a": a, "b": b}, [(a - b) % 65536]) for a, b in ((2, 3), (65535, 2))]),
        "constants_test": Case([({"in": 0xD807AA98}, None)], ({"in": 0xD807AA99},)),
        "sum_test": Case([({"a": 111, "b": 2**32 - 1}, [110])], ({"a": 2**32, "b": 0},)),
        "iszero": Case([({"in": 111}, [0]), ({"in": 0}, [1])]),
        "isequal": Case([({"in": [111, 222]}, [0]), ({"in": [444, 444]}, [1])]),
        "lessthan": compared(int.__lt__),
        "lesseqthan": compared(int.__le__),
        "greaterthan": compared(int.__gt__),
        "greatereqthan": compared(int.__ge__),
        "mux1_1": chosen((37, 47)),
        "mux2_1": chosen((37, 47, 53, 71)),
        "mux3_1": chosen((37, 47, 53, 71, 89, 107, 163, 191)),
        "mux4_1": chosen([123, 456, 789, 12, 111, 222, 333, 4546, 134523, 44356, 15623, 4566, 1223, 4546, 4256, 4456]),
        "mimc_test": Case([({"x_in": 1, "k": 2}, None)]),
        "mimc_sponge_test": Case([({"xL_in": 1, "xR_in": 2, "k": 3}, None)]),
        "mimc_sponge_hash_test": Case([({"ins": [1, 2], "k": 0}, None)]),
        "poseidon3_test": Case([({"inputs": [1, R - 1]}, [poseidon_hash([1, R - 1])])]),
        "poseidon6_test": Case([({"inputs": [3, 4, 5, 10, 23]}, [poseidon_hash([3, 4, 5, 10, 23])])]),
        "poseidonex_test": Case(
            [({"inputs": list(range(16)), "initialState": 17}, poseidon_permutation([17, *range(16)]))]
        ),
        "sign_test": Case(
            [({"in": bits(value, 254)}, [int(value > R // 2)]) for value in (0, R // 2, R // 2 + 1, R - 1)]
        ),
        "sha256_test448": Case(
            [({"in": big_endian_bits(text)}, big_endian_bits(hashlib.sha256(text).digest()))],
        ),
        "sha256_round": Case([({"in": [bits(word, 32) for word in words]}, sha256_round(words))], source=COMPRESSED),
        "gates": Case(
            [
                ({"a": 1, "b": 0}, [1, 0, 1, 1, 0, 0, 0]),
                ({"a": 1, "b": 1}, [0, 1, 1, 0, 0, 0, 1]),
                ({"a": 0, "b": 0}, [0, 0, 0, 1, 1, 1, 0]),
            ],
            source=GATES,
        ),
        "num2bits": Case([({"in": 200}, bits(200, 8))], ({"in": 256},), main("bitify", "Num2Bits(8)", "in")),
        "num2bits_strict": Case([({"in": R - 1}, largest)], source=main("bitify", "Num2Bits_strict()")),
        "bits2num_strict": Case(
            [({"in": largest}, [R - 1])], ({"in": bits(R + 1, 254)},), main("bitify", "Bits2Num_strict()")
        ),
        "compconstant": Case(
            [({"in": bits(value, 254)}, [int(value > 77)]) for value in (0, 77, 78, 2**253)],
            source=main("compconstant", "CompConstant(77)"),
        ),
        "force_equal": Case(
            [({"enabled": 1, "in": [5, 5]}, []), ({"enabled": 0, "in": [5, 6]}, [])],
            ({"enabled": 1, "in": [5, 6]},),
            main("comparators", "ForceEqualIfEnabled()", "enabled"),
        ),
        "switcher": Case(
            [({"sel": s, "L": 7, "R": 9}, [9, 7] if s else [7, 9]) for s in (0, 1)],
            source=main("switcher", "Switcher()"),
        ),
        "multiplexer": Case(
            [({"inp": [[1, 2], [3, 4], [5, 6]], "sel": 2}, [5, 6])],
            ({"inp": [[1, 2], [3, 4], [5, 6]], "sel": 3},),
            main("multiplexer", "Multiplexer(2, 3)", "sel"),
        ),
        "multimux3": Case(
            [({"c": [list(range(8)), list(range(8, 16))], "s": [1, 0, 1]}, [5, 13])],
            source=main("mux3", "MultiMux3(2)"),
        ),
        "binsum": Case(
            [({"in": [bits(15, 4), bits(9, 4), bits(1, 4)]}, bits(25, 6))], source=main("binsum", "BinSum(4, 3)")
        ),
        "poseidon1": Case([({"inputs": [5]}, [poseidon_hash([5])])], source=main("poseidon", "Poseidon(1)", "inputs")),
        **curve_cases(),
        **sparse_tree(),
    }
