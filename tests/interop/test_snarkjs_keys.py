"""The same files both ways: ceremonies, keys, witnesses and proofs of zkmargin and of snarkjs 0.7."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from zkmargin.algebra import Engine
from zkmargin.circuits.formats.r1cs_file import read_r1cs
from zkmargin.circuits.formats.wtns_file import read_wtns, write_wtns
from zkmargin.circuits.r1cs import R1CS
from zkmargin.prover import (
    CeremonyInvalid,
    PowersOfTau,
    ProvingKey,
    UnsatisfiedWitness,
    apply_beacon,
    apply_beacon_to_powers,
    contribute,
    contribute_powers,
    insecure_setup,
    new_powers,
    prepare_phase2,
    prove,
    read_ptau,
    read_zkey,
    setup_from_ptau,
    verify_contributions,
    verify_ptau,
    verify_zkey,
    write_ptau,
    write_zkey,
)
from zkmargin.verifier.errors import InvalidProof
from zkmargin.verifier.groth16 import verify
from zkmargin.verifier.keys import VerifyingKey
from zkmargin.verifier.proof import Proof

from .snarkjs import Tool

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("interop")]

POWER = 9
# Between 2^8 and 2^9 constraints; an input that no constraint uses; an output and an input that are public.
SOURCE = """
pragma circom 2.0.0;
include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/comparators.circom";
template Membership() {
    signal input limit;
    signal input amount;
    signal input salt;
    signal input unused;
    signal output commitment;
    component hash = Poseidon(1);
    hash.inputs[0] <== amount + salt;
    commitment <== hash.out;
    component less = LessThan(32);
    less.in[0] <== amount;
    less.in[1] <== limit;
    less.out === 1;
}
component main {public [limit]} = Membership();
"""
INPUT = {"limit": "1000", "amount": "999", "salt": "123456789123456789", "unused": "5"}


@dataclass(frozen=True)
class Setting:
    """One circuit compiled by circom, its witness by snarkjs, and a ceremony of ours that snarkjs prepared."""

    tool: Tool
    r1cs: R1CS
    ptau: PowersOfTau
    witness: bytes
    initial_file: bytes

    @property
    def paths(self) -> tuple[str, str]:
        return "circuit.r1cs", "prepared.ptau"


@pytest.fixture(scope="session")
def setting(tool: Tool, best_engine: Engine) -> Setting:
    r1cs_file, wasm = tool.circom(SOURCE, "circuit")
    tool.snarkjs("wtns", "calculate", str(wasm), tool.write("input.json", INPUT), "witness.wtns")
    powers = contribute_powers(new_powers(POWER, best_engine), "first", "entropy", best_engine)
    tool.write("raw.ptau", write_ptau(powers, best_engine))
    tool.snarkjs("powersoftau", "prepare", "phase2", "raw.ptau", "prepared.ptau")
    tool.snarkjs("groth16", "setup", "circuit.r1cs", "prepared.ptau", "initial.zkey")
    return Setting(
        tool,
        read_r1cs(r1cs_file),
        read_ptau(tool.read("prepared.ptau"), best_engine),
        read_wtns(tool.read("witness.wtns")),
        tool.read("initial.zkey"),
    )


@pytest.fixture(scope="session")
def our_key(setting: Setting, best_engine: Engine) -> ProvingKey:
    """A ceremony that begins and continues with us."""
    key = setup_from_ptau(setting.r1cs, setting.ptau, best_engine)
    return apply_beacon(contribute(key, "zoë", "entropy", best_engine), "beacon", bytes(range(9)), 10, best_engine)


@pytest.fixture(scope="session")
def their_key(setting: Setting, best_engine: Engine) -> ProvingKey:
    """A ceremony that begins and continues with snarkjs."""
    tool = setting.tool
    tool.snarkjs("zkey", "contribute", "initial.zkey", "theirs.zkey", "--name=their first", "-e=entropy")
    tool.snarkjs("zkey", "beacon", "theirs.zkey", "theirs_final.zkey", "0102030405060708", "10", "-n=their beacon")
    return read_zkey(tool.read("theirs_final.zkey"), best_engine, check="full")


@pytest.fixture(params=["ours", "theirs"])
def key(request: pytest.FixtureRequest) -> ProvingKey:
    name = {"ours": "our_key", "theirs": "their_key"}[request.param]
    found = request.getfixturevalue(name)
    assert isinstance(found, ProvingKey)
    return found


def test_preparing_for_phase_2_gives_the_same_file(setting: Setting, best_engine: Engine) -> None:
    raw = read_ptau(setting.tool.read("raw.ptau"), best_engine)
    assert write_ptau(prepare_phase2(raw, best_engine), best_engine) == setting.tool.read("prepared.ptau")


def test_snarkjs_accepts_our_phase_1(fresh_tool: Tool, best_engine: Engine) -> None:
    powers = contribute_powers(new_powers(4, best_engine), "zoë", "entropy", best_engine)
    powers = apply_beacon_to_powers(powers, "beacon", bytes(range(32)), 10, best_engine)
    fresh_tool.write("ours.ptau", write_ptau(prepare_phase2(powers, best_engine), best_engine))
    assert "Powers of Tau Ok!" in fresh_tool.snarkjs("powersoftau", "verify", "ours.ptau")
    broken = powers.contributions[0]
    wrong = replace(powers, contributions=(replace(broken, alpha_g1=broken.beta_g1), powers.contributions[1]))
    fresh_tool.write("wrong.ptau", write_ptau(wrong, best_engine))
    fresh_tool.snarkjs("powersoftau", "verify", "wrong.ptau", fails=True)


def test_a_phase_1_in_turns(fresh_tool: Tool, best_engine: Engine) -> None:
    """Begun by snarkjs, continued by us, continued by snarkjs, closed by its beacon: we accept it."""
    tool = fresh_tool
    tool.snarkjs("powersoftau", "new", "bn128", "3", "0.ptau")
    assert write_ptau(new_powers(3, best_engine), best_engine) == tool.read("0.ptau")
    tool.snarkjs("powersoftau", "contribute", "0.ptau", "1.ptau", "--name=theirs", "-e=entropy")
    ours = contribute_powers(read_ptau(tool.read("1.ptau"), best_engine), "ours", "entropy", best_engine)
    tool.write("2.ptau", write_ptau(ours, best_engine))
    tool.snarkjs("powersoftau", "contribute", "2.ptau", "3.ptau", "--name=theirs again", "-e=entropy")
    tool.snarkjs("powersoftau", "beacon", "3.ptau", "4.ptau", "0102", "10", "-n=beacon")
    final = read_ptau(tool.read("4.ptau"), best_engine)
    verify_ptau(final, best_engine)
    assert [step.parameters.name for step in final.contributions] == ["theirs", "ours", "theirs again", "beacon"]


def test_setup_gives_the_same_file(setting: Setting, best_engine: Engine) -> None:
    """Byte for byte, but for the section of our own, which holds the circuit's digest."""
    key = setup_from_ptau(setting.r1cs, setting.ptau, best_engine)
    assert write_zkey(replace(key, circuit_digest=None), best_engine) == setting.initial_file
    assert write_zkey(read_zkey(setting.initial_file, best_engine), best_engine) == setting.initial_file


@pytest.mark.parametrize("spare", [0, 1])
def test_setup_of_a_tiny_circuit_at_the_ends_of_the_powers(fresh_tool: Tool, best_engine: Engine, spare: int) -> None:
    """Where circuit and ceremony are equally large the last power is missing, and both tools go on without it."""
    source = """pragma circom 2.0.0;
    template Product() { signal input a; signal input b; signal output c; c <== a * b; }
    component main {public [a]} = Product();"""
    r1cs_file, _ = fresh_tool.circom(source, "product")
    powers = contribute_powers(new_powers(2 + spare, best_engine), "x", "y", best_engine)
    prepared = prepare_phase2(powers, best_engine)
    fresh_tool.write("tiny.ptau", write_ptau(prepared, best_engine))
    fresh_tool.snarkjs("groth16", "setup", "product.r1cs", "tiny.ptau", "tiny.zkey")
    key = setup_from_ptau(read_r1cs(r1cs_file), prepared, best_engine)
    assert write_zkey(replace(key, circuit_digest=None), best_engine) == fresh_tool.read("tiny.zkey")


def test_snarkjs_is_content_with_our_ceremony(setting: Setting, our_key: ProvingKey, best_engine: Engine) -> None:
    setting.tool.write("ours.zkey", write_zkey(our_key, best_engine))
    assert "ZKey Ok!" in setting.tool.snarkjs("zkey", "verify", *setting.paths, "ours.zkey")


def test_snarkjs_continues_our_ceremony(setting: Setting, our_key: ProvingKey, best_engine: Engine) -> None:
    setting.tool.write("begun.zkey", write_zkey(our_key, best_engine))
    setting.tool.snarkjs("zkey", "contribute", "begun.zkey", "continued.zkey", "--name=after us", "-e=entropy")
    continued = read_zkey(setting.tool.read("continued.zkey"), best_engine)
    verify_zkey(setting.r1cs, setting.ptau, continued, best_engine)
    assert [step.name for step in continued.contributions] == ["zoë", "beacon", "after us"]


def test_we_are_content_with_their_ceremony(setting: Setting, their_key: ProvingKey, best_engine: Engine) -> None:
    verify_zkey(setting.r1cs, setting.ptau, their_key, best_engine)
    first = their_key.contributions[0]
    with pytest.raises(CeremonyInvalid):
        verify_contributions(replace(their_key, contributions=(first,)), best_engine)


def test_our_proof_under_our_exported_key(setting: Setting, key: ProvingKey, best_engine: Engine) -> None:
    """snarkjs accepts it, and refuses it for another statement."""
    proof, public = prove(key, setting.witness, engine=best_engine)
    tool = setting.tool
    files = (
        tool.write("vk.json", key.verifying_key().to_json()),
        tool.write("public.json", [str(value) for value in public]),
        tool.write("proof.json", proof.to_json()),
    )
    assert "OK!" in tool.snarkjs("groth16", "verify", *files)
    tool.write("public.json", [str(public[0]), str(public[1] + 1)])
    tool.snarkjs("groth16", "verify", *files, fails=True)


def test_their_proof_under_our_key_file(setting: Setting, our_key: ProvingKey, best_engine: Engine) -> None:
    tool = setting.tool
    tool.write("ours.zkey", write_zkey(our_key, best_engine))
    tool.write("ours.wtns", write_wtns(setting.witness))
    tool.snarkjs("groth16", "prove", "ours.zkey", "ours.wtns", "their_proof.json", "their_public.json")
    tool.snarkjs("zkey", "export", "verificationkey", "ours.zkey", "their_vk.json")
    public = [int(value) for value in tool.read_json("their_public.json")]
    proof, exported = Proof.from_json(tool.read("their_proof.json")), VerifyingKey.from_json(tool.read("their_vk.json"))
    verify(exported, public, proof, engine=best_engine)
    assert replace(our_key.verifying_key(), circuit_digest=None) == exported
    with pytest.raises(InvalidProof):
        verify(exported, [public[1], public[0]], proof, engine=best_engine)


def test_snarkjs_proves_with_a_development_key(setting: Setting, best_engine: Engine) -> None:
    tool, key = setting.tool, insecure_setup(setting.r1cs, best_engine)
    tool.write("development.zkey", write_zkey(key, best_engine))
    tool.snarkjs("groth16", "prove", "development.zkey", "witness.wtns", "dev_proof.json", "dev_public.json")
    public = [int(value) for value in tool.read_json("dev_public.json")]
    proof = Proof.from_json(tool.read("dev_proof.json"))
    verify(key.verifying_key(), public, proof, engine=best_engine, allow_development=True)


@pytest.mark.parametrize("wire", [1, 2, 3, 40])
def test_p1_on_a_foreign_circuit(setting: Setting, their_key: ProvingKey, best_engine: Engine, wire: int) -> None:
    """Where snarkjs would hand out a proof that does not verify, there is none."""
    witness = bytearray(setting.witness)
    witness[32 * wire] ^= 1
    with pytest.raises(UnsatisfiedWitness):
        prove(their_key, bytes(witness), engine=best_engine)
