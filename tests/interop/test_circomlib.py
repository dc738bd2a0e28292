"""circomlib's own test circuits: compiled by circom, run by its wasm, then read, checked and proven here, and back.

Everything node does is done in two batches, one before our part and one after it, so the file stays fast.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import Any

import pytest

from zkmargin.algebra import Engine
from zkmargin.circuits import ImportedCircuit, UnsatisfiedConstraint
from zkmargin.circuits.check import MAX_VALUES
from zkmargin.circuits.formats import read_r1cs, read_sections, read_sym, read_wtns, write_r1cs, write_sym, write_wtns
from zkmargin.prover import (
    PowersOfTau,
    Prover,
    ProvingKey,
    UnsatisfiedWitness,
    contribute,
    contribute_powers,
    insecure_setup,
    new_powers,
    prepare_phase2,
    read_zkey,
    setup_from_ptau,
    write_ptau,
    write_zkey,
)
from zkmargin.verifier import InvalidProof, Proof, write_public_signals
from zkmargin.verifier.groth16 import verify

from .circomlib_cases import Case, R, cases
from .snarkjs import MODULES, StepFailed, Tool

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("circomlib")]

CASES = cases()
EXCHANGED = ("binsub_test", "gates", "escalarmulw4table_test")
"""Circuits whose ceremonies cross over; all of them fit into 2^POWER."""
POWER = 7
REFERENCE_CONSTRAINTS = 300
"""Above this, a proof by the reference engine takes minutes."""
EXPORTED_CONSTRAINTS = 1000
"""Above this, snarkjs takes seconds to export a circuit as JSON."""
INPUT_FAILED = "Assert Failed"


@dataclass(frozen=True)
class Made:
    """What circom and its witness generator made of a case."""

    case: Case
    r1cs_file: bytes
    sym_file: bytes
    circuit: ImportedCircuit
    wtns_files: list[bytes]
    refusals: list[Any]

    @property
    def witness(self) -> bytes:
        return read_wtns(self.wtns_files[0])


@dataclass(frozen=True)
class Judgement:
    """What snarkjs says of our files."""

    info: list[int]
    right: Any
    wrong: Any
    accepted: Any
    accepted_elsewhere: Any
    exported: Any = None
    their_exported: Any = None


@pytest.fixture(scope="module")
def workshop(node: str, tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """A directory with circomlib in it; a link would lead out of what the wasm compiler can see."""
    tool = Tool(node, tmp_path_factory.mktemp("circomlib"))
    shutil.copytree(MODULES / "circomlib", tool.directory / "circomlib")
    for name, case in CASES.items():
        if case.source is not None:
            tool.write(f"{name}.circom", case.source.encode())
    return tool


@pytest.fixture(scope="module")
def made(workshop: Tool) -> dict[str, Made]:
    (workshop.directory / "made").mkdir()
    job: list[list[str]] = []
    for name, case in CASES.items():
        source = f"{name}.circom" if case.source is not None else f"circomlib/test/circuits/{name}.circom"
        job.append(["compile", source, "made"])
        for index, inputs in enumerate([*(inputs for inputs, _ in case.taken), *case.refused]):
            workshop.write(f"made/{name}.{index}.json", _as_text(inputs))
            job.append(
                ["witness", f"made/{name}_js/{name}.wasm", f"made/{name}.{index}.json", f"made/{name}.{index}.wtns"]
            )
    results = iter(workshop.batch(job))
    return {name: _collected(workshop, name, case, results) for name, case in CASES.items()}


def _collected(workshop: Tool, name: str, case: Case, results: Any) -> Made:
    compiled, outcomes = next(results), [next(results) for _ in (*case.taken, *case.refused)]
    count = len(case.taken)
    assert [compiled, *outcomes[:count]] == [None] * (1 + count), name
    r1cs_file, sym_file = workshop.read(f"made/{name}.r1cs"), workshop.read(f"made/{name}.sym")
    return Made(
        case,
        r1cs_file,
        sym_file,
        ImportedCircuit.from_bytes(r1cs_file, sym_file),
        [workshop.read(f"made/{name}.{index}.wtns") for index in range(count)],
        outcomes[count:],
    )


@pytest.fixture(params=CASES)
def one(request: pytest.FixtureRequest, made: dict[str, Made]) -> Made:
    """Each circuit in turn."""
    return made[request.param]


def test_what_circom_s_generator_refuses(one: Made) -> None:
    assert len(one.refusals) == len(one.case.refused)
    for refusal in one.refusals:
        assert isinstance(refusal, StepFailed)
        assert INPUT_FAILED in refusal.reason


def test_every_witness_holds_and_has_the_outputs_expected(one: Made, engine: Engine) -> None:
    for file, (_, outputs) in zip(one.wtns_files, one.case.taken, strict=True):
        witness = read_wtns(file)
        one.circuit.check(witness, engine=engine)
        if outputs is not None:
            found = list(one.circuit.public_values(witness).values())[: one.circuit.r1cs.n_public_outputs]
            assert found == outputs


def test_a_changed_wire_breaks_a_constraint_that_names_its_signal(one: Made, best_engine: Engine) -> None:
    """Wires from everywhere; only that one changed, so the constraint that fails must be about it."""
    wires = one.circuit.r1cs.n_wires
    changed = sorted({1, wires - 1, *range(1, wires, max(1, wires // 7))})
    problems = {wire: _problem(one, wire, best_engine) for wire in changed}
    for wire, problem in problems.items():
        names = () if problem is None else problem.values
        assert problem is None or one.circuit.symbols.name(wire) in names or len(names) == MAX_VALUES
    assert 2 * sum(problem is not None for problem in problems.values()) > len(changed)


def test_files_come_back_byte_for_byte(one: Made) -> None:
    """circom orders the sections of a .r1cs differently; each is the same."""
    assert _sections(write_r1cs(read_r1cs(one.r1cs_file))) == _sections(one.r1cs_file)
    assert write_sym(read_sym(one.sym_file)).encode() == one.sym_file
    for file in one.wtns_files:
        assert write_wtns(read_wtns(file)) == file


def test_names_are_circom_s_own(one: Made) -> None:
    """Inputs of main stand where the header says, and every constraint is somewhere in main."""
    circuit, inputs = one.circuit, one.case.taken[0][0]
    assert all(name.startswith("main.") for name in list(circuit.symbols)[1:])
    public = [
        name.removeprefix("main.").split("[")[0] for name in circuit.public_names[circuit.r1cs.n_public_outputs :]
    ]
    assert set(public) <= set(inputs)
    counts = circuit.constraints_by_component()
    assert sum(counts.values()) == circuit.r1cs.n_constraints
    assert all(component.split(".")[0] == "main" for component in counts)


@pytest.fixture(scope="module")
def judged(workshop: Tool, made: dict[str, Made], best_engine: Engine) -> dict[str, Judgement | None]:
    """Our files of every circuit, proofs among them, in snarkjs's hands. None where a proof would take too long."""
    provable = {
        name: one
        for name, one in made.items()
        if best_engine.name == "native" or one.circuit.r1cs.n_constraints <= REFERENCE_CONSTRAINTS
    }
    (workshop.directory / "ours").mkdir()
    jobs: dict[str, list[list[str]]] = {}
    for name, one in provable.items():
        _prove_into(workshop, name, one, best_engine)
        parts = ("r1cs", "right", "wrong", "key", "public", "proof", "other_public")
        circuit, right, wrong, key, public, proof, other_public = (f"ours/{name}.{part}" for part in parts)
        jobs[name] = [
            ["info", circuit],
            ["check", circuit, right],
            ["check", circuit, wrong],
            ["verify", key, public, proof],
            ["verify", key, other_public, proof],
        ]
        if one.circuit.r1cs.n_constraints <= EXPORTED_CONSTRAINTS:
            jobs[name] += [["exported", circuit], ["exported", f"made/{name}.r1cs"]]
    results = iter(workshop.batch([step for job in jobs.values() for step in job]))
    judgements = {name: Judgement(*[next(results) for _ in job]) for name, job in jobs.items()}
    return {name: judgements.get(name) for name in made}


def _prove_into(workshop: Tool, name: str, one: Made, engine: Engine) -> None:
    """All our files of a circuit, after verifying the proof here."""
    key, wrong = insecure_setup(one.circuit.r1cs, engine), _with_wire(one.witness, _breaking_wire(one, engine))
    prover = Prover(key, engine)
    proof, public = prover.prove(one.witness)
    verify(key.verifying_key(), public, proof, engine=engine, allow_development=True)
    with pytest.raises(UnsatisfiedWitness):
        prover.prove(wrong)
    for part, data in {
        "r1cs": write_r1cs(one.circuit.r1cs),
        "right": write_wtns(one.witness),
        "wrong": write_wtns(wrong),
        "key": key.verifying_key().to_json(),
        "public": write_public_signals(public),
        "proof": proof.to_json(),
        "other_public": write_public_signals([*public[:-1], (public[-1] + 1) % R] if public else []),
    }.items():
        workshop.write(f"ours/{name}.{part}", data)


@pytest.mark.parametrize("name", CASES)
def test_snarkjs_takes_our_files_and_proofs(
    name: str, made: dict[str, Made], judged: dict[str, Judgement | None]
) -> None:
    judgement, r1cs = judged[name], made[name].circuit.r1cs
    if judgement is None:
        pytest.skip("too large a proof for the reference engine")
    counts = [r1cs.n_wires, r1cs.n_public_outputs, r1cs.n_public_inputs, r1cs.n_private_inputs]
    assert judgement.info == [*counts, r1cs.label_count, r1cs.n_constraints]
    assert judgement.exported == judgement.their_exported
    assert r1cs.n_constraints > EXPORTED_CONSTRAINTS or len(judgement.exported) == 64
    assert (judgement.right, judgement.wrong) == (True, False)
    if r1cs.n_public:
        assert (judgement.accepted, judgement.accepted_elsewhere) == (True, False)
    else:  # our own verifier has accepted it; snarkjs 0.7 cannot add up no points at all
        assert judgement.accepted == StepFailed("Scalar size does not match")


@dataclass(frozen=True)
class Exchange:
    """One circuit's ceremony carried on by the other side, and the proof that the other side made."""

    our_key: ProvingKey
    their_first_key: bytes
    their_key: ProvingKey
    their_proof: Any


@pytest.fixture(scope="module")
def powers(workshop: Tool, best_engine: Engine) -> PowersOfTau:
    begun = contribute_powers(new_powers(POWER, best_engine), "ours", "entropy", best_engine)
    prepared = prepare_phase2(begun, best_engine)
    workshop.write("powers.ptau", write_ptau(prepared, best_engine))
    return prepared


@pytest.fixture(scope="module")
def exchanged(workshop: Tool, made: dict[str, Made], powers: PowersOfTau, best_engine: Engine) -> dict[str, Exchange]:
    job, ours = [], {}
    for name in EXCHANGED:
        ours[name] = contribute(
            setup_from_ptau(made[name].circuit.r1cs, powers, best_engine), "ours", "entropy", best_engine
        )
        workshop.write(f"{name}.ours.zkey", write_zkey(ours[name], best_engine))
        job += [
            ["prove", f"{name}.ours.zkey", f"made/{name}.0.wtns"],
            ["setup", f"made/{name}.r1cs", "powers.ptau", f"{name}.0.zkey"],
            ["contribute", f"{name}.0.zkey", f"{name}.1.zkey"],
        ]
    results = workshop.batch(job)
    return {
        name: Exchange(
            ours[name],
            workshop.read(f"{name}.0.zkey"),
            read_zkey(workshop.read(f"{name}.1.zkey"), best_engine, check="full"),
            results[3 * index],
        )
        for index, name in enumerate(EXCHANGED)
    }


@pytest.mark.parametrize("name", EXCHANGED)
def test_their_proof_with_our_key(name: str, exchanged: dict[str, Exchange], best_engine: Engine) -> None:
    key, theirs = exchanged[name].our_key.verifying_key(), exchanged[name].their_proof
    assert not isinstance(theirs, StepFailed), theirs
    public = [int(value) for value in theirs["publicSignals"]]
    verify(key, public, Proof.from_json(theirs["proof"]), engine=best_engine)
    with pytest.raises(InvalidProof):
        verify(key, [*public[:-1], (public[-1] + 1) % R], Proof.from_json(theirs["proof"]), engine=best_engine)


@pytest.mark.parametrize("name", EXCHANGED)
def test_our_proof_with_their_key(
    name: str, exchanged: dict[str, Exchange], made: dict[str, Made], powers: PowersOfTau, best_engine: Engine
) -> None:
    """Their setup is ours byte for byte, and a proof under the key that they contributed to verifies."""
    first = setup_from_ptau(made[name].circuit.r1cs, powers, best_engine)
    assert write_zkey(replace(first, circuit_digest=None), best_engine) == exchanged[name].their_first_key
    key = exchanged[name].their_key
    proof, public = Prover(key, best_engine).prove(made[name].witness)
    assert public == list(made[name].circuit.public_values(made[name].witness).values())
    verify(key.verifying_key(), public, proof, engine=best_engine)


def _with_wire(witness: bytes, wire: int) -> bytes:
    """The witness with one wire greater by one."""
    place = slice(32 * wire, 32 * wire + 32)
    changed = bytearray(witness)
    changed[place] = ((int.from_bytes(witness[place], "little") + 1) % R).to_bytes(32, "little")
    return bytes(changed)


def _problem(one: Made, wire: int, engine: Engine) -> UnsatisfiedConstraint | None:
    """What is broken by a change of one wire."""
    try:
        one.circuit.check(_with_wire(one.witness, wire), engine=engine)
    except UnsatisfiedConstraint as problem:
        return problem
    return None


def _breaking_wire(one: Made, engine: Engine) -> int:
    return next(wire for wire in range(1, one.circuit.r1cs.n_wires) if _problem(one, wire, engine) is not None)


def _sections(data: bytes) -> dict[int, bytes]:
    return {
        number: bytes(content) for number, content in read_sections(data, b"r1cs", what="r1cs", max_version=1).items()
    }


def _as_text(value: Any) -> Any:
    """Numbers as decimal strings, which JSON does not round."""
    if isinstance(value, dict):
        return {name: _as_text(part) for name, part in value.items()}
    return [_as_text(part) for part in value] if isinstance(value, list) else str(value)
