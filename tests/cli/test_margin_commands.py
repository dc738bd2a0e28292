"""The margin commands on real files: what each writes, says, and refuses to overwrite."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from zkmargin.algebra.engine import native_problem
from zkmargin.circuits.formats import read_r1cs, read_wtns
from zkmargin.circuits.margin import SMALL, compile_margin, key_commitment
from zkmargin.settlement.account_document import read_secret
from zkmargin.verifier import SettlementRequest

from .conftest import Done, MarginFiles, edited, invoke

pytestmark = pytest.mark.xdist_group("cli")
Run = Callable[..., Done]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_pseudonym_is_the_account_that_a_target_sees(shared: MarginFiles) -> None:
    public = json.loads((shared / "proof/public.json").read_text())
    done = invoke("key", "pseudonym", shared / "secret.json", "--target", public[0], "--json")
    assert (done.code, done.json) == (0, {"target": public[0], "account": public[3]})
    assert invoke("key", "pseudonym", shared / "secret.json", "--target", 10**77).code == 2


def test_key_new_writes_a_secret_for_its_owner_and_prints_the_commitment(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    done = invoke("key", "new", path, "--json")
    assert done.code == 0
    secret = read_secret(path.read_bytes())
    assert done.json["key_commitment"] == str(key_commitment(secret))
    assert str(secret) not in done.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = invoke("key", "new", path)
    assert again.code == 2
    assert "--force" in again.stderr
    assert read_secret(path.read_bytes()) == secret
    assert invoke("key", "new", path, "--force").code == 0
    assert read_secret(path.read_bytes()) != secret


def test_compile_writes_the_circuit_and_says_its_counts(shared: MarginFiles, tmp_path: Path) -> None:
    assert names(shared / "built") == ["small.r1cs", "small.sym", "small.zkw"]
    circuit = compile_margin(SMALL)
    assert read_r1cs((shared / "built/small.r1cs").read_bytes()).digest() == circuit.digest
    done = invoke("compile", "-o", tmp_path / "again", "--json")
    assert done.json["circuit_digest"] == circuit.digest.hex()
    assert done.json["constraints"] == circuit.r1cs.n_constraints
    for name in names(shared / "built"):
        assert (tmp_path / "again" / name).read_bytes() == (shared / "built" / name).read_bytes()
    assert invoke("compile", "-o", tmp_path / "again").code == 2


@pytest.mark.parametrize(("part", "suffix"), [("r1cs", ".r1cs"), ("program", ".zkw"), ("sym", ".sym")])
def test_export_of_a_shape_equals_compile(shared: MarginFiles, tmp_path: Path, part: str, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    assert invoke("export", part, "--shape", "small", out).code == 0
    assert out.read_bytes() == (shared / f"built/small{suffix}").read_bytes()


def test_prove_writes_a_proof_that_verify_takes(shared: MarginFiles) -> None:
    assert names(shared / "proof") == ["proof.json", "public.json", "settlement.json"]
    args = ["--key", shared / "verification_key.json", shared / "proof/proof.json", shared / "proof/public.json"]
    done = invoke("verify", *args, "--allow-development-key", "--json")
    assert done.code == 0
    assert done.json["valid"] is True
    assert done.json["circuit_digest"] == compile_margin(SMALL).digest.hex()
    assert any("development" in warning for warning in done.json["warnings"])
    refused = invoke("verify", *args, "--json")
    assert refused.code == 1
    assert refused.json["error"] == "key-rejected"
    assert "--allow-development-key" in refused.json["message"]


def test_a_proof_of_something_else_is_invalid(margin: MarginFiles) -> None:
    def other_credit(public: list[str]) -> None:
        public[5] = str(int(public[5]) + 1)

    edited(margin / "proof/public.json", other_credit)
    args = ["--key", margin / "verification_key.json", margin / "proof/proof.json", margin / "proof/public.json"]
    done = invoke("verify", *args, "--allow-development-key", "--json")
    assert done.code == 1
    assert done.json["error"] == "invalid-proof"


def test_the_settlement_carries_the_same_proof(shared: MarginFiles, tmp_path: Path) -> None:
    settlement = shared / "proof/settlement.json"
    request = SettlementRequest.from_json(settlement.read_bytes())
    assert request.proof.to_json() == json.loads((shared / "proof/proof.json").read_text())
    assert invoke("export", "proof", settlement, tmp_path / "p.json").code == 0
    assert invoke("export", "public", settlement, tmp_path / "x.json").code == 0
    assert (tmp_path / "p.json").read_bytes() == (shared / "proof/proof.json").read_bytes()
    assert (tmp_path / "x.json").read_bytes() == (shared / "proof/public.json").read_bytes()


def test_compiled_files_take_the_place_of_tracing(shared: MarginFiles, tmp_path: Path) -> None:
    """In a process of its own, in which tracing would fail."""
    args = ["prove", "--key", shared / "small.zkey", *shared.documents(), "--circuit", shared / "built"]
    script = (
        "import sys, zkmargin.cli.circuit_files as files\n"
        "from zkmargin.cli import main\n"
        "files.compile_margin = None\n"
        "main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", script, *map(str, args), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "out") == ["proof.json", "public.json", "settlement.json"]
    assert (tmp_path / "out/public.json").read_bytes() == (shared / "proof/public.json").read_bytes()


def test_compiled_files_of_another_circuit_are_refused(margin: MarginFiles, tmp_path: Path) -> None:
    program = bytearray((margin / "built/small.zkw").read_bytes())
    program[40:72] = bytes(32)
    program[-32:] = hashlib.blake2b(program[:-32], digest_size=32).digest()
    (margin / "built/small.zkw").write_bytes(program)
    args = ["--key", margin / "small.zkey", *margin.documents(), "--circuit", margin / "built", "-o", tmp_path / "out"]
    done = invoke("prove", *args, "--json")
    assert done.code == 2
    assert done.json["error"] == "circuit-key-mismatch"
    assert not (tmp_path / "out").exists()


def test_a_witness_of_a_program_of_other_constraints_is_refused(margin: MarginFiles, tmp_path: Path) -> None:
    out = tmp_path / "w.wtns"
    args = [*margin.documents(), "--circuit", margin / "built", "-o", out, "--json"]
    assert invoke("witness", *args).code == 0
    out.unlink()
    program = bytearray((margin / "built/small.zkw").read_bytes())
    program[40] ^= 1
    program[-32:] = hashlib.blake2b(program[:-32], digest_size=32).digest()
    (margin / "built/small.zkw").write_bytes(program)
    done = invoke("witness", *args)
    assert done.code == 2
    assert done.json["error"] == "foreign-program"
    assert not out.exists()


def test_witness_is_private_and_satisfies_the_circuit(shared: MarginFiles, tmp_path: Path) -> None:
    out = tmp_path / "w.wtns"
    done = invoke("witness", *shared.documents(), "-o", out, "--public", tmp_path / "public.json", "--json")
    assert done.code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert (tmp_path / "public.json").read_bytes() == (shared / "proof/public.json").read_bytes()
    circuit = compile_margin(SMALL)
    witness = read_wtns(out.read_bytes())
    circuit.check(witness)
    assert invoke("wtns", "check", shared / "built/small.r1cs", out).code == 0


def test_setup_needs_a_choice(shared: MarginFiles, tmp_path: Path) -> None:
    for extra in ([], ["--insecure", "--ptau", tmp_path / "absent"]):
        done = invoke("setup", shared / "built/small.r1cs", "-o", tmp_path / "k.zkey", *extra)
        assert done.code == 2
        assert "--ptau" in done.stderr
        assert "--insecure" in done.stderr
    assert names(tmp_path) == []


def test_setup_insecure_warns_and_marks_both_files(shared: MarginFiles, tmp_path: Path) -> None:
    key, vk = tmp_path / "k.zkey", tmp_path / "vk.json"
    done = invoke("setup", shared / "built/small.r1cs", "-o", key, "--vk", vk, "--insecure")
    assert done.code == 0
    assert "warning: this key was made by one party" in done.stderr
    assert json.loads(vk.read_text())["zkmargin"]["development"] is True
    exported = tmp_path / "exported.json"
    assert invoke("export", "verificationkey", key, exported).code == 0
    assert exported.read_bytes() == vk.read_bytes()
    # A proof under the new key is not valid under the shared one.
    out = tmp_path / "proof"
    assert invoke("prove", "--key", key, *shared.documents(), "-o", out).code == 0
    for verification_key, code in ((vk, 0), (shared / "verification_key.json", 1)):
        args = ["--key", verification_key, out / "proof.json", out / "public.json", "--allow-development-key"]
        assert invoke("verify", *args).code == code


@pytest.mark.parametrize("present", ["proof.json", "public.json", "settlement.json"])
def test_prove_overwrites_nothing(shared: MarginFiles, tmp_path: Path, present: str) -> None:
    (tmp_path / present).write_text("mine")
    done = invoke("prove", "--key", shared / "small.zkey", *shared.documents(), "-o", tmp_path)
    assert done.code == 2
    assert names(tmp_path) == [present]
    assert (tmp_path / present).read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_one_may_not_write_to_is_noticed_first(shared: MarginFiles, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = invoke("prove", "--key", shared / "small.zkey", *shared.documents(), "-o", tmp_path / "out")
    tmp_path.chmod(0o700)
    assert done.code == 2


def test_the_installed_program_runs(shared: MarginFiles) -> None:
    """The console script itself, in a process of its own."""
    program = Path(sys.executable).with_name("zkmargin")
    args = ["--key", shared / "verification_key.json", shared / "proof/proof.json", shared / "proof/public.json"]
    command = [program, "verify", *args, "--allow-development-key"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("valid: ")


def test_doctor_says_what_is_here() -> None:
    done = invoke("doctor", "--json")
    assert done.code == 0
    assert done.json["engine"] in ("native", "reference")
    assert done.json["parts"]["numpy"]
    assert "engine in use" in invoke("doctor").stdout
    if done.json["native"]:
        assert done.json["kernel"] == done.json["kernels"][0]
        assert f"kernel          {done.json['kernel']}" in invoke("doctor").stdout


def test_doctor_warns_of_a_kernel_that_is_not_here() -> None:
    if native_problem() is not None:
        pytest.skip("kernels are the native engine's")
    script = "from zkmargin.cli import main; main(['doctor'])"
    environment = {**os.environ, "ZKMARGIN_KERNEL": "abacus"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.startswith('warning: $ZKMARGIN_KERNEL is "abacus"')


def test_doctor_warns_of_the_slow_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKMARGIN_ENGINE", "reference")
    done = invoke("doctor")
    assert done.code == 0
    assert done.stderr.startswith("warning: the slow reference engine is in use")
    assert done.stderr.count("\n") == 1


def test_an_unknown_engine_is_misuse(monkeypatch: pytest.MonkeyPatch, shared: MarginFiles) -> None:
    monkeypatch.setenv("ZKMARGIN_ENGINE", "abacus")
    args = ["--key", shared / "verification_key.json", shared / "proof/proof.json", shared / "proof/public.json"]
    done = invoke("verify", *args, "--json", "--allow-development-key")
    assert done.code == 2
    assert done.json["error"] == "engine-unavailable"
