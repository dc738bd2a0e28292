"""Circuits from files: names that belong to them, checks that say them, and .sym files of other circuits refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from zkmargin.algebra import BN254, Engine, SparseMatrix, scalars_to_bytes
from zkmargin.circuits import (
    R1CS,
    Circuit,
    FormatError,
    ImportedCircuit,
    UnsatisfiedConstraint,
    assert_equal,
    build,
    import_circuit,
    poseidon,
)
from zkmargin.circuits.formats import write_r1cs, write_sym

R = BN254.r


def matrix(*rows: dict[int, int]) -> SparseMatrix:
    return SparseMatrix.from_rows([[(wire, k % R) for wire, k in row.items()] for row in rows], 5)


CIRCUIT = R1CS(
    n_wires=5,
    n_public_outputs=1,
    n_public_inputs=1,
    n_private_inputs=2,  # one of which no constraint needs
    a=matrix({3: 1}, {4: 1}),
    b=matrix({3: 1}, {4: 1, 0: -1}),
    c=matrix({1: 1, 2: 1}, {}),
    wire_labels=(0, 1, 2, 3, 6),
    n_labels=9,
)
"""out + limit = x * x, and a bit."""

SYM = """1,1,1,main.out
2,2,1,main.limit
3,3,1,main.x
4,-1,1,main.unused
5,-1,0,main.n2b.in
6,4,0,main.n2b.out[0]
7,-1,0,main.n2b.sum
"""
WITNESS = scalars_to_bytes([1, 20, 5, 5, 1])


def test_a_satisfied_witness_passes_and_its_public_values_have_names(engine: Engine) -> None:
    circuit = ImportedCircuit.from_bytes(write_r1cs(CIRCUIT), SYM)
    circuit.check(WITNESS, engine=engine)
    assert circuit.r1cs == CIRCUIT
    assert circuit.digest == CIRCUIT.digest()
    assert circuit.public_names == ["main.out", "main.limit"]
    assert circuit.public_values(WITNESS) == {"main.out": 20, "main.limit": 5}
    assert list(circuit.symbols) == ["one", "main.out", "main.limit", "main.x", "main.n2b.out[0]"]


def test_an_unsatisfied_constraint_says_circom_s_names(engine: Engine) -> None:
    circuit = ImportedCircuit.from_bytes(write_r1cs(CIRCUIT), SYM)
    with pytest.raises(UnsatisfiedConstraint) as caught:
        circuit.check(scalars_to_bytes([1, 20, 5, 5, 2]), engine=engine)
    assert caught.value.index == 1
    assert caught.value.expression == "(main.n2b.out[0]) * (main.n2b.out[0] - 1) = 0"
    assert caught.value.values == {"main.n2b.out[0]": 2}
    with pytest.raises(UnsatisfiedConstraint, match=r"\(main\.x\) \* \(main\.x\) = main\.out \+ main\.limit"):
        circuit.check(scalars_to_bytes([1, 20, 6, 5, 1]), engine=engine)


@pytest.mark.parametrize(
    ("sides", "expression"),
    [
        (({}, {}, {3: 1, 2: -1, 0: 5}), "main.x - main.limit + 5 = 0"),  # as circom writes linear constraints
        (({}, {0: 1}, {3: 1}), "main.x = 0"),
        (({3: 1}, {0: 1}, {2: 1}), "main.x = main.limit"),
        (({3: 1}, {0: 2}, {2: 1}), "(main.x) * (2) = main.limit"),
    ],
)
def test_linear_constraints_are_written_without_a_product(sides: tuple[dict[int, int], ...], expression: str) -> None:
    a, b, c = (matrix(side) for side in sides)
    circuit = ImportedCircuit.from_bytes(write_r1cs(replace(CIRCUIT, a=a, b=b, c=c)), SYM)
    with pytest.raises(UnsatisfiedConstraint) as caught:
        circuit.check(scalars_to_bytes([1, 20, 6, 5, 1]))
    assert caught.value.expression == expression


def test_without_a_sym_file_wires_have_numbers() -> None:
    circuit = ImportedCircuit.from_bytes(write_r1cs(CIRCUIT))
    with pytest.raises(UnsatisfiedConstraint, match=r"\(wire_4\) \* \(wire_4 - 1\) = 0"):
        circuit.check(scalars_to_bytes([1, 20, 5, 5, 2]))
    with pytest.raises(FormatError, match=r"import it with one"):
        circuit.constraints_by_component()


@pytest.mark.parametrize("values", [[1, 20, 5, 5], [1, 20, 5, 5, 1, 1], [2, 20, 5, 5, 1], []])
def test_the_witness_of_another_circuit_is_no_witness(values: list[int]) -> None:
    circuit = ImportedCircuit.from_bytes(write_r1cs(CIRCUIT), SYM)
    for use in (circuit.check, circuit.public_values):
        with pytest.raises(FormatError, match=r"another one|constant 1"):
            use(scalars_to_bytes(values))


def test_files_are_read_from_their_paths(tmp_path: Path) -> None:
    (tmp_path / "c.r1cs").write_bytes(write_r1cs(CIRCUIT))
    (tmp_path / "c.sym").write_text(SYM)
    assert import_circuit(tmp_path / "c.r1cs").named is False
    assert import_circuit(str(tmp_path / "c.r1cs"), tmp_path / "c.sym").public_names == ["main.out", "main.limit"]


def test_constraints_are_counted_where_all_their_signals_lie() -> None:
    circuit = ImportedCircuit.from_bytes(write_r1cs(CIRCUIT), SYM)
    assert circuit.constraints_by_component() == {"main": 1, "main.n2b": 1}
    deeper = SYM.replace("main.x", "main.n2b.x").replace("main.out", "main.n2b.s.out").replace("main.l", "main.n2b.s.l")
    nested = ImportedCircuit.from_bytes(write_r1cs(CIRCUIT), deeper)
    assert nested.constraints_by_component() == {"main.n2b": 2}


def test_our_own_circuits_come_back_with_their_names() -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("leaf[0].x")
        assert_equal(c.public("digest"), poseidon([x, x]))

    compiled = build(circuit, name="ours")
    again = ImportedCircuit.from_bytes(write_r1cs(compiled.r1cs), write_sym(compiled.symbols))
    assert list(again.symbols)[1:] == [f"main.{name}" for name in list(compiled.symbols)[1:]]
    assert again.digest == compiled.digest
    assert sum(again.constraints_by_component().values()) == compiled.r1cs.n_constraints


def test_a_second_name_of_a_wire_is_allowed_and_the_label_s_own_counts() -> None:
    """circom 1 lists signals that became one under the wire they share."""
    circuit = ImportedCircuit.from_bytes(write_r1cs(CIRCUIT), "8,3,0,main.alias\n" + SYM)
    assert circuit.symbols.name(3) == "main.x"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("3,3,1,main.x", "3,4,1,main.x", "line 3 gives wire 4 to label 3, which has wire 3"),
        ("3,3,1,main.x", "3,-1,1,main.x", "line 3 gives no wire to label 3, which has wire 3"),
        ("3,3,1,main.x", "8,3,1,main.x", "names no wire 3"),
        ("3,3,1,main.x\n", "", "names no wire 3"),
        ("4,-1,1,main.unused", "3,3,1,main.again", "line 4 names wire 3 again"),
        ("4,-1,1,main.unused", "0,0,1,main.constant", "line 4 names wire 0 again"),
        ("4,-1,1,main.unused", "9,-1,1,main.unused", "line 4 is about a signal that this circuit does not have"),
        ("4,-1,1,main.unused", "4,5,1,main.unused", "line 4 is about a signal that this circuit does not have"),
        ("4,-1,1,main.unused", "4,4294967295,1,main.unused", "line 4 is about a signal"),
        ("main.n2b.out[0]", "main.x", "names two wires main.x"),
        ("main.n2b.out[0]", "one", "names two wires one"),
        (SYM, "", "names no wire 1"),
    ],
)
def test_the_sym_file_of_another_circuit_is_refused(old: str, new: str, reason: str) -> None:
    assert old in SYM
    with pytest.raises(FormatError) as caught:
        ImportedCircuit.from_bytes(write_r1cs(CIRCUIT), SYM.replace(old, new))
    assert reason in str(caught.value)
    assert caught.value.what == ".sym file"
