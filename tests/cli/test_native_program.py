"""`zkmargin-prove`: the same proofs, files and refusals as `zkmargin groth16 prove`, word by word, without Python."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from zkmargin.algebra import BN254
from zkmargin.circuits import FormatError
from zkmargin.circuits.formats import read_wtns, write_sections, write_wtns
from zkmargin.cli.doctor import PROGRAM, program_path
from zkmargin.cli.files import SIZE_LIMITS, json_bytes
from zkmargin.prover import UnsatisfiedWitness, insecure_setup, write_native_key, write_zkey
from zkmargin.verifier import Proof

from ..prover.conftest import cubic, powers_chain
from .conftest import Done, invoke

pytestmark = [
    pytest.mark.xdist_group("cli"),
    pytest.mark.skipif(
        program_path() is None and os.environ.get("ZKMARGIN_REQUIRE_NATIVE") != "1",
        reason="zkmargin-prove is not installed here (no Rust toolchain); CI sets ZKMARGIN_REQUIRE_NATIVE=1",
    ),
]
OUTPUTS = ("proof.json", "public.json")
TIMEOUT_S = 120


def prove(*args: object, **variables: str) -> Done:
    command = [program_path() or PROGRAM, *map(str, args)]
    environment = os.environ | variables
    done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False, env=environment)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@dataclass(frozen=True)
class Files:
    """A key in both forms, a witness, and two places for outputs."""

    root: Path

    def __truediv__(self, name: str) -> Path:
        return self.root / name

    def words(self, **replaced: Path) -> list[Path]:
        names = {"key": "k.zkmkey", "witness": "w.wtns", "proof": OUTPUTS[0], "public": OUTPUTS[1]}
        return [replaced.get(word, self / name) for word, name in names.items()]

    def outputs(self) -> list[str]:
        return [name for name in OUTPUTS if (self / name).exists()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("native")
    key = insecure_setup(cubic().r1cs)
    write_native_key(key, root / "k.zkmkey")
    (root / "k.zkey").write_bytes(write_zkey(key))
    (root / "vk.json").write_bytes(json_bytes(key.verifying_key().to_json()))
    (root / "w.wtns").write_bytes(write_wtns(cubic().witness))
    return root


@pytest.fixture
def files(made: Path, tmp_path: Path) -> Files:
    for path in made.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return Files(tmp_path)


def assert_refused_alike(files: Files, *words: object, code: int = 2) -> str:
    """Both programs say the same and write nothing."""
    before = sorted(path.name for path in files.root.iterdir())
    done, expected = prove(*words), invoke("groth16", "prove", *words)
    assert (done.code, done.stdout) == (expected.code, expected.stdout) == (code, "")
    assert done.stderr == expected.stderr.replace("'main groth16 prove ", f"'{PROGRAM} ")
    assert sorted(path.name for path in files.root.iterdir()) == before
    return done.stderr


@pytest.mark.parametrize("options", [[], ["--private"], ["--threads", "1"], ["--threads=3"]])
@pytest.mark.parametrize("kernel", ["portable", "adx", "ifma"])
def test_its_proofs_verify_and_its_files_are_the_same(files: Files, options: list[str], kernel: str) -> None:
    done = prove(*files.words(), *options, ZKMARGIN_KERNEL=kernel)
    assert (done.code, done.stderr) == (0, "")
    verified = invoke("groth16", "verify", files / "vk.json", *reversed(files.words()[2:]), "--allow-development-key")
    assert verified.code == 0, verified.stderr
    written = {name: (files / name).read_bytes() for name in OUTPUTS}
    assert written["proof.json"] == json_bytes(Proof.from_json(written["proof.json"]).to_json())
    modes = {(files / name).stat().st_mode for name in OUTPUTS}
    again = invoke("groth16", "prove", *files.words(), "--force")
    assert (again.stdout, written["public.json"]) == (done.stdout, (files / "public.json").read_bytes())
    assert modes == {(files / name).stat().st_mode for name in OUTPUTS}


def test_every_proof_is_another(files: Files) -> None:
    proofs = set()
    for _ in range(3):
        assert prove(*files.words(), "--force").code == 0
        proofs.add((files / "proof.json").read_bytes())
    assert len(proofs) == 3


def test_it_is_of_this_version_and_without_python() -> None:
    program = program_path()
    assert program is not None
    assert prove("--version").stdout == invoke("--version").stdout.replace("zkmargin", PROGRAM)
    code = Path(program).read_bytes()
    assert b"Py_" not in code
    assert b"PyObject" not in code


def test_help_names_every_option() -> None:
    done = prove("--help")
    assert (done.code, done.stderr) == (0, "")
    assert done == prove("-h")
    assert all(word in done.stdout for word in ("KEY", "WITNESS.wtns", "--force", "--threads", "--private"))


# What is refused.


def test_a_witness_that_breaks_a_constraint_makes_no_proof(files: Files) -> None:
    (files / "w.wtns").write_bytes(write_wtns(cubic().with_wire(3, 10)))
    assert "does not satisfy" in assert_refused_alike(files, *files.words(), code=1)


def test_a_witness_of_another_circuit_is_refused(files: Files) -> None:
    (files / "w.wtns").write_bytes(write_wtns(powers_chain(5).witness))
    assert "use the key of the same circuit" in assert_refused_alike(files, *files.words())


def test_a_zkey_is_refused_with_the_way_to_import_it(files: Files) -> None:
    done = prove(*files.words(key=files / "k.zkey"))
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {files / 'k.zkey'}: is not a native key; make one of a .zkey with 'zkmargin proving-key import'\n"
    )
    assert files.outputs() == []


def hostile_witnesses() -> Iterator[tuple[str, bytes]]:
    honest = write_wtns(cubic().witness)
    header, values = honest[24:64], honest[76:]
    for end in (*range(0, 80, 3), len(honest) - 32, len(honest) - 1):
        yield f"cut at {end}", honest[:end]
    for place in range(108):
        for change in (0x01, 0x80):
            data = bytearray(honest)
            data[place] ^= change
            yield f"byte {place} changed by {change:#x}", bytes(data)
    yield "surplus", honest + b"\0"
    for name, sections in {
        "no header": [(2, values)],
        "no values": [(1, header)],
        "a section twice": [(1, header), (2, values), (1, header)],
        "none": [],
        "a long header": [(1, header + b"\0"), (2, values)],
        "other sections too": [(7, b"else"), (2, values), (1, header)],
        "one value more": [(1, header), (2, values + bytes(32))],
        "many sections": [(number, b"") for number in range(3, 1028)],
        "nothing": [(1, header[:-4] + bytes(4)), (2, b"")],
    }.items():
        yield name, write_sections(b"wtns", 2, sections)
    for index in range(5):
        for number in (BN254.r, 2**256 - 1, BN254.r - 1):
            changed = values[: 32 * index] + number.to_bytes(32, "little") + values[32 * index + 32 :]
            yield f"value {index} is {number:#x}", write_sections(b"wtns", 2, [(1, header), (2, changed)])


def verdict(data: bytes) -> str:
    """What the reader in Python says of a witness file."""
    try:
        witness = read_wtns(data)
    except FormatError as problem:
        return f"error: {problem}\n"
    return "" if witness == cubic().witness else f"error: {UnsatisfiedWitness(THIS_KEY)}\n"


THIS_KEY = "the witness does not satisfy the circuit of this key"


def test_both_readers_say_the_same_of_every_witness_file(files: Files) -> None:
    verdicts = set()
    for name, data in hostile_witnesses():
        if not data:
            continue
        (files / "w.wtns").write_bytes(data)
        expected = verdict(data)
        assert prove(*files.words(), "--force").stderr == expected, name
        assert files.outputs() == ([] if expected else list(OUTPUTS)), name
        for output in files.outputs():
            (files / output).unlink()
        verdicts.add("".join(c for c in expected if not c.isdigit()))
    assert len(verdicts) == 16, "every fault that the reader knows, a false witness, and the honest one"


def absent(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    path.unlink()
    os.mknod(path, stat.S_IFSOCK | 0o600)


def a_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def below_a_file(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("vk.json") / "none")


def too_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(SIZE_LIMITS[".zkey" if path.suffix == ".zkmkey" else path.suffix] + 1)


@pytest.mark.parametrize("spoil", [absent, empty, a_folder, a_fifo, a_socket, a_loop, below_a_file, too_large])
@pytest.mark.parametrize("name", ["k.zkmkey", "w.wtns"])
def test_only_regular_files_of_sensible_size_are_read(files: Files, name: str, spoil: Callable[[Path], None]) -> None:
    spoil(files / name)
    assert str(files / name) in assert_refused_alike(files, *files.words())


def test_a_damaged_key_is_refused_alike(files: Files) -> None:
    honest, key = (files / "k.zkmkey").read_bytes(), files / "k.zkmkey"
    for place in (5, 9, 20, 80, 150, 300, 700, 900):
        key.write_bytes(honest[:place] + bytes([honest[place] ^ 1]) + honest[place + 1 :])
        assert_refused_alike(files, *files.words())
    for end in (8, 500, len(honest) // 2, len(honest) - 1):
        key.write_bytes(honest[:end])
        assert "native key: " in assert_refused_alike(files, *files.words())
    key.write_bytes(honest[:-5] + bytes([honest[-5] ^ 4]) + honest[-4:])
    assert_refused_alike(files, *files.words(), code=1)


def test_outputs_are_refused_alike(files: Files) -> None:
    (files / "old").write_bytes(b"old")
    (files / "folder").mkdir()
    (files / "link").symlink_to(files / "folder")
    (files / "strange\x1b\n\xad name").write_bytes(b"")
    os.symlink(b"none", os.fsencode(files.root) + b"/no text \xff\xc3\xa9")
    for name in ("old", "folder", "strange\x1b\n\xad name", os.fsdecode(b"no text \xff\xc3\xa9")):
        for place in ("proof", "public"):
            assert "is already there" in assert_refused_alike(files, *files.words(**{place: files / name}))
    for words, options, said in (
        ({"proof": files / "folder" / "a", "public": files / "link" / "." / "a"}, ["--force"], "for two outputs"),
        ({"public": files / "folder"}, ["--force"], "so it is not overwritten"),
        ({"public": files / "old" / "below"}, [], "cannot be written: "),
        ({"public": files / "old" / "below" / "it"}, ["--force"], "cannot be written: "),
        ({"proof": files / ("x" * 300)}, [], "cannot be written: "),
    ):
        assert said in assert_refused_alike(files, *files.words(**words), *options)
    assert (files / "old").read_bytes() == b"old"


def test_force_replaces_and_folders_are_made(files: Files) -> None:
    proof, public = files / "new" / "folder" / "p.json", files / "public.json"
    public.write_bytes(b"old")
    assert prove(*files.words(proof=proof, public=public), "--force").code == 0
    assert json.loads(public.read_text()) == ["35"]
    assert {path.name for path in proof.parent.iterdir()} == {"p.json"}
    assert not [path for path in files.root.iterdir() if path.name.startswith(".")]


def test_names_may_be_as_long_as_the_system_has_them(files: Files) -> None:
    for name in ("p" * 255, "\N{MATHEMATICAL SCRIPT CAPITAL A}" * 63, os.fsdecode(b"\xff" * 255)):
        assert prove(*files.words(proof=files / name), "--force").code == 0
        assert (files / name).is_file()


@pytest.mark.parametrize(
    "words",
    ["", "a", "a b c", "a b c d e", "a b c d e f", "--bad", "-x", "--force=1", "a --help=x", "--", "-- --force"],
)
def test_misuse_is_told_alike(files: Files, words: str) -> None:
    assert_refused_alike(files, *words.split())


def test_what_only_it_has_is_checked_too() -> None:
    for words in (["--threads"], ["--threads", "0"], ["--threads=many"], ["--private=1"], ["--threads", "1025"]):
        done = prove(*words)
        assert (done.code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert words[0].split("=")[0] in done.stderr


# How it ends.


@contextmanager
def held_at_the_end(files: Files, *options: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """The program after its work: it cannot say so, for nobody reads what stands in the pipe before it."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, bytes(4096))
    except BlockingIOError:
        os.set_blocking(writer, True)
    command = [program_path() or PROGRAM, *map(str, files.words()), *options]
    with subprocess.Popen(command, stdout=writer, stderr=subprocess.PIPE, env=os.environ | variables) as running:
        try:
            os.close(writer)
            deadline = time.monotonic() + TIMEOUT_S
            while not (files / "public.json").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            yield running
        finally:
            os.close(reader)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in Linux's /proc")
def test_it_takes_the_threads_that_it_is_given(files: Files) -> None:
    for options, variables, threads in (
        (["--threads", "3"], {}, 3),
        ([], {"RAYON_NUM_THREADS": "2"}, 2),
        (["--threads", "1"], {"RAYON_NUM_THREADS": "4"}, 1),
    ):
        with held_at_the_end(files, *options, "--force", **variables) as running:
            found = len(list(Path(f"/proc/{running.pid}/task").iterdir()))
        assert found == threads + 1, "the first thread waits for the others"
        (files / "public.json").unlink()


def test_nobody_reads_what_it_says(files: Files) -> None:
    with held_at_the_end(files) as running:
        assert running.poll() is None
    assert running.returncode == 141
    assert files.outputs() == list(OUTPUTS)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_what_cannot_be_said_is_an_error_and_told(files: Files) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [program_path() or PROGRAM, *map(str, files.words())], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (2, b"error: system: No space left on device\n")
    assert files.outputs() == list(OUTPUTS)


def test_a_file_that_may_not_grow_leaves_nothing(files: Files) -> None:
    before = sorted(path.name for path in files.root.iterdir())
    done = subprocess.run(
        [program_path() or PROGRAM, *map(str, files.words())],
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY)),
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == f"error: {files / 'proof.json'}: cannot be written: file too large\n".encode()
    assert sorted(path.name for path in files.root.iterdir()) == before


@pytest.fixture(scope="module")
def long_work(tmp_path_factory: pytest.TempPathFactory) -> Files:
    root, example = tmp_path_factory.mktemp("long"), powers_chain(4000)
    write_native_key(insecure_setup(example.r1cs), root / "k.zkmkey", memory=0)
    (root / "w.wtns").write_bytes(write_wtns(example.witness))
    return Files(root)


@pytest.mark.skipif(not Path("/proc/self/io").is_file(), reason="Linux's /proc says how much was read")
def test_the_inputs_that_are_written_are_those_that_were_proven(long_work: Files, tmp_path: Path) -> None:
    honest, witness = (long_work / "w.wtns").read_bytes(), tmp_path / "w.wtns"
    words = [long_work / "k.zkmkey", witness, *(tmp_path / name for name in OUTPUTS)]
    slow = os.environ | {"ZKMARGIN_KERNEL": "portable"}
    for _ in range(5):
        witness.write_bytes(honest)
        command = [program_path() or PROGRAM, *map(str, words), "--threads", "1", "--force"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=slow) as running:
            while running.poll() is None and _has_read(running.pid) < len(honest):
                pass
            running.send_signal(signal.SIGSTOP)
            in_time = running.poll() is None and not (tmp_path / "public.json").exists()
            with witness.open("r+b") as file:
                file.seek(76 + 32)
                file.write(bytes(32))
            running.send_signal(signal.SIGCONT)
            running.communicate(timeout=TIMEOUT_S)
        assert running.returncode == 0
        if in_time:
            break
        # It was faster than the change.
        (tmp_path / "public.json").unlink()
    assert in_time
    proven = int.from_bytes(honest[76 + 32 : 76 + 64], "little")
    assert json.loads((tmp_path / "public.json").read_text())[0] == str(proven) != "0"


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="Linux's /proc says when signals are caught")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_leaves_nothing(long_work: Files, sent: signal.Signals) -> None:
    command = [program_path() or PROGRAM, *map(str, long_work.words()), "--threads", "1"]
    slow = os.environ | {"ZKMARGIN_KERNEL": "portable"}
    for _ in range(5):
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=slow, preexec_fn=_default_signals
        ) as running:
            while running.poll() is None and not _catches(running.pid, sent):
                pass
            running.send_signal(sent)
            stdout, stderr = running.communicate(timeout=TIMEOUT_S)
        if running.returncode != 0:
            break
        # It was faster than the signal.
        for name in OUTPUTS:
            (long_work / name).unlink()
    assert (running.returncode, stdout, stderr) == (128 + sent, b"", b"error: interrupted; nothing was written\n")
    assert sorted(path.name for path in long_work.root.iterdir()) == ["k.zkmkey", "w.wtns"]


def test_a_signal_that_was_ignored_stays_so(long_work: Files) -> None:
    with subprocess.Popen(
        [program_path() or PROGRAM, *map(str, long_work.words())], stdout=subprocess.PIPE, preexec_fn=_ignore_interrupts
    ) as running:
        status = Path(f"/proc/{running.pid}/status")
        caught = set()
        while running.poll() is None and status.exists():
            caught.add(_catches(running.pid, signal.SIGINT))
        running.communicate(timeout=TIMEOUT_S)
    assert (running.returncode, True in caught) == (0, False)
    for name in OUTPUTS:
        (long_work / name).unlink()


def _catches(pid: int, sent: signal.Signals) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return bool(int(lines.get("SigCgt", "0"), 16) >> (sent - 1) & 1)


def _has_read(pid: int) -> int:
    try:
        counts = Path(f"/proc/{pid}/io").read_text()
    except OSError:
        return 0
    return int(dict(line.split(": ") for line in counts.splitlines()).get("rchar", "0"))


def _default_signals() -> None:
    """A shell that starts the tests in the background has them ignore Ctrl-C, and what they start inherits that."""
    for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sent, signal.SIG_DFL)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_the_doctor_says_whether_it_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke("doctor", "--json").json["program"] == program_path()
    assert f"{PROGRAM}  installed\n" in invoke("doctor").stdout
    monkeypatch.setattr("zkmargin.cli.doctor.program_path", lambda: None)
    assert invoke("doctor", "--json").json["program"] is None
    assert f"{PROGRAM}  missing; install with a Rust toolchain\n" in invoke("doctor").stdout
