"""`zkmargin proving-key`: import, prove with what came of it, check, inspect; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zkmargin.algebra.engine import native_problem
from zkmargin.circuits import Circuit, assert_product, build
from zkmargin.circuits.formats import write_r1cs, write_wtns

from .conftest import invoke

pytestmark = [
    pytest.mark.xdist_group("cli"),
    pytest.mark.skipif(native_problem() is not None, reason="native keys are the native engine's"),
]


def product(c: Circuit) -> None:
    """I know two factors of a public number."""
    n = c.public("n")
    assert_product(c.private("p"), c.private("q"), n)


def cube(c: Circuit) -> None:
    """I know the cube root of a public number."""
    n, root = c.public("n"), c.private("root")
    assert_product(root * root, root, n)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    circuit = build(product, name="product")
    (tmp_path / "c.r1cs").write_bytes(write_r1cs(circuit.r1cs))
    (tmp_path / "w.wtns").write_bytes(write_wtns(circuit.witness({"n": 33, "p": 3, "q": 11})))
    run("setup", tmp_path / "c.r1cs", "--insecure", "-o", tmp_path / "k.zkey", "--vk", tmp_path / "vk.json")
    return tmp_path


def run(*args: object, code: int = 0) -> dict[str, object]:
    done = invoke(*args, "--json")
    assert done.code == code, done.stderr
    return done.json


@pytest.mark.parametrize("options", [(), ("--memory", "0"), ("--memory", "1M"), ("--circuit", "c.r1cs")])
def test_an_imported_key_proves(files: Path, options: tuple[str, ...]) -> None:
    key = files / "k.zkmkey"
    told = run("proving-key", "import", files / "k.zkey", "-o", key, *(files / o if "." in o else o for o in options))
    assert told["bytes"] == key.stat().st_size
    assert told["folded"] is ("--circuit" in options)
    run("groth16", "prove", key, files / "w.wtns", files / "proof.json", files / "public.json")
    run("verify", "--key", files / "vk.json", files / "proof.json", files / "public.json", "--allow-development-key")
    assert run("proving-key", "check", key)["whole"] is True
    facts = run("inspect", key)
    assert (facts["kind"], facts["public_inputs"], facts["development"]) == (".zkmkey", 1, True)
    assert facts["folded"] is ("--circuit" in options)


def test_a_damaged_key_is_found_and_proves_nothing(files: Path) -> None:
    key, damaged = files / "k.zkmkey", files / "damaged.zkmkey"
    run("proving-key", "import", files / "k.zkey", "-o", key, "--memory", "0")
    data = bytearray(key.read_bytes())
    data[-5] ^= 4
    damaged.write_bytes(data)
    assert run("proving-key", "check", damaged, code=2)["error"] == "encoding-error"
    run("groth16", "prove", damaged, files / "w.wtns", files / "proof.json", files / "public.json", code=1)
    assert not (files / "proof.json").exists()
    damaged.write_bytes(data[:100])
    for words in (("proving-key", "check", damaged), ("inspect", damaged)):
        assert run(*words, code=2)["error"] == "encoding-error"


def test_nothing_is_overwritten_and_other_circuits_are_refused(files: Path) -> None:
    key = files / "k.zkmkey"
    run("proving-key", "import", files / "k.zkey", "-o", key)
    run("proving-key", "import", files / "k.zkey", "-o", key, code=2)
    run("proving-key", "import", files / "k.zkey", "-o", key, "--force")
    other = build(cube, name="other")
    (files / "o.r1cs").write_bytes(write_r1cs(other.r1cs))
    words = ("proving-key", "import", files / "k.zkey", "-o", files / "o.zkmkey")
    told = run(*words, "--circuit", files / "o.r1cs", code=2)
    assert told["error"] in ("key-mismatch", "encoding-error")
    assert run(*words, "--memory", "some", code=2)
    assert not (files / "o.zkmkey").exists()


@pytest.mark.parametrize("room", [(), ("zkey",)])
def test_a_native_key_gives_the_verifying_key_of_its_zkey(files: Path, room: tuple[str, ...]) -> None:
    key, out = files / "k.zkmkey", files / "out.json"
    run("proving-key", "import", files / "k.zkey", "-o", key, "--circuit", files / "c.r1cs")
    told = run(*room, "export", "verificationkey", key, out)
    assert out.read_bytes() == (files / "vk.json").read_bytes()
    assert told["development"] is True
    assert run(*room, "export", "verificationkey", key, out, code=2)["error"] == "output-exists"
    key.chmod(0o600)
    key.write_bytes(key.read_bytes()[:-1])
    assert run(*room, "export", "verificationkey", key, files / "other.json", code=2)["error"] == "encoding-error"
    assert not (files / "other.json").exists()


def test_a_ceremony_goes_on_with_the_zkey_and_not_with_a_native_key(files: Path) -> None:
    key, out = files / "k.zkmkey", files / "out"
    run("proving-key", "import", files / "k.zkey", "-o", key, "--memory", "0")
    run("powersoftau", "new", "bn128", "3", files / "p.ptau")
    for words in (
        ("contribute", key, out),
        ("beacon", key, out, "0102", "10"),
        ("verify", files / "c.r1cs", files / "p.ptau", key),
        ("export", "verificationkey", key, out, "--circuit", files / "c.r1cs", "--ptau", files / "p.ptau"),
    ):
        told = run("zkey", *words, code=2)
        assert told["error"] == "misuse"
        assert "the .zkey it was imported from" in str(told["message"])
    assert not out.exists()


def test_the_error_is_one_line_for_people_too(files: Path) -> None:
    done = invoke("proving-key", "check", files / "c.r1cs")
    assert (done.code, done.stderr.count("\n")) == (2, 1)
    assert json.loads(json.dumps(done.stderr)).startswith("error: native key: ")


def test_what_cannot_be_imported_is_said_before_the_key_is_checked(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, other = files / "k.zkmkey", files / "o.zkmkey"
    run("proving-key", "import", files / "k.zkey", "-o", key, "--memory", "0")
    told = run("proving-key", "import", key, "-o", other, code=2)
    assert "a native key already" in str(told["message"])
    monkeypatch.setattr("zkmargin.prover.read_zkey", lambda *_, **__: pytest.fail("the key was read"))
    monkeypatch.setenv("ZKMARGIN_ENGINE", "reference")
    assert run("proving-key", "import", files / "k.zkey", "-o", other, code=2)["error"] == "engine-unavailable"
    assert not other.exists()


def test_a_new_folder_and_a_bad_amount_in_the_environment(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = files / "new" / "folder" / "k.zkmkey"
    run("proving-key", "import", files / "k.zkey", "-o", key, "--memory", "0")
    assert key.exists()
    monkeypatch.setenv("ZKMARGIN_PROVER_MEMORY", "lots")
    told = run("proving-key", "import", files / "k.zkey", "-o", files / "o.zkmkey", code=2)
    assert "ZKMARGIN_PROVER_MEMORY" in str(told["message"])
    run("groth16", "prove", key, files / "w.wtns", files / "proof.json", files / "public.json")
