"""snarkjs's words in snarkjs's order of arguments: a whole ceremony and proof for a small circuit of one's own."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from zkmargin.circuits import Circuit, assert_product, build
from zkmargin.circuits.formats import write_r1cs, write_sym, write_wtns
from zkmargin.prover import read_zkey, write_zkey
from zkmargin.verifier import VerifyingKey, judge_key

from .conftest import invoke

pytestmark = pytest.mark.xdist_group("cli")


def product(c: Circuit) -> None:
    """I know two factors of a public number."""
    n = c.public("n")
    assert_product(c.private("p"), c.private("q"), n)


@dataclass(frozen=True)
class Ceremony:
    root: Path

    def __truediv__(self, name: str) -> Path:
        return self.root / name


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Ceremony:
    """Each step by its command, every one with exit code 0."""
    root = tmp_path_factory.mktemp("ceremony")
    circuit = build(product, name="product")
    (root / "c.r1cs").write_bytes(write_r1cs(circuit.r1cs))
    (root / "w.wtns").write_bytes(write_wtns(circuit.witness({"n": 33, "p": 3, "q": 11})))
    steps = (
        "powersoftau new bn128 3 p0.ptau",
        "powersoftau contribute p0.ptau p1.ptau --name=alice -e=some-text",
        "powersoftau beacon p1.ptau p2.ptau 0102030405060708090a0b0c0d0e0f 10 -n=beacon",
        "powersoftau prepare phase2 p2.ptau p3.ptau",
        "powersoftau verify p3.ptau",
        "groth16 setup c.r1cs p3.ptau k0.zkey",
        "zkey contribute k0.zkey k1.zkey --name=bob -e=other-text",
        "zkey beacon k1.zkey k2.zkey 0102030405060708090a0b0c0d0e0f 10 -n=beacon",
        "zkey verify c.r1cs p3.ptau k2.zkey",
        "zkey export verificationkey k2.zkey vk.json",
        "groth16 prove k2.zkey w.wtns proof.json public.json",
        "groth16 verify vk.json public.json proof.json",
        "wtns check c.r1cs w.wtns",
        "r1cs info c.r1cs",
    )
    for step in steps:
        words = [str(root / word) if "." in word and "=" not in word else word for word in step.split()]
        done = invoke(*words)
        assert done.code == 0, (step, done.stderr)
    return Ceremony(root)


@pytest.fixture
def ceremony(finished: Ceremony, tmp_path: Path) -> Ceremony:
    root = tmp_path / "ceremony"
    shutil.copytree(finished.root, root)
    return Ceremony(root)


def test_public_inputs_and_names_are_as_expected(finished: Ceremony) -> None:
    assert json.loads((finished / "public.json").read_text()) == ["33"]
    done = invoke("zkey", "verify", finished / "c.r1cs", finished / "p3.ptau", finished / "k2.zkey", "--json")
    assert [step["name"] for step in done.json["contributions"]] == ["bob", "beacon"]
    assert [step["beacon"] for step in done.json["contributions"]] == [False, True]
    assert invoke("inspect", finished / "p3.ptau", "--json").json["contributions"] == ["alice", "beacon"]


def test_r1cs_info_counts(finished: Ceremony) -> None:
    done = invoke("r1cs", "info", finished / "c.r1cs", "--json")
    assert (done.json["constraints"], done.json["public_inputs"], done.json["private_inputs"]) == (1, 1, 2)


def test_setup_from_a_ptau_adds_a_contribution(finished: Ceremony, tmp_path: Path) -> None:
    args = [finished / "c.r1cs", "--ptau", finished / "p3.ptau", "--name", "carol", "-o", tmp_path / "k.zkey"]
    done = invoke("setup", *args)
    assert done.code == 0
    assert "zkey contribute" in done.stderr
    facts = invoke("inspect", tmp_path / "k.zkey", "--json").json
    assert (facts["contributions"], facts["development"]) == (["carol"], False)
    assert invoke("zkey", "verify", finished / "c.r1cs", finished / "p3.ptau", tmp_path / "k.zkey").code == 0


def test_an_unfinished_key_is_said_to_be_one(ceremony: Ceremony, tmp_path: Path) -> None:
    done = invoke("zkey", "verify", ceremony / "c.r1cs", ceremony / "p3.ptau", ceremony / "k0.zkey", "--json")
    assert (done.code, done.json["error"]) == (1, "ceremony-invalid")
    vk = tmp_path / "vk0.json"
    assert invoke("zkey", "export", "verificationkey", ceremony / "k0.zkey", vk).code == 0
    refused = invoke("groth16", "verify", vk, ceremony / "public.json", ceremony / "proof.json", "--json")
    assert (refused.code, refused.json["error"]) == (1, "key-rejected")


def test_a_verified_export_names_the_circuit_again(ceremony: Ceremony, tmp_path: Path) -> None:
    """snarkjs drops our section when it contributes, and a ledger refuses a key that names no circuit."""
    key = read_zkey((ceremony / "k2.zkey").read_bytes())
    digest = build(product, name="product").r1cs.digest()
    bare, vk = ceremony / "bare.zkey", tmp_path / "vk.json"
    against = ("--circuit", ceremony / "c.r1cs", "--ptau", ceremony / "p3.ptau")
    bare.write_bytes(write_zkey(replace(key, circuit_digest=None)))
    assert invoke("zkey", "export", "verificationkey", bare, vk).code == 0
    assert VerifyingKey.from_json(vk.read_bytes()).circuit_digest is None
    done = invoke("zkey", "export", "verificationkey", bare, vk, *against, "--force", "--json")
    assert (done.code, done.json["circuit_digest"], done.json["development"]) == (0, digest.hex(), False)
    named = VerifyingKey.from_json(vk.read_bytes())
    assert (named.circuit_digest, named.development) == (digest, False)
    judge_key(named)


def test_a_verified_export_writes_nothing_for_a_key_that_is_not_valid(ceremony: Ceremony, tmp_path: Path) -> None:
    def other(c: Circuit) -> None:
        assert_product(c.private("p"), c.private("p2"), c.public("n") + 1)

    vk, bare = tmp_path / "vk.json", ceremony / "bare.zkey"
    bare.write_bytes(write_zkey(replace(read_zkey((ceremony / "k2.zkey").read_bytes()), circuit_digest=None)))
    (ceremony / "other.r1cs").write_bytes(write_r1cs(build(other, name="other").r1cs))
    args = ("zkey", "export", "verificationkey")
    ptau, c, o = ceremony / "p3.ptau", ceremony / "c.r1cs", ceremony / "other.r1cs"
    for key, circuit, code, error in (
        (bare, o, 1, "key-not-verified"),
        (ceremony / "k0.zkey", c, 1, "ceremony-invalid"),
    ):
        done = invoke(*args, key, vk, "--circuit", circuit, "--ptau", ptau, "--json")
        assert (done.code, done.json["error"]) == (code, error)
    for half in (("--circuit", c), ("--ptau", ptau)):
        done = invoke(*args, bare, vk, *half, "--json")
        assert (done.code, done.json["error"]) == (2, "misuse")
    assert not vk.exists()


def test_a_key_of_another_circuit_is_not_valid(ceremony: Ceremony) -> None:
    def other(c: Circuit) -> None:
        assert_product(c.private("p"), c.private("p2"), c.public("n") + 1)

    (ceremony / "other.r1cs").write_bytes(write_r1cs(build(other, name="other").r1cs))
    done = invoke("zkey", "verify", ceremony / "other.r1cs", ceremony / "p3.ptau", ceremony / "k2.zkey", "--json")
    assert (done.code, done.json["error"]) == (1, "key-not-verified")


def test_a_tampered_ceremony_is_invalid(ceremony: Ceremony) -> None:
    """A coordinate of alpha's first power is replaced by another power's point."""
    path = ceremony / "p2.ptau"
    data = bytearray(path.read_bytes())
    from zkmargin.circuits.formats import read_sections

    section = bytes(read_sections(bytes(data), b"ptau", what="ptau", max_version=1)[4])
    place = bytes(data).index(section)
    data[place + 64 : place + 128] = section[128:192]
    path.write_bytes(data)
    done = invoke("powersoftau", "verify", path, "--json")
    assert (done.code, done.json["error"]) == (1, "ceremony-invalid")


def test_nobodys_ceremony_is_invalid(ceremony: Ceremony) -> None:
    assert invoke("powersoftau", "verify", ceremony / "p0.ptau").code == 1


def test_a_wrong_witness_makes_no_proof(ceremony: Ceremony, tmp_path: Path) -> None:
    circuit = build(product, name="product")
    wrong = bytearray(circuit.witness({"n": 33, "p": 3, "q": 11}))
    wrong[64] += 1
    (ceremony / "w.wtns").write_bytes(write_wtns(bytes(wrong)))
    args = [ceremony / "k2.zkey", ceremony / "w.wtns", tmp_path / "p.json", tmp_path / "x.json"]
    done = invoke("groth16", "prove", *args, "--json")
    assert (done.code, done.json["error"]) == (1, "unsatisfied-witness")
    assert not (tmp_path / "p.json").exists()
    assert invoke("wtns", "check", ceremony / "c.r1cs", ceremony / "w.wtns").code == 1


def test_an_unsatisfied_constraint_says_the_names_of_the_sym_file(ceremony: Ceremony, tmp_path: Path) -> None:
    circuit = build(product, name="product")
    wrong, sym = tmp_path / "wrong.wtns", tmp_path / "c.sym"
    wrong.write_bytes(write_wtns(circuit.witness({"n": 33, "p": 3, "q": 11})[:-32] + (12).to_bytes(32, "little")))
    sym.write_text(write_sym(circuit.symbols))
    args = ("wtns", "check", ceremony / "c.r1cs")
    assert invoke(*args, ceremony / "w.wtns", "--sym", sym).code == 0
    done = invoke(*args, wrong, "--sym", sym)
    assert (done.code, done.stderr) == (
        1,
        "error: constraint 0 is not satisfied: (main.p) * (main.q) = main.n\n",
    )
    assert invoke(*args, wrong, "--sym", sym, "--reveal").stderr.endswith("main.p = 3, main.q = 12, main.n = 33\n")
    sym.write_text(sym.read_text().replace("1,1,0", "1,2,0"))
    done = invoke(*args, wrong, "--sym", sym, "--json")
    assert (done.code, done.json["error"], done.json["index"]) == (2, "format-error", 0)


@pytest.mark.parametrize("words", ["inspect", "r1cs info"])
def test_a_circuit_is_shown_with_the_names_of_its_sym_file(ceremony: Ceremony, tmp_path: Path, words: str) -> None:
    sym = tmp_path / "c.sym"
    sym.write_text(write_sym(build(product, name="product").symbols))
    done = invoke(*words.split(), ceremony / "c.r1cs", "--sym", sym, "--json")
    assert (done.json["public_signals"], done.json["constraints_in"]) == (["main.n"], {"main": 1})
    plain = invoke(*words.split(), ceremony / "c.r1cs", "--json").json
    assert plain == {name: value for name, value in done.json.items() if name in plain}
    assert "public_signals" not in plain


def test_only_a_circuit_has_a_sym_file(ceremony: Ceremony) -> None:
    done = invoke("inspect", ceremony / "vk.json", "--sym", ceremony / "c.sym", "--json")
    assert (done.code, done.json["error"]) == (2, "misuse")


def test_a_proof_for_another_number_is_invalid(ceremony: Ceremony) -> None:
    (ceremony / "public.json").write_text('["34"]')
    args = [ceremony / "vk.json", ceremony / "public.json", ceremony / "proof.json"]
    done = invoke("groth16", "verify", *args)
    assert done.code == 1
    assert done.stderr.startswith("error: invalid proof")


def test_a_circuit_too_large_for_the_powers(ceremony: Ceremony, tmp_path: Path) -> None:
    def chain(c: Circuit) -> None:
        value = c.private("x")
        for _ in range(20):
            value = value * value
        c.public("y")
        assert_product(value, value, c.public("z"))

    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        circuit = build(chain, name="chain")
    (ceremony / "large.r1cs").write_bytes(write_r1cs(circuit.r1cs))
    args = [ceremony / "large.r1cs", ceremony / "p3.ptau", tmp_path / "k.zkey"]
    done = invoke("groth16", "setup", *args, "--json")
    assert (done.code, done.json["error"]) == (2, "circuit-too-large")
    assert not (tmp_path / "k.zkey").exists()


@pytest.mark.parametrize(
    "words",
    [
        "powersoftau new bls12-381 3 OUT",
        "powersoftau new bn128 0 OUT",
        "powersoftau new bn128 28 OUT",
        "powersoftau new bn128 three OUT",
        "powersoftau beacon p1.ptau OUT xyz 10",
        "powersoftau beacon p1.ptau OUT 0102 9",
        "zkey beacon k1.zkey OUT 0102 64",
        "zkey contribute k1.zkey OUT --name=" + "x" * 300,
    ],
)
def test_impossible_arguments_are_misuse(finished: Ceremony, tmp_path: Path, words: str) -> None:
    out = tmp_path / "out"
    args = [
        str(out) if word == "OUT" else str(finished / word) if word.endswith(("ptau", "zkey")) and "." in word else word
        for word in words.split()
    ]
    done = invoke(*args)
    assert done.code == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert not out.exists()
