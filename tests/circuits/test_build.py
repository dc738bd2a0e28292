"""Building and running a circuit: wire order, inputs, what is reported as unused, failures, reproducible bytes."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import warnings
from dataclasses import replace

import pytest

from zkmargin.algebra import BN254, EncodingError, Engine, scalars_from_bytes, scalars_to_bytes
from zkmargin.algebra.poseidon import poseidon_hash
from zkmargin.circuits import (
    BuildError,
    Circuit,
    CircuitWarning,
    CompiledCircuit,
    Expr,
    FormatError,
    InputError,
    InputSignal,
    UnsatisfiedConstraint,
    assert_at_most,
    assert_equal,
    bind,
    build,
    check_witness,
    divide,
    gadget,
    is_zero,
    poseidon,
    select,
)

from .plain_engine import PlainEngine

R = BN254.r


def payment(c: Circuit) -> None:
    """Inputs declared late and in mixed order, every kind of operation."""
    balance = c.private("balance", bits=16)
    limit = c.public("limit", bits=16)
    spent = balance * limit
    amounts = c.private_array("amounts", 2, signed_bits=8)
    commitment = c.public("commitment")
    quotient, rest = divide(spent, 10)
    assert_at_most(amounts[0] + amounts[1], balance)
    assert_equal(commitment, poseidon([quotient, rest, is_zero(amounts[1])]))
    bind(c.public("context"))


HONEST = {"balance": 300, "limit": 7, "amounts": [-5, 0], "context": 9}


@pytest.fixture(scope="module")
def compiled() -> CompiledCircuit:
    return build(payment, name="payment", metadata={"kind": "test"}, strict=True)


def honest_inputs() -> dict[str, int | list[int]]:
    return {**HONEST, "commitment": poseidon_hash([210, 0, 1])}


def test_wires_stand_in_circom_s_order(compiled: CompiledCircuit) -> None:
    names = list(compiled.symbols)
    assert names[:8] == ["one", "limit", "commitment", "context", "balance", "amounts[0]", "amounts[1]", names[7]]
    assert compiled.public_names == ("limit", "commitment", "context")
    assert compiled.input_names == ("limit", "commitment", "context", "balance", "amounts")
    assert (compiled.r1cs.n_public_outputs, compiled.r1cs.n_public, compiled.r1cs.n_private_inputs) == (0, 3, 3)
    assert compiled.symbols.wire("amounts[1]") == 6
    assert len(compiled.symbols) == compiled.r1cs.n_wires == len(set(names))
    witness = scalars_from_bytes(compiled.witness(honest_inputs()))
    assert witness[:7] == [1, 7, honest_inputs()["commitment"], 9, 300, R - 5, 0]


def test_both_engines_and_plain_integers_agree(compiled: CompiledCircuit, engine: Engine) -> None:
    witness = compiled.witness(honest_inputs(), engine)
    assert witness == compiled.witness(honest_inputs(), PlainEngine())
    compiled.check(witness, engine)
    wrong = compiled.witness({**honest_inputs(), "amounts": [5, 1]}, engine)
    assert wrong == compiled.witness({**honest_inputs(), "amounts": [5, 1]}, PlainEngine())
    with pytest.raises(UnsatisfiedConstraint):
        compiled.check(wrong, engine)


def test_an_input_out_of_range_says_where_it_is_declared(compiled: CompiledCircuit) -> None:
    with pytest.raises(InputError) as refused:
        compiled.witness({**honest_inputs(), "balance": 65536})
    line = payment.__code__.co_firstlineno + 2
    assert str(refused.value) == (
        f'balance is outside [0, 65535]; it is declared at test_build.py:{line} as `c.private("balance", bits=16)`'
    )


def test_inputs_describe_themselves(compiled: CompiledCircuit) -> None:
    limit, *_, amounts = compiled.inputs
    assert limit == InputSignal("limit", None, True, (0, 65535), 1)
    assert (amounts.name, amounts.count, amounts.public, amounts.interval) == ("amounts", 2, False, (-128, 127))


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        ({"balance": None}, "balance", "must be an integer, not NoneType"),
        ({"balance": 65536}, "balance", r"is outside \[0, 65535\]"),
        ({"balance": -1}, "balance", r"is outside \[0, 65535\]"),
        ({"balance": True}, "balance", "must be an integer, not bool"),
        ({"balance": 1.0}, "balance", "must be an integer, not float"),
        ({"balance": "1"}, "balance", "must be an integer, not str"),
        ({"balance": [1]}, "balance", "must be an integer, not list"),
        ({"context": R}, "context", r"is outside \[0, r\)"),
        ({"context": -1}, "context", r"is outside \[0, r\)"),
        ({"amounts": 3}, "amounts", "is an array of 2"),
        ({"amounts": [3]}, "amounts", "has 1 elements; the circuit takes 2"),
        ({"amounts": [3, 4, 5]}, "amounts", "has 3 elements"),
        ({"amounts": [3, 128]}, "amounts[1]", r"is outside \[-128, 127\]"),
        ({"amounts[0]": 3}, "amounts[0]", "is not an input of this circuit"),
        ({"stray": 3}, "stray", "is not an input of this circuit"),
    ],
)
def test_bad_inputs_are_named_without_their_values(
    compiled: CompiledCircuit, change: dict[str, int], name: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        compiled.witness({**honest_inputs(), **change})
    assert refused.value.name == name
    for value in change.values():
        assert type(value) is not int or str(value) not in str(refused.value).replace(name, "").replace("65535", "")


@pytest.mark.parametrize("name", [*HONEST, "commitment"])
def test_a_missing_input_is_named(compiled: CompiledCircuit, name: str) -> None:
    inputs = honest_inputs()
    del inputs[name]
    with pytest.raises(InputError, match=f"{name} is missing"):
        compiled.witness(inputs)


def test_p1_a_failed_constraint_names_gadget_line_and_expression(compiled: CompiledCircuit, engine: Engine) -> None:
    wrong = compiled.witness({**honest_inputs(), "balance": 1234, "limit": 0, "commitment": 77}, engine)
    with pytest.raises(UnsatisfiedConstraint) as caught:
        compiled.check(wrong, engine)
    problem = caught.value
    assert problem.gadget == ("assert_equal",)
    assert problem.file == "test_build.py"
    assert problem.line == payment.__code__.co_firstlineno + 9
    assert problem.values["commitment"] == 77
    assert problem.expression.startswith("commitment + 586457...1140*poseidon.round_")
    assert problem.code == "unsatisfied-constraint"


def test_values_are_told_only_when_asked(compiled: CompiledCircuit) -> None:
    wrong = compiled.witness({**honest_inputs(), "balance": 31337, "amounts": [127, 127]})
    forged = bytearray(wrong)
    wire = compiled.symbols.wire("balance")
    forged[32 * wire : 32 * wire + 32] = (31338).to_bytes(32, "little")
    with pytest.raises(UnsatisfiedConstraint) as caught:
        compiled.check(bytes(forged))
    assert "31338" not in str(caught.value)
    assert "31338" not in repr(caught.value)
    assert "balance" in str(caught.value)
    assert "balance = 31338" in caught.value.revealing()


def test_a_user_s_gadgets_stand_on_the_path() -> None:
    @gadget
    def fee(c: Circuit, amount: object) -> None:
        assert_equal(c.public("fee"), amount * 3)

    compiled = build(lambda c: fee(c, c.private("amount", bits=8)), name="fees")
    with pytest.raises(UnsatisfiedConstraint) as caught:
        compiled.check(compiled.witness({"amount": 2, "fee": 7}))
    assert caught.value.gadget == ("fee", "assert_equal")
    assert " in fee/assert_equal at test_build.py:" in str(caught.value)


def test_the_first_broken_constraint_is_the_one_reported() -> None:
    def circuit(c: Circuit) -> None:
        for place, value in enumerate(c.private_array("x", 5)):
            assert_equal(value, c.constant(place))

    compiled = build(circuit, name="five")
    for first in range(5):
        values = [place if place < first else 9 for place in range(5)]
        with pytest.raises(UnsatisfiedConstraint) as caught:
            compiled.check(compiled.witness({"x": values}))
        assert caught.value.index == first


def test_a_witness_of_another_circuit_is_no_false_statement(compiled: CompiledCircuit, engine: Engine) -> None:
    witness = compiled.witness(honest_inputs(), engine)
    for malformed in (witness[:-32], witness + bytes(32), b"", witness[:-1]):
        with pytest.raises(FormatError, match="it belongs to another one"):
            compiled.check(malformed, engine)


@pytest.mark.parametrize("constant", [0, 2, R - 1])
def test_v3_the_constant_wire_cannot_be_chosen(compiled: CompiledCircuit, engine: Engine, constant: int) -> None:
    witness = scalars_to_bytes([constant]) + compiled.witness(honest_inputs(), engine)[32:]
    with pytest.raises(FormatError, match="wire 0 does not hold the constant 1"):
        compiled.check(witness, engine)


def test_a_value_that_is_not_canonical_is_malformed(compiled: CompiledCircuit, engine: Engine) -> None:
    witness = compiled.witness(honest_inputs(), engine)
    with pytest.raises(EncodingError):
        compiled.check(witness[:32] + (R + 7).to_bytes(32, "little") + witness[64:], engine)


def test_constraints_of_files_without_names_are_checked_too(compiled: CompiledCircuit, engine: Engine) -> None:
    witness = bytearray(compiled.witness(honest_inputs(), engine))
    check_witness(compiled.r1cs, witness, engine=engine)
    witness[32 * 4] ^= 1
    with pytest.raises(UnsatisfiedConstraint, match=r"constraint \d+ is not satisfied: .*wire_4") as caught:
        check_witness(compiled.r1cs, witness, engine=engine)
    assert (caught.value.gadget, caught.value.file, caught.value.line) == ((), None, None)


@pytest.mark.parametrize(
    ("circuit", "reason"),
    [
        (lambda c: c.public("x"), "public input 'x' stands in no constraint beyond its own range"),
        (lambda c: c.private("x"), "private input 'x' stands in no constraint"),
        (lambda c: c.private("x", bits=8), "private input 'x' stands in no constraint beyond its own range"),
        (lambda c: c.private("x", bits=1), "private input 'x' stands in no constraint beyond its own range"),
        (lambda c: c.private_trusted("x", (0, 1), "test"), "private input 'x'"),
        (lambda c: c.private("x", bits=8) * c.private("y", bits=8), r"product \(x\) \* \(y\) is built and never used"),
        (lambda c: c.private("x") * 3, "private input 'x'"),
    ],
)
def test_what_is_built_and_not_used_is_reported(circuit: object, reason: str) -> None:
    line = circuit.__code__.co_firstlineno
    with pytest.warns(CircuitWarning, match=reason) as told:
        build(circuit, name="unused")
    assert {(w.filename, w.lineno) for w in told} == {("test_build.py", line)}
    with pytest.raises(BuildError, match=reason) as caught:
        build(circuit, name="unused", strict=True)
    assert (caught.value.file, caught.value.line) == ("test_build.py", line)


def test_a_circuit_without_waste_builds_silently(compiled: CompiledCircuit) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build(payment, name="payment")


@pytest.mark.parametrize(
    ("mistake", "reason"),
    [
        (lambda c: [c.private("x"), c.public("x")], "an input 'x' is already declared at test_build.py:"),
        (lambda c: [c.private_array("x", 2), c.private("x[1]")], r"an input 'x\[1\]' is already declared"),
        (lambda c: [c.private("x[1]"), c.private_array("x", 2)], r"an input 'x\[1\]' is already declared"),
        (lambda c: c.private("two words"), "is no name for an input"),
        (lambda c: c.private("a,b"), "is no name for an input"),
        (lambda c: c.private(""), "is no name for an input"),
        (lambda c: c.private_array("x", -1), "-1 elements"),
        (lambda c: c.private("x", bits=3, signed_bits=3), "bits or signed_bits, not both"),
        (lambda c: c.private("x", bits=253), "would need 253 bits, and the field holds 252"),
        (lambda c: c.private_trusted("x", (0, 1), " "), "needs a reason"),
        (lambda c: c.private_trusted("x", (1, 0), "test"), "is empty"),
        (lambda c: c.private_trusted("x", (0, R), "test"), "would need 254 bits"),
    ],
)
def test_mistaken_declarations_are_refused_at_their_line(mistake: object, reason: str) -> None:
    with pytest.raises(BuildError, match=reason) as caught:
        build(mistake, name="mistake")
    assert (caught.value.file, caught.value.line) == ("test_build.py", mistake.__code__.co_firstlineno)


def test_nothing_can_be_added_after_the_build() -> None:
    kept: list[Circuit] = []

    def circuit(c: Circuit) -> None:
        bind(c.public("x"))
        kept.append(c)

    build(circuit, name="kept")
    (c,) = kept
    x = Expr(c, {-1: 1}, None)
    for late in (
        lambda: c.private("y"),
        lambda: x * x,
        lambda: c.constrain_zero(x),
        lambda: c.constrain_product(x, x, x),
        lambda: c.hint_linear(x),
        lambda: poseidon([x]),
    ):
        with pytest.raises(BuildError, match="is built already"):
            late()


def test_the_digest_covers_shape_counts_and_constraints(compiled: CompiledCircuit) -> None:
    r1cs = compiled.r1cs
    others = [
        replace(r1cs, metadata={"kind": "other"}),
        replace(r1cs, metadata=None),
        replace(r1cs, metadata={}),
        replace(r1cs, n_public_inputs=2, n_private_inputs=4),
        replace(r1cs, n_public_outputs=1, n_public_inputs=2),
        replace(r1cs, a=r1cs.b, b=r1cs.a),
        replace(r1cs, a=replace(r1cs.a, scalars=bytes([2]) + r1cs.a.scalars[1:])),
    ]
    digests = {r1cs.digest(), *(other.digest() for other in others)}
    assert len(digests) == len(others) + 1
    assert all(len(digest) == 32 for digest in digests)
    assert replace(r1cs, wire_labels=tuple(range(5, 5 + r1cs.n_wires))).digest() == r1cs.digest()
    assert compiled.program.circuit_digest == compiled.digest


@pytest.mark.parametrize("metadata", [{"x": 1.5}, {1: "x"}, {"x": object()}, {"x": [{"y": {2}}]}])
def test_metadata_is_plain_data(metadata: dict[str, object]) -> None:
    with pytest.raises(FormatError, match="metadata"):
        build(lambda c: bind(c.public("x")), name="plain", metadata=metadata)


_PRINT_BYTES = """
import hashlib
from zkmargin.circuits import *
from zkmargin.circuits.formats import write_r1cs, write_sym
{function}
compiled = build(payment, name="payment", metadata={{"b": 1, "a": [2]}})
parts = (write_r1cs(compiled.r1cs), compiled.program.to_bytes(), write_sym(compiled.symbols).encode())
print(*(hashlib.sha256(part).hexdigest() for part in parts), compiled.digest.hex())
"""


def test_building_in_another_process_gives_the_same_bytes() -> None:
    outputs = []
    for seed in ("1", "2"):
        script = _PRINT_BYTES.format(function=inspect.getsource(payment))
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    assert len(outputs[0].split()) == 4
    assert build(payment, name="payment", metadata={"a": [2], "b": 1}).digest.hex() == outputs[0].split()[3]


def test_a_hint_gives_a_value_and_constrains_nothing() -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x", bits=8)
        before = len(c.constraints)
        kept = c.hint_linear(x * 3 + 1)
        quotient, rest = c.hint_divmod(kept, c.constant(5))
        assert len(c.constraints) == before
        assert (kept.interval, quotient.interval, rest.interval) == (None, None, None)
        assert_equal(c.public("out"), kept * 100 + quotient * 10 + rest)

    with pytest.warns(CircuitWarning, match="'x' stands in no constraint"):
        compiled = build(circuit, name="hints")
    compiled.check(compiled.witness({"x": 4, "out": 13 * 100 + 2 * 10 + 3}))
    value = compiled.r1cs.n_wires - 3
    lie = compiled.witness({"x": 4, "out": 14 * 100 + 2 * 10 + 4}, PlainEngine(lies={value: 14}))
    compiled.check(lie)  # nothing tells a dishonest prover that the value is not 3 x + 1


def test_fewer_wires_in_b_cost_nothing_in_meaning() -> None:
    """b * x and x * b are the same constraint; the wire that B needs anyway goes there."""

    def circuit(c: Circuit) -> None:
        bit, x, y = c.private("bit", bits=1), c.private("x"), c.private("y")
        assert_equal(c.public("out"), select(bit, x, y))

    compiled = build(circuit, name="oriented")
    support = {wire for row in compiled.r1cs.b.to_rows() for wire, _ in row}
    assert support == {0, compiled.symbols.wire("bit")}
