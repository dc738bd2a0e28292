"""Every file each command reads, truncated, foreign, huge or hostile: exit code 2, one line, nothing written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zkmargin.cli.files import SIZE_LIMITS

from .conftest import MarginFiles, edited, invoke

pytestmark = pytest.mark.xdist_group("cli")

COMMANDS = {
    "setup": "setup {built/small.r1cs} --insecure -o OUT --vk OUT2",
    "setup-ptau": "setup {built/small.r1cs} --ptau {p.ptau} -o OUT",
    "prove": (
        "prove --key {small.zkey} --account {account.json} --secret {secret.json} --risk "
        "{risk.json} --request {request.json} --circuit {built} -o OUT"
    ),
    "witness": (
        "witness --account {account.json} --secret {secret.json} --risk {risk.json} --request {request.json} -o OUT"
    ),
    "verify": ("verify --key {verification_key.json} {proof/proof.json} {proof/public.json} --allow-development-key"),
    "verify-settlement": "verify --key {verification_key.json} {settlement.json} --allow-development-key",
    "verify-call": "verify --key {verification_key.json} {call.txt} --allow-development-key",
    "verify-compressed": (
        "verify --key {verification_key.json} {proof.bin} {proof/public.json} --allow-development-key"
    ),
    "groth16-setup": "groth16 setup {built/small.r1cs} {p.ptau} OUT",
    "groth16-prove": "groth16 prove {small.zkey} {w.wtns} OUT OUT2",
    "groth16-verify": (
        "groth16 verify {verification_key.json} {proof/public.json} {proof/proof.json} --allow-development-key"
    ),
    "zkey-contribute": "zkey contribute {small.zkey} OUT",
    "zkey-beacon": "zkey beacon {small.zkey} OUT 0102 10",
    "zkey-verify": "zkey verify {built/small.r1cs} {p.ptau} {small.zkey}",
    "zkey-export": "zkey export verificationkey {small.zkey} OUT",
    "export-vk": "export verificationkey {small.zkey} OUT",
    "export-proof": "export proof {settlement.json} OUT",
    "export-proof-again": "export proof {proof.bin} OUT --as call --public {proof/public.json}",
    "zkey-export-call": "zkey export soliditycalldata {proof/public.json} {proof/proof.json}",
    "export-public": "export public {settlement.json} OUT",
    "r1cs-info": "r1cs info {built/small.r1cs}",
    "wtns-check": "wtns check {built/small.r1cs} {w.wtns}",
    "ptau-contribute": "powersoftau contribute {p.ptau} OUT",
    "ptau-beacon": "powersoftau beacon {p.ptau} OUT 0102 10",
    "ptau-prepare": "powersoftau prepare phase2 {p.ptau} OUT",
    "ptau-verify": "powersoftau verify {p.ptau}",
    "ledger-init": "ledger init OUT --config {ledger-config.json} --key {verification_key.json}",
    "ledger-attest": "ledger attest {ledger} {attestation.json}",
    "ledger-accept": "ledger accept {ledger} {settlement.json}",
    "inspect-zkey": "inspect {small.zkey}",
    "inspect-r1cs": "inspect {built/small.r1cs}",
    "inspect-program": "inspect {built/small.zkw}",
    "inspect-sym": "inspect {built/small.sym}",
    "inspect-wtns": "inspect {w.wtns}",
    "inspect-ptau": "inspect {p.ptau}",
    "inspect-account": "inspect {account.json}",
    "inspect-secret": "inspect {secret.json}",
    "inspect-risk": "inspect {risk.json}",
    "inspect-request": "inspect {request.json}",
    "inspect-settlement": "inspect {settlement.json}",
    "inspect-call": "inspect {call.txt}",
    "inspect-vk": "inspect {verification_key.json}",
    "inspect-profile": "inspect {profile.json}",
    "profile": "profile {built/small.r1cs} --sym {built/small.sym}",
    "profile-saved": "profile {profile.json}",
    "profile-diff": "profile diff {profile.json} small",
}
"""Each command on honest files, in braces."""


def input_names(command: str) -> list[str]:
    return [word[1:-1] for word in COMMANDS[command].split() if word.startswith("{")]


@pytest.fixture(scope="module")
def folder(shared: MarginFiles, tmp_path_factory: pytest.TempPathFactory) -> MarginFiles:
    """The shared files, and what else the commands read; linked, and restored by `spoiled` after each test."""
    root = tmp_path_factory.mktemp("bad") / "files"
    root.mkdir()
    for path in shared.root.iterdir():
        (root / path.name).symlink_to(path)
    for name in ("built", "proof"):
        (root / name).unlink()
        (root / name).mkdir()
        for path in (shared / name).iterdir():
            (root / name / path.name).symlink_to(path)
    assert invoke("powersoftau", "new", "bn128", 2, root / "p0.ptau").code == 0
    assert invoke("powersoftau", "contribute", root / "p0.ptau", root / "p.ptau").code == 0
    assert invoke("witness", *shared.documents(), "-o", root / "w.wtns").code == 0
    assert invoke("profile", "small", "--save", root / "profile.json").code == 0
    assert invoke("export", "proof", root / "settlement.json", root / "call.txt", "--as", "call").code == 0
    assert invoke("export", "proof", root / "settlement.json", root / "proof.bin", "--as", "compressed").code == 0
    config = ["--config", shared / "ledger-config.json", "--key", shared / "verification_key.json"]
    assert invoke("ledger", "init", root / "ledger", *config).code == 0
    return MarginFiles(root)


Spoil = Callable[[Path], None]


def truncated(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def one_byte_short(path: Path) -> None:
    path.write_bytes(path.read_bytes().rstrip()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign_json(path: Path) -> None:
    path.write_text('{"name": "left-pad", "version": "1.0.0"}')


def foreign_binary(path: Path) -> None:
    path.write_bytes(b"\x7fELF" + bytes(range(256)) * 8)


def right_magic_then_noise(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4] + b"\x01\0\0\0" + b"\xff" * 4096)


def deep(path: Path) -> None:
    path.write_text("[" * 200_000)


def huge_number(path: Path) -> None:
    path.write_text('{"pi_a": ' + "9" * 10_000 + "}")


def not_text(path: Path) -> None:
    path.write_bytes(b'{"format": "\xff\xfe"}')


def null(path: Path) -> None:
    path.write_text("null")


def huge(path: Path) -> None:
    path.unlink()
    with path.open("wb") as file:
        file.truncate(max(SIZE_LIMITS.values()) + 1)


def absent(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOILS: list[Spoil] = [
    truncated,
    one_byte_short,
    empty,
    foreign_json,
    foreign_binary,
    right_magic_then_noise,
    deep,
    huge_number,
    not_text,
    null,
    huge,
    absent,
    a_folder,
    a_fifo,
]
SYM_TOLERATES = {one_byte_short, truncated}
"""A .sym file is lines of text without a count: cut at a line's end it is a shorter one."""


def tampered_inputs() -> list[Any]:
    """Every command with each of the files it reads, spoiled in each way; its folders are not files."""
    return [
        pytest.param(command, name, spoil, id=f"{command}:{name}-{spoil.__name__}")
        for command in COMMANDS
        for name in input_names(command)
        for spoil in SPOILS
        if "." in name and not (name.endswith(".sym") and spoil in SYM_TOLERATES)
    ]


def arguments(template: str, folder: MarginFiles, spoiled: dict[str, Path], out: Path) -> list[str]:
    words = []
    for word in template.split():
        if word.startswith("{"):
            name = word[1:-1]
            words.append(str(spoiled.get(name, folder / name)))
        else:
            words.append(str(out / word.lower()) if word in ("OUT", "OUT2") else word)
    return words


@pytest.mark.parametrize(("command", "name", "spoil"), tampered_inputs())
def test_a_bad_file_is_one_line_and_nothing_is_written(
    folder: MarginFiles, tmp_path: Path, command: str, name: str, spoil: Spoil
) -> None:
    bad = tmp_path / Path(name).name
    data = (folder / name).read_bytes()
    # The head of a large file is as good for this as the whole, and much faster to copy.
    bad.write_bytes(data if len(data) < 1 << 20 or spoil is one_byte_short else data[: 1 << 20])
    spoil(bad)
    out = tmp_path / "out"
    out.mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    done = invoke(*arguments(COMMANDS[command], folder, {name: bad}, out))
    assert done.code == 2, (done.stdout, done.stderr)
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert len(errors) == 1
    assert errors[0].startswith("error: ")
    assert "internal error" not in errors[0]
    assert list(out.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_the_error_is_an_object_with_json(folder: MarginFiles, tmp_path: Path, command: str) -> None:
    name = next(name for name in input_names(command) if "." in name)
    bad = tmp_path / "bad"
    bad.write_bytes(b"\0")
    done = invoke(*arguments(COMMANDS[command], folder, {name: bad}, tmp_path / "none"), "--json")
    assert done.code == 2
    assert done.json["exit_code"] == 2
    assert done.json["error"]
    assert not (tmp_path / "none").exists()


def hostile_documents() -> list[Any]:
    """One wrong value in each JSON document that a claim is made of."""

    def at(*path: str | int) -> Callable[[Any, Any], None]:
        def put(document: Any, value: Any) -> None:
            for step in path[:-1]:
                document = document[step]
            document[path[-1]] = value

        return put

    places = [
        ("account.json", at("openings")),
        ("account.json", at("openings", 0, "salt")),
        ("account.json", at("openings", 0, "siblings")),
        ("account.json", at("openings", 0, "siblings", 3)),
        ("account.json", at("openings", 0, "balances")),
        ("account.json", at("openings", 0, "balances", "BTC")),
        ("account.json", at("openings", 0, "positions", "BTC-PERP")),
        ("account.json", at("openings", 0, "reservations")),
        ("account.json", at("openings", 0, "index")),
        ("account.json", at("openings", 0, "sequence")),
        ("account.json", at("openings", 0, "unknown")),
        ("secret.json", at("secret")),
        ("secret.json", at("key_commitment")),
        ("secret.json", at("format")),
        ("risk.json", at("shape")),
        ("risk.json", at("confidence")),
        ("risk.json", at("assets")),
        ("risk.json", at("assets", 0, "price_low")),
        ("risk.json", at("assets", 0, "tiers", 0, "haircut")),
        ("risk.json", at("assets", 0, "name")),
        ("risk.json", at("underlyings", 0, "value_unit")),
        ("risk.json", at("oracle_time_ms")),
        ("request.json", at("credit")),
        ("request.json", at("source_chain_ids")),
        ("request.json", at("beneficiary")),
        ("request.json", at("expiry_ms")),
        ("request.json", at("quote")),
    ]
    values = {
        "object": {"a": 1},
        "list": [[]],
        "true": True,
        "negative": -1,
        "huge": 1 << 300,
        "text": "1e9 USD",
        "control": "\x1b[31m\u202e",
        "surrogate": "\ud800",
        "long": "9" * 390,
    }
    return [
        pytest.param(name, put, value, id=f"{name}-{place}-{kind}")
        for place, (name, put) in enumerate(places)
        for kind, value in values.items()
    ]


@pytest.mark.parametrize(("name", "put", "value"), hostile_documents())
def test_a_hostile_value_is_one_line(
    folder: MarginFiles, tmp_path: Path, name: str, put: Callable[[Any, Any], None], value: Any
) -> None:
    bad = tmp_path / name
    bad.write_bytes((folder / name).read_bytes())
    edited(bad, lambda document: put(document, value))
    out = tmp_path / "out"
    done = invoke(*arguments(COMMANDS["witness"], folder, {name: bad}, out))
    assert done.code == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.isascii() or done.stderr[:-1].isprintable()
    assert "internal error" not in done.stderr
    assert not out.exists()


def test_a_document_of_another_kind_is_refused_by_its_format(folder: MarginFiles, tmp_path: Path) -> None:
    args = arguments(COMMANDS["witness"], folder, {"risk.json": folder / "request.json"}, tmp_path)
    done = invoke(*args, "--json")
    assert (done.code, done.json["error"], done.json["field"]) == (2, "document-error", "format")


def test_a_valid_file_for_another_purpose_is_refused(folder: MarginFiles, tmp_path: Path) -> None:
    """A .zkey where an .r1cs belongs, a proof where a key belongs."""
    assert invoke("r1cs", "info", folder / "small.zkey").code == 2
    proof = folder / "proof/proof.json"
    assert invoke("verify", "--key", proof, proof, folder / "proof/public.json").code == 2


def test_a_witness_of_another_circuit_is_refused(folder: MarginFiles, tmp_path: Path) -> None:
    from zkmargin.circuits.formats import write_wtns

    (tmp_path / "w.wtns").write_bytes(write_wtns((1).to_bytes(32, "little") * 5))
    args = [folder / "small.zkey", tmp_path / "w.wtns", tmp_path / "p", tmp_path / "x"]
    done = invoke("groth16", "prove", *args, "--json")
    assert (done.code, done.json["error"]) == (2, "witness-mismatch")


@pytest.mark.parametrize("count", [0, 6, 8, 1000])
def test_another_number_of_public_inputs_is_malformed(folder: MarginFiles, tmp_path: Path, count: int) -> None:
    (tmp_path / "public.json").write_text(json.dumps(["1"] * count))
    args = ["--key", folder / "verification_key.json", folder / "proof/proof.json", tmp_path / "public.json"]
    done = invoke("verify", *args, "--allow-development-key", "--json")
    assert (done.code, done.json["error"]) == (2, "public-input-count")
