"""What becomes of every error: one line or one JSON object, a documented exit code, never a traceback."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from zkmargin.algebra import EncodingError, ZkMarginError
from zkmargin.cli import application, main
from zkmargin.cli.doctor import PROGRAM, program_path
from zkmargin.cli.errors import INVALID_CLASSES
from zkmargin.cli.options import Command
from zkmargin.cli.output import Output
from zkmargin.verifier import InvalidProof

ROOMS = ("algebra", "circuits", "cli", "prover", "settlement", "verifier")


class Raising:
    """A command of the test's own, so that any error can be thrown inside the real program."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.problem: BaseException | None = None
        self.lines: list[str] = []
        monkeypatch.setitem(application.COMMANDS, "raise", ("nowhere", "For a test."))
        get_command = application.Application.get_command

        def get(group: application.Application, ctx: click.Context, name: str) -> click.Command | None:
            return self.command() if name == "raise" else get_command(group, ctx, name)

        monkeypatch.setattr(application.Application, "get_command", get)

    def command(self) -> click.Command:
        @click.command("raise", cls=Command)
        @click.pass_obj
        def run(output: Output) -> None:
            for line in self.lines:
                output.say(line)
            if self.problem is not None:
                raise self.problem

        return run

    def __call__(self, problem: BaseException | None, *args: str) -> tuple[int, str, str]:
        self.problem = problem
        result = CliRunner().invoke(main, ["raise", *args])
        return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> Raising:
    return Raising(monkeypatch)


CASES = [
    (InvalidProof(), 1, "invalid-proof"),
    (EncodingError("proof: not JSON", what="proof"), 2, "encoding-error"),
    (click.UsageError("no such thing"), 2, "misuse"),
    (KeyboardInterrupt(), 130, "interrupted"),
    (MemoryError(), 2, "out-of-memory"),
    (RecursionError("maximum recursion depth exceeded"), 2, "too-deep"),
    (PermissionError(13, "Permission denied", "some/file"), 2, "file-refused"),
    (ValueError("balance 123456"), 2, "internal-error"),
]


@pytest.mark.parametrize(("problem", "code", "name"), CASES, ids=[case[2] for case in CASES])
def test_every_error_is_one_line_or_one_object(raising: Raising, problem: BaseException, code: int, name: str) -> None:
    found, stdout, stderr = raising(problem)
    assert (found, stdout) == (code, "")
    assert stderr.startswith("error: ")
    assert stderr.count("\n") == 1
    assert "Traceback" not in stderr
    found, stdout, stderr = raising(problem, "--json")
    assert (found, stdout) == (code, "")
    document = json.loads(stderr)
    assert document["error"] == name
    assert document["exit_code"] == code


def test_an_unforeseen_error_names_its_class_and_none_of_its_text(
    raising: Raising, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, stderr = raising(ValueError("balance 123456"))
    assert "ValueError" in stderr
    assert "report" in stderr
    assert "123456" not in stderr
    monkeypatch.setenv("ZKMARGIN_DEBUG", "1")
    _, _, stderr = raising(ValueError("balance 123456"))
    assert "Traceback" in stderr


def test_text_from_outside_cannot_drive_the_terminal(raising: Raising) -> None:
    _, _, stderr = raising(EncodingError("name \x1b[2J\nsecond line\udc80", what="x"))
    assert stderr == "error: name \\x1b[2J second line\\udc80\n"
    raising.lines = ["name \x1b[2J"]
    assert raising(None)[1] == "name \\x1b[2J\n"


def test_a_long_message_is_cut(raising: Raising) -> None:
    _, _, stderr = raising(EncodingError("x" * 100_000, what="x"))
    assert len(stderr) < 700


def test_details_are_places_and_not_values(raising: Raising) -> None:
    problem = EncodingError("bad", what="proof", index=7)
    assert json.loads(raising(problem, "--json")[2])["index"] == 7


@pytest.mark.parametrize("args", [["frob"], ["verify"], ["verify", "--frob"], ["groth16", "frob"]])
def test_misuse_is_one_line_with_advice(args: list[str]) -> None:
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "--help'" in result.stderr
    document = json.loads(CliRunner().invoke(main, [*args, "--json"]).stderr)
    assert document["error"] == "misuse"


@pytest.mark.parametrize("args", [[], ["groth16"]])
def test_without_a_command_there_is_help(args: list[str]) -> None:
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 2
    assert "Commands:" in result.stderr


def all_commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))


def test_every_command_loads_has_help_and_speaks_json() -> None:
    found = dict(all_commands(main))
    assert {name for (name, *_) in found} == set(application.COMMANDS)
    for path, command in found.items():
        result = CliRunner().invoke(main, [*path, "--help"])
        assert result.exit_code == 0, path
        assert len(result.stdout.splitlines()) > 3
        if not isinstance(command, click.Group):
            assert "--json" in result.stdout, path
            assert command.help, path


def test_the_classes_of_exit_code_1_exist() -> None:
    existing = {
        name
        for room in ROOMS
        for name, kind in inspect.getmembers(importlib.import_module(f"zkmargin.{room}.errors"), inspect.isclass)
        if issubclass(kind, ZkMarginError)
    }
    assert existing >= INVALID_CLASSES


def python(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["verify", "--help"], ["verify", "--key", "k", "p", "q"]])
def test_help_and_verify_import_no_other_room(args: list[str]) -> None:
    script = (
        "import sys\nfrom zkmargin.cli import main\n"
        f"try: main({args!r})\nexcept SystemExit: pass\n"
        "heavy = ('zkmargin.circuits', 'zkmargin.prover', 'zkmargin.settlement', 'galois', 'numpy', 'py_ecc')\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    assert python("-c", script).stderr.splitlines()[-1] == "[]"


def test_a_reader_who_leaves_ends_the_program_quietly() -> None:
    script = "import sys; from zkmargin.cli import main; main(['doctor'])"
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-c", script], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 141
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is Linux's")
def test_a_full_disk_under_stdout_is_an_error() -> None:
    script = "import sys; from zkmargin.cli import main; main(['doctor'])"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", script], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert "no space left" in done.stderr.lower()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("arguments", "code"), [("doctor", 0), ("compile --shape small -o OUT", 0), ("inspect no", 2)])
def test_closed_streams_lead_nowhere(arguments: str, code: int, tmp_path: Path) -> None:
    script = (
        "import os\nfrom zkmargin.cli import main\n"
        f"try: main({arguments.split()!r})\nexcept SystemExit as end: code = end.code\n"
        "nowhere = os.stat(os.devnull)\nled = [os.path.samestat(os.fstat(number), nowhere) for number in (0, 1, 2)]\n"
        "with open('led', 'w') as out: print(*led, file=out)\nraise SystemExit(code)"
    )
    command = f'exec "{sys.executable}" -c "$0" <&- >&- 2>&-'
    assert subprocess.run(["sh", "-c", command, script], cwd=tmp_path, check=False).returncode == code
    assert (tmp_path / "led").read_text().split() == ["True"] * 3


def test_the_doctor_looks_for_programs_where_installs_put_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")  # as in a process that Python is embedded in
    scripts, other = tmp_path / "scripts", tmp_path / "other"
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / name))
    monkeypatch.setenv("PATH", str(other))
    for folder in (scripts, other):
        folder.mkdir()
        (folder / PROGRAM).touch(0o755)
    assert program_path() == str(scripts / PROGRAM)
    (scripts / PROGRAM).chmod(0o644)
    assert program_path() == str(other / PROGRAM)
    (other / PROGRAM).unlink()
    assert program_path() is None


def test_no_colours_where_nobody_looks() -> None:
    assert "\033" not in CliRunner().invoke(main, ["doctor"]).stdout


def test_an_output_that_cannot_hold_a_character_is_no_crash(raising: Raising) -> None:
    script = (
        "from zkmargin.cli.output import Output\nOutput().say('\\u2265 caf\\u00e9')\n"
        "from zkmargin.cli import main\nmain(['verify', '--key', '\\u2265', 'p', 'q'])"
    )
    done = python("-c", script, PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
