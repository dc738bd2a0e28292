"""What a command that proves or verifies brings into its process: a proof takes less time than some imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zkmargin.algebra import get_engine
from zkmargin.circuits.formats import write_wtns
from zkmargin.prover import insecure_setup, read_zkey, write_native_key, write_zkey

from ..prover.conftest import cubic
from .conftest import MarginFiles

HEAVY = {
    "asyncio",
    "concurrent",
    "cryptography",
    "galois",
    "http",
    "logging",
    "multiprocessing",
    "numpy",
    "py_ecc",
    "sqlite3",
    "unittest",
    "zkmargin.circuits.builder",
    "zkmargin.circuits.gadgets",
    "zkmargin.circuits.r1cs",
    "zkmargin.settlement",
    "zkmargin.verifier.ledger",
}
NOT_FOR_FILES = {
    "_hashlib",
    "random",
    "secrets",
    "shutil",
    "tempfile",
    "zkmargin.prover.ceremony",
    "zkmargin.prover.proving_key",
    "zkmargin.prover.randomness",
}
"""What else a proof from a key and a witness, or its check, does without: OpenSSL alone takes long to load."""

pytestmark = pytest.mark.skipif(get_engine().name != "native", reason="the reference engine needs numpy and py_ecc")


def loaded_by(*arguments: str, heavy: set[str] = HEAVY | NOT_FOR_FILES) -> set[str]:
    """The heavy modules in a process that has run this command, which must succeed."""
    script = (
        "import sys\nfrom zkmargin.cli import main\n"
        f"try: main({list(arguments)!r})\nexcept SystemExit as end: code = end.code\n"
        f"print(code, *sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=os.environ)
    code, *found = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stderr
    return set(found)


@pytest.mark.parametrize(("arguments", "frozen"), [("", "True"), ("['--version']", "False")])
def test_at_the_end_nothing_is_searched_for_garbage_but_in_a_process_of_others(arguments: str, frozen: str) -> None:
    script = (
        "import atexit, gc\nfrom zkmargin.cli import main\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 0))\n"  # the last to be registered is called first
        f"try: main({arguments})\nexcept SystemExit: pass\n"
        "atexit.register(lambda: print(gc.get_freeze_count()))"
    )
    command = [sys.executable, "-c", script, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.splitlines()[1:] == ["0", frozen]


def test_proving_and_verifying_import_nothing_heavy(tmp_path: Path) -> None:
    example = cubic()
    key = insecure_setup(example.r1cs)
    files = {name: str(tmp_path / name) for name in ("k.zkey", "k.native", "w.wtns", "proof.json", "public.json", "vk")}
    Path(files["k.zkey"]).write_bytes(write_zkey(key))
    Path(files["vk"]).write_text(json.dumps(key.verifying_key().to_json()))
    Path(files["w.wtns"]).write_bytes(write_wtns(example.witness))
    write_native_key(key, files["k.native"])
    words = (files["k.native"], files["w.wtns"], files["proof.json"], files["public.json"])
    assert not loaded_by("groth16", "prove", *words, heavy=HEAVY | NOT_FOR_FILES | {"zkmargin.verifier.keys"})
    assert not loaded_by(
        "verify", "--key", files["vk"], "--allow-development-key", files["proof.json"], files["public.json"]
    )
    assert not loaded_by(
        "groth16", "verify", "--allow-development-key", files["vk"], files["public.json"], files["proof.json"]
    )


@pytest.mark.xdist_group("cli")
def test_a_margin_proof_with_a_compiled_circuit_imports_no_numpy_and_no_language(
    shared: MarginFiles, tmp_path: Path
) -> None:
    write_native_key(read_zkey((shared / "small.zkey").read_bytes()), tmp_path / "k.native", memory=0)
    words = ["--key", tmp_path / "k.native", *shared.documents(), "--circuit", shared / "built", "-o", tmp_path / "out"]
    assert loaded_by("prove", *map(str, words), heavy=HEAVY) == {"zkmargin.settlement"}
