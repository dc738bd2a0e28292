"""The gadgets whose constraints are counted: here, in circomlib, and (under the same name) in `gnark/counts.go`.

Each is counted as part of a larger circuit: inputs that it trusts to be ranged or boolean are not charged to it. A row
is added by one entry. `ours` receives the names that `zkmargin.circuits` exports, so that a gadget it does not have
leaves its cell empty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from zkmargin import circuits
from zkmargin.algebra import BABY_JUBJUB
from zkmargin.circuits import Circuit, Expr, Point, Signature, SubgroupPoint

Body = Callable[[Circuit], object]


@dataclass(frozen=True)
class Circomlib:
    """A component of circomlib: its file, its instance, and its input signals, each fed by an input of its own."""

    file: str
    instance: str
    inputs: tuple[str, ...]

    def source(self) -> str:
        wires = "".join(f"    gadget.{name} <== x[{i}];\n" for i, name in enumerate(self.inputs))
        return (
            f'include "circomlib/circuits/{self.file}.circom";\n'
            "template Counted() {\n"
            f"    signal input x[{len(self.inputs)}];\n"
            f"    component gadget = {self.instance};\n{wires}"
            "}\ncomponent main = Counted();\n"
        )


@dataclass(frozen=True)
class Gadget:
    name: str
    ours: Body | None = None
    circom: Circomlib | None = None
    note: str = field(default="")


def word(c: Circuit, name: str, bits: int = 64) -> Expr:
    return c.private_trusted(name, (0, 2**bits - 1), "only counted")


def bit(c: Circuit) -> Expr:
    return word(c, "bit", 1)


def words(c: Circuit) -> tuple[Expr, Expr]:
    return word(c, "x"), word(c, "y")


def call(name: str) -> Callable[..., Any]:
    """The exported gadget of that name, or LookupError when it is called: the cell then stays empty."""

    def found(*arguments: Any) -> Any:
        gadget = getattr(circuits, name, None)
        if gadget is None:
            raise LookupError(name)
        return gadget(*arguments)

    return found


def numbered(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}[{i}]" for i in range(count))


def poseidon_of(n: int) -> Gadget:
    return Gadget(
        f"Poseidon of {n}",
        lambda c: circuits.poseidon(c.private_array("x", n)),
        Circomlib("poseidon", f"Poseidon({n})", numbered("inputs", n)),
    )


def point(c: Circuit, name: str = "p") -> Point:
    return Point(c.private(f"{name}.x"), c.private(f"{name}.y"))


def bits(c: Circuit, count: int) -> list[Expr]:
    return [word(c, f"bit{place}", 1) for place in range(count)]


def range_checks(c: Circuit) -> None:
    for x in c.private_array("x", 1000):
        circuits.assert_bits(x, 64)


GADGETS = (
    Gadget("bits 64", lambda c: circuits.to_bits(c.private("x"), 64), Circomlib("bitify", "Num2Bits(64)", ("in",))),
    Gadget(
        "bits 254, canonical",
        lambda c: circuits.to_canonical_bits(c.private("x")),
        Circomlib("bitify", "Num2Bits_strict()", ("in",)),
    ),
    Gadget("range checks, 1000 x 64 bits", range_checks, None, "circomlib: 1000 times bits 64"),
    Gadget("is_zero", lambda c: circuits.is_zero(c.private("x")), Circomlib("comparators", "IsZero()", ("in",))),
    Gadget(
        "is_equal",
        lambda c: circuits.is_equal(c.private("x"), c.private("y")),
        Circomlib("comparators", "IsEqual()", numbered("in", 2)),
    ),
    Gadget(
        "assert a <= b, 64-bit words",
        lambda c: circuits.assert_at_most(*words(c)),
        None,
        "circomlib asserts through the bit",
    ),
    Gadget(
        "bit a < b, 64-bit words",
        lambda c: circuits.is_at_most(*words(c)),
        Circomlib("comparators", "LessThan(64)", numbered("in", 2)),
        "here a <= b, the same work",
    ),
    Gadget(
        "select",
        lambda c: circuits.select(bit(c), c.private("x"), c.private("y")),
        Circomlib("mux1", "Mux1()", ("s", "c[0]", "c[1]")),
    ),
    Gadget(
        "mux of 8 by index",
        lambda c: call("lookup")([c.private(f"x{i}") for i in range(8)], c.private("index")),
        Circomlib("mux3", "Mux3()", (*numbered("s", 3), *numbered("c", 8))),
        "circomlib is given the bits of the index",
    ),
    Gadget(
        "one-hot of 8",
        lambda c: call("one_hot")(c.private("index"), 8),
        Circomlib("multiplexer", "Decoder(8)", ("inp",)),
        "circomlib's allows an index out of range and says so in a bit",
    ),
    Gadget("divide, 64-bit word by 1000", lambda c: circuits.divide(word(c, "x"), 1000)),
    Gadget("absolute, 64 signed bits", lambda c: circuits.absolute(c.private_trusted("x", (-(2**63), 2**63 - 1), "."))),
    *(poseidon_of(n) for n in range(1, 17)),
    Gadget(
        "Merkle level",
        lambda c: circuits.merkle_root(c.private("leaf"), [bit(c)], [c.private("sibling")]),
        None,
        "circomlib: Switcher and Poseidon of 2",
    ),
    Gadget(
        "sparse Merkle verifier, 32 levels",
        lambda c: circuits.assert_equal(
            c.public("root"),
            circuits.sparse_root_with(
                c.private("key"), c.private("value"), c.private_array("sibling", 32), c.private("depth")
            ),
        ),
        Circomlib(
            "smt/smtverifier",
            "SMTVerifier(32)",
            ("enabled", "root", *numbered("siblings", 32), "oldKey", "oldValue", "isOld0", "key", "value", "fnc"),
        ),
    ),
    Gadget(
        "Baby Jubjub: on the curve",
        lambda c: circuits.assert_on_curve(point(c)),
        Circomlib("babyjub", "BabyCheck()", ("x", "y")),
    ),
    Gadget(
        "Baby Jubjub: addition",
        lambda c: circuits.point_add(point(c), point(c, "q")),
        Circomlib("babyjub", "BabyAdd()", ("x1", "y1", "x2", "y2")),
    ),
    Gadget(
        "Baby Jubjub: doubling",
        lambda c: circuits.point_double(point(c)),
        Circomlib("babyjub", "BabyDbl()", ("x", "y")),
    ),
    Gadget(
        "Baby Jubjub: fixed base x 253 bits",
        lambda c: circuits.fixed_base_multiple(bits(c, 253), BABY_JUBJUB.base),
        Circomlib(
            "escalarmulfix", f"EscalarMulFix(253, [{BABY_JUBJUB.base[0]}, {BABY_JUBJUB.base[1]}])", numbered("e", 253)
        ),
        "gnark is given the scalar as a number, the others its bits",
    ),
    Gadget(
        "Baby Jubjub: variable base x 254 bits",
        lambda c: circuits.variable_base_multiple(bits(c, 254), SubgroupPoint(c.private("p.x"), c.private("p.y"))),
        Circomlib("escalarmulany", "EscalarMulAny(254)", (*numbered("e", 254), *numbered("p", 2))),
        "gnark is given the scalar as a number, the others its bits",
    ),
    Gadget(
        "EdDSA with Poseidon",
        lambda c: circuits.assert_eddsa_poseidon(point(c), c.private("m"), Signature(point(c, "r"), c.private("s"))),
        Circomlib("eddsaposeidon", "EdDSAPoseidonVerifier()", ("enabled", "Ax", "Ay", "S", "R8x", "R8y", "M")),
        "gnark's curve is the same one in another form",
    ),
)
