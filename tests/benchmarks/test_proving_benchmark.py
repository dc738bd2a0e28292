"""The comparison of provers runs with this library alone, and tells sides that fail or are too slow."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks.peers import PeerFailed
from benchmarks.proving import results
from benchmarks.proving.__main__ import main
from benchmarks.proving.circuits import CircuitFiles, ProvenCircuit
from benchmarks.proving.measure import Limits, Measurement, Series
from benchmarks.proving.report import write_report
from benchmarks.proving.server import Server, Spent, last_line, whole_process
from benchmarks.proving.sides import SIDES, Gnark, Side, Zkmargin

PEER = """
import json, sys, time
word, seconds = sys.argv[1], float(sys.argv[2])
def say():
    print(json.dumps({"seconds": seconds, "cpu": 0.0, "peak_mb": 1.0, "version": "1"}), flush=True)
say()
for line in sys.stdin if word == "serve" else ():
    if seconds > 9:
        time.sleep(60)
    if seconds < 0:
        sys.exit("no proof today")
    say()
"""


class Pretended(Side):
    """A side that says of everything that it took so long."""

    mode = "pretended"
    has_cold = False

    def __init__(self, tools: Path, name: str, seconds: float) -> None:
        super().__init__(tools)
        self.name, self.seconds = name, seconds

    def program(self) -> list[str]:
        return [sys.executable, "-c", PEER]

    def command(self, word: str, files: CircuitFiles) -> list[str]:
        return [*self.program(), word, str(self.seconds)]


@pytest.fixture
def files(tmp_path: Path) -> CircuitFiles:
    (tmp_path / "counts.json").write_text(json.dumps({"constraints": 4081, "wires": 4084, "bits": 1}))
    return CircuitFiles(ProvenCircuit.parse("chain-12"), tmp_path)


@pytest.mark.parametrize("kind", SIDES, ids=lambda kind: kind.name)
def test_every_side_says_how_it_is_started(kind: type[Side], tmp_path: Path, files: CircuitFiles) -> None:
    side = kind(tmp_path)
    assert side.program()
    folder = str(side.folder(files))
    assert side.command("check", files)[-1] == folder
    if side.has_cold:
        assert any(word.startswith(folder) for word in side.cold(files))


@pytest.mark.parametrize("name", ["chain-10", "bits-11"])
def test_circuits_fill_their_domain(name: str) -> None:
    circuit, inputs = ProvenCircuit.parse(name).built()
    power = int(name[-2:])
    rows = circuit.r1cs.n_constraints + circuit.r1cs.n_public + 1
    assert 2 ** (power - 1) < rows <= 2**power
    circuit.check(circuit.witness(inputs))


@pytest.mark.parametrize("name", ["chain", "chain-9", "chain-small", "margin-14", "hash-14", ""])
def test_unknown_circuits_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no circuit"):
        ProvenCircuit.parse(name)


def test_an_unknown_circuit_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "nosuch"])
    assert "error: no circuit 'nosuch'" in capsys.readouterr().err


def test_this_library_is_measured_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A program that is not installed would be compiled, for minutes.
    monkeypatch.setattr(Zkmargin, "build", lambda side: None)
    folders = ["--build", str(tmp_path / "build"), "--out", str(tmp_path)]
    main(["--only", "chain-10", "margin-small", "--peers", "--rounds", "2", "--many", "2", *folders])
    main(["--only", "chain-10", "--peers", "--rounds", "1", "--setup", *folders])
    table = results.read(tmp_path / "proving.csv")
    found = {(row.circuit, row.what): row for row in table}
    for circuit in ("chain-10", "margin-small"):
        assert {what for name, what in found if name == circuit} >= {
            "warm",
            "cold",
            "load",
            "verify",
            "witness",
            "key",
            "many-1",
        }
    assert found["chain-10", "warm"].rounds == found["chain-10", "cold"].rounds == 2
    assert {("chain-10", "setup"), ("chain-10", "import")} <= set(found)
    assert all(row.side == "zkmargin" and not row.note for row in table)
    text = (tmp_path / "proving.md").read_text()
    assert "A whole process" in text
    assert "- gnark, cold, chain-12, " in text.partition("## Not measured")[2]
    assert not [line for line in text.splitlines() if line.startswith("- zkmargin, ") and "chain-10" in line]
    assert (tmp_path / "proving-growth.svg").exists()


def test_sides_that_fail_or_are_slow_are_noted(files: CircuitFiles, tmp_path: Path) -> None:
    sides = [Pretended(tmp_path, name, seconds) for name, seconds in (("good", 0.3), ("bad", -1.0), ("slow", 10.0))]
    small = Pretended(tmp_path, "small", 0.1)
    small.largest = 11
    measurement = Measurement(files, [*sides, small], Limits(rounds=3, step_s=1.0, circuit_s=100.0))
    measurement.prepare()
    measurement.warm()
    notes = {one.side: one.note for one in measurement.series if one.note}
    assert notes == {"bad": "ended: no proof today", "slow": "more than 1 s", "small": "not asked beyond 2^11"}
    [warm] = [one for one in measurement.series if one.what == "warm" and one.side == "good"]
    assert [spent.seconds for spent in warm.spent] == [0.3] * 3


def test_a_whole_process_is_the_program_where_there_is_one(
    files: CircuitFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, built = tmp_path / "bin" / "python", tmp_path / "zkmargin" / "release" / "zkmargin-prove"
    monkeypatch.setattr(sys, "executable", str(here))
    side, found = Zkmargin(tmp_path), []
    for place in (here, built, here.with_name("zkmargin-prove")):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        found.append(side.cold(files)[0])
    assert found == [str(here), str(built), str(here.with_name("zkmargin-prove"))]


def test_building_compiles_the_program_unless_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    monkeypatch.setattr("compileall.compile_dir", lambda *_, **__: True)
    monkeypatch.setattr(Zkmargin, "_run", lambda side, command, **_: commands.append(command))
    side = Zkmargin(tmp_path / "tools")
    side.build()
    [command] = commands
    assert command[:2] == ["cargo", "build"]
    assert {"--no-default-features", "zkmargin-prove", str(tmp_path / "tools" / "zkmargin")} <= set(command)
    monkeypatch.setattr("shutil.which", lambda name: None)
    without = Zkmargin(tmp_path / "tools")
    without.build()
    assert without.mode.endswith("a whole process is zkmargin groth16 prove")
    (tmp_path / "zkmargin-prove").touch()
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    side = Zkmargin(tmp_path / "tools")
    side.build()
    assert side.mode.endswith("a whole process is zkmargin-prove")
    assert len(commands) == 1


class Parent(Pretended):
    """A side that ends badly, and leaves a child that holds its pipes."""

    def program(self) -> list[str]:
        return [sys.executable, "-c", "import subprocess, sys; subprocess.Popen(['sleep', '60']); sys.exit('gone')"]


def test_a_side_that_ended_is_not_waited_for(files: CircuitFiles, tmp_path: Path) -> None:
    with pytest.raises(PeerFailed, match="ended: gone"):
        Server(Parent(tmp_path, "parent", 0.0), files, 20.0)


class Processes(Pretended):
    """A side whose whole process runs `does` in Python, and whose check ends well or badly."""

    has_cold = True

    def __init__(self, tools: Path, name: str, does: str, check: str = "") -> None:
        super().__init__(tools, name, 0.1)
        self.does, self.check = does, check

    def program(self) -> list[str]:
        return [sys.executable, "-c", self.check + PEER]

    def cold(self, files: CircuitFiles) -> list[str]:
        return [sys.executable, "-c", self.does, str(self.folder(files) / "proof")]


def test_whole_processes_must_leave_a_proof_that_holds(files: CircuitFiles, tmp_path: Path) -> None:
    leaves = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()"
    once = leaves.replace("touch()", "touch() if not pathlib.Path(sys.argv[1] + '.told').exists() else None")
    sides = [
        Processes(tmp_path, "good", leaves),
        Processes(tmp_path, "empty", "pass"),
        Processes(tmp_path, "lazy", f"{once}; pathlib.Path(sys.argv[1] + '.told').touch()"),
        Processes(tmp_path, "liar", leaves, check="import sys; sys.exit('an own proof was refused')\n"),
    ]
    for side in sides:
        side.folder(files).mkdir()
    measurement = Measurement(files, sides, Limits(rounds=2, step_s=5.0, circuit_s=100.0))
    measurement.cold()
    notes = {one.side: one.note for one in measurement.series if one.note}
    assert notes == {"empty": "left no proof", "lazy": "left no proof", "liar": "an own proof was refused"}
    assert {one.side: len(one.spent) for one in measurement.series if one.spent} == {"good": 2}


def test_an_own_proof_of_something_else_is_refused(tmp_path: Path) -> None:
    files = CircuitFiles(ProvenCircuit.parse("chain-10"), tmp_path / "chain-10")
    files.make()
    side = Zkmargin(tmp_path)
    measurement = Measurement(files, [side], Limits(rounds=1, step_s=60.0, circuit_s=60.0))
    measurement.prepare()
    measurement.cold()
    assert not any(one.note for one in measurement.series)
    public = side.folder(files) / "public.json"
    public.write_text(json.dumps([str(int(x) + 1) for x in json.loads(public.read_text())]))
    with pytest.raises(PeerFailed, match="proof"):
        last_line(side.command("check", files), side.environment(), 60.0)


def test_whole_processes_are_measured_alone() -> None:
    """A child begins with the resident size of whoever starts it, which here is a large process."""
    environment = dict(os.environ)
    held = bytes(range(256)) * (1 << 19)
    none = whole_process(["true"], environment, 20.0)
    much = whole_process([sys.executable, "-S", "-c", "x = bytes(range(256)) * (1 << 18)"], environment, 20.0)
    assert len(held) == 1 << 27
    assert none.peak_mb < 30
    assert 64 < much.peak_mb < 128
    assert much.cpu > 0
    with pytest.raises(PeerFailed, match="exit 3"):
        whole_process(["sh", "-c", "exit 3"], environment, 20.0)
    with pytest.raises(PeerFailed, match="more than"):
        whole_process(["sleep", "20"], environment, 0.5)


def test_rounds_go_forwards_and_backwards(files: CircuitFiles, tmp_path: Path) -> None:
    sides = [Pretended(tmp_path, name, 0.1) for name in ("one", "other")]
    measurement = Measurement(files, sides, Limits(rounds=3, step_s=5.0, circuit_s=100.0))
    order: list[str] = []

    def step(side: Side) -> Spent:
        order.append(side.name)
        return Spent(0.1, 0.1, 1.0)

    measurement._rounds(measurement._each("warm", sides), step)
    assert order == ["one", "other", "other", "one", "one", "other"]


def test_rounds_end_with_the_circuits_time(files: CircuitFiles, tmp_path: Path) -> None:
    sides = [Pretended(tmp_path, "one", 2.0), Pretended(tmp_path, "other", 3.0)]
    measurement = Measurement(files, sides, Limits(rounds=9, step_s=5.0, circuit_s=16.0))
    measurement.warm()
    assert [len(one.spent) for one in measurement.series if one.what == "warm"] == [3, 3]


def test_ratios_are_of_pairs_and_rows_survive_the_file(tmp_path: Path) -> None:
    ours = Series("chain-12", "zkmargin", "warm", [Spent(1.0, 2.0, 50.0), Spent(4.0, 8.0, 50.0), Spent(1.0, 2.0, 50.0)])
    peer = Series("chain-12", "gnark", "warm", [Spent(2.0, 4.0, 100.0), Spent(8.0, 9.0, 100.0), Spent(4.0, 8.0, 100.0)])
    counts = {"constraints": 4081, "wires": 4084, "bits": 1}
    table = results.rows([ours, peer], counts, "now")
    by_side = {row.side: row for row in table}
    assert by_side["zkmargin"].ratio is None
    gnark = by_side["gnark"]
    assert (gnark.ratio, gnark.ratio_low, gnark.ratio_high, gnark.memory_ratio) == (0.5, 0.25, 0.5, 0.5)
    assert gnark.processor_ratio == 0.5
    write_report(table, tmp_path / "x.md", [], {"gnark": "its best"})
    assert "- gnark : its best\n" in (tmp_path / "x.md").read_text()  # its version is not known
    results.write(tmp_path / "x.csv", table)
    assert results.read(tmp_path / "x.csv") == table
    again = results.rows([Series("chain-12", "gnark", "warm", note="gone")], counts, "later")
    cold = results.rows([Series("chain-12", "gnark", "cold", [Spent(1.0, 1.0, 1.0)])], counts, "then")
    merged = results.merged([*table, *cold], again)
    assert [(row.what, row.run) for row in merged] == [("cold", "then"), ("warm", "later")]


def test_the_report_says_what_was_not_measured_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Zkmargin, "build", lambda side: None)
    monkeypatch.setattr(Gnark, "missing", lambda side: "no go here")
    main(
        [
            "--only",
            "chain-10",
            "--peers",
            "gnark",
            "--rounds",
            "1",
            "--build",
            str(tmp_path / "b"),
            "--out",
            str(tmp_path),
        ]
    )
    notes = (tmp_path / "proving.md").read_text().partition("## Not measured\n\n")[2].splitlines()
    assert "- gnark, warm, chain-10: no go here" in notes
    assert "- gnark, cold, chain-10: no go here" in notes
    [asked] = [line for line in notes if line.startswith("- gnark, warm, chain-12")]
    assert asked.endswith(": not in these runs")
    assert "chain-10" not in asked
    [never] = [line for line in notes if line.startswith("- arkworks, warm")]
    assert never.endswith("margin-portfolio, chain-10: not in these runs")


def test_who_failed_or_was_not_asked_is_missing_elsewhere_for_the_same_reason(tmp_path: Path) -> None:
    series = [Series("chain-12", "gnark", "warm", note="more than 1 s"), Series("chain-14", "gnark", "warm")]
    table = results.rows(series, {"constraints": 4081, "wires": 4084, "bits": 1}, "now")
    wanted = [(circuit, "gnark", what) for what in ("warm", "cold") for circuit in ("chain-12", "chain-14")]
    write_report(table, tmp_path / "x.md", [], {}, wanted)
    assert (tmp_path / "x.md").read_text().partition("## Not measured\n\n")[2].splitlines() == [
        "- gnark, warm, chain-12: more than 1 s",
        "- gnark, cold, chain-12: more than 1 s",
        "- gnark, cold, chain-14: not in these runs",
    ]


def test_keys_go_with_the_circuit_they_are_for(tmp_path: Path) -> None:
    files = CircuitFiles(ProvenCircuit.parse("chain-10"), tmp_path / "chain-10")
    files.make()
    original, key = files.r1cs.read_bytes(), files.side("gnark") / "key"
    key.parent.mkdir()
    key.touch()
    files.make(anew=True)
    assert key.exists()
    files.r1cs.write_bytes(original + b"older")
    files.make()
    assert key.exists()
    files.make(anew=True)
    assert not key.exists()
    assert files.r1cs.read_bytes() == original
