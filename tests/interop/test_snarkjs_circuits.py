"""Circuits compiled here in snarkjs's hands, and circom's files in ours."""

from __future__ import annotations

import json

import pytest

from zkmargin.algebra import Engine
from zkmargin.algebra.poseidon import poseidon_hash
from zkmargin.circuits import (
    Circuit,
    CompiledCircuit,
    UnsatisfiedConstraint,
    assert_at_most,
    assert_equal,
    build,
    check_witness,
    poseidon,
)
from zkmargin.circuits.formats import names_by_wire, read_r1cs, read_sym, read_wtns, write_r1cs, write_sym, write_wtns

from .snarkjs import Tool

SOURCE = """
pragma circom 2.1.0;
include "circomlib/circuits/poseidon.circom";
template Hashed() {
    signal input x;
    signal input y;
    signal output digest;
    component hash = Poseidon(2);
    hash.inputs[0] <== x * y;
    hash.inputs[1] <== x;
    digest <== hash.out;
}
component main {public [y]} = Hashed();
"""


def _hashed(c: Circuit) -> None:
    x, y = c.private("leaf[0].x", bits=8), c.private("y", bits=8)
    assert_at_most(x, y)
    assert_equal(c.public("digest"), poseidon([x * y, x]))


@pytest.fixture(scope="module")
def ours(tool: Tool) -> CompiledCircuit:
    compiled = build(_hashed, name="hashed", metadata={"kind": "interop"}, strict=True)
    tool.write("ours.r1cs", write_r1cs(compiled.r1cs))
    tool.write("ours.sym", write_sym(compiled.symbols).encode())
    return compiled


def test_snarkjs_reads_our_circuit(tool: Tool, ours: CompiledCircuit) -> None:
    output = tool.snarkjs("r1cs", "info", "ours.r1cs")
    for line in (
        f"# of Wires: {ours.r1cs.n_wires}",
        f"# of Constraints: {ours.r1cs.n_constraints}",
        "# of Private Inputs: 2",
        "# of Public Inputs: 1",
        "# of Outputs: 0",
    ):
        assert line in output
    assert "main.leaf[0].x" in tool.snarkjs("r1cs", "print", "ours.r1cs", "ours.sym")
    tool.snarkjs("r1cs", "export", "json", "ours.r1cs", "ours.json")
    exported = tool.read_json("ours.json")["constraints"]
    sides = [matrix.to_rows() for matrix in (ours.r1cs.a, ours.r1cs.b, ours.r1cs.c)]
    expected = [[{str(w): str(k) for w, k in row} for row in rows] for rows in zip(*sides, strict=True)]
    assert exported == expected


def test_snarkjs_checks_our_witness(tool: Tool, ours: CompiledCircuit) -> None:
    inputs = {"leaf[0].x": 3, "y": 5, "digest": poseidon_hash([15, 3])}
    tool.write("right.wtns", write_wtns(ours.witness(inputs)))
    assert "WITNESS IS CORRECT" in tool.snarkjs("wtns", "check", "ours.r1cs", "right.wtns")
    tool.write("wrong.wtns", write_wtns(ours.witness(inputs | {"digest": 7})))
    assert "WITNESS IS NOT CORRECT" in tool.snarkjs("wtns", "check", "ours.r1cs", "wrong.wtns", fails=True)


def test_circom_s_hash_is_ours(fresh_tool: Tool, engine: Engine) -> None:
    """circomlib's Poseidon, compiled by circom and run by snarkjs: its file, its witness, and the same digest."""
    r1cs_file, wasm = fresh_tool.circom(SOURCE, "hashed")
    fresh_tool.write("input.json", {"x": "3", "y": "5"})
    fresh_tool.snarkjs("wtns", "calculate", str(wasm), "input.json", "hashed.wtns")
    r1cs, witness = read_r1cs(r1cs_file), read_wtns(fresh_tool.read("hashed.wtns"))
    assert (r1cs.n_public_outputs, r1cs.n_public_inputs, r1cs.n_private_inputs) == (1, 1, 1)
    check_witness(r1cs, witness, engine=engine)
    assert int.from_bytes(witness[32:64], "little") == poseidon_hash([15, 3])
    assert read_r1cs(write_r1cs(r1cs)).digest() == r1cs.digest()
    with pytest.raises(UnsatisfiedConstraint):
        check_witness(r1cs, witness[:32] + bytes(32) + witness[64:], engine=engine)


def test_circom_s_symbols_name_the_wires(fresh_tool: Tool) -> None:
    r1cs_file, _ = fresh_tool.circom(SOURCE, "hashed")
    names = names_by_wire(read_sym(fresh_tool.read("hashed.sym")), read_r1cs(r1cs_file).n_wires)
    assert [names.name(wire) for wire in range(4)] == ["one", "main.digest", "main.y", "main.x"]
    assert json.dumps(list(names)).count("main.hash") > 100
