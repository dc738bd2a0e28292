"""`zkmargin profile`: every kind of circuit, what it writes, what it refuses, and comparing two."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from zkmargin.circuits import Circuit, assert_equal, build, poseidon
from zkmargin.circuits.formats import write_r1cs, write_sym
from zkmargin.circuits.profiling.document import MAX_BYTES, read_profile, write_profile
from zkmargin.circuits.profiling.profile import profile_circuit
from zkmargin.cli.files import SIZE_LIMITS

from .conftest import invoke

CIRCUIT = '''
"""A circuit file that imports a neighbour and prints."""

from neighbour import levels
from zkmargin.circuits import Circuit, Expr, assert_equal, build, gadget, poseidon

print("said while loading")


@gadget
def commit(value: Expr, salt: Expr) -> Expr:
    return poseidon([value, salt])


def covered(c: Circuit, rounds: int = levels, kind: str = "plain") -> None:
    value = c.private("value", bits=8)
    for number in range(rounds):
        value = commit(value, c.private(f"{kind}{number}"))
    assert_equal(c.public("out"), value)


def wants_text(c: Circuit, first: object, second: object) -> None:
    raise TypeError(f"{type(first).__name__} {type(second).__name__}")


def leaves(c: Circuit) -> None:
    raise SystemExit(0)


def refused(c: Circuit) -> None:
    c.private("value", bits=8) == 3


def unused(c: Circuit) -> None:
    c.private("nobody")


compiled = build(covered, name="compiled")
number = 3
'''


def line_of(text: str) -> int:
    """The first line of the circuit file that holds the text."""
    return 1 + next(number for number, line in enumerate(CIRCUIT.splitlines()) if text in line)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "neighbour.py").write_text("levels = 2\n")
    path = tmp_path / "circuit.py"
    path.write_text(CIRCUIT)
    return path


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    def statement(c: Circuit) -> None:
        assert_equal(c.public("out"), poseidon([c.private("x", bits=8), c.private("y")]))

    circuit = build(statement, name="imported")
    (tmp_path / "imported.r1cs").write_bytes(write_r1cs(circuit.r1cs))
    (tmp_path / "imported.sym").write_text(write_sym(circuit.symbols))
    return tmp_path / "imported.r1cs"


# Circuits


def test_a_shape() -> None:
    lines = invoke("profile", "small").stdout.splitlines()
    assert lines[0].startswith("margin-small: ")
    assert lines[3].split()[-1] == "gadget"
    assert any(line.endswith("  merkle_membership") for line in lines)
    assert invoke("profile", "circuit", "small").stdout.splitlines() == lines


@pytest.mark.parametrize("view", ["gadget", "line", "path"])
def test_json_has_the_rows_that_text_has(view: str) -> None:
    done = invoke("profile", "--json", "small", "--by", view, "--top", 4).json
    assert (done["circuit"], done["by"], len(done["rows"])) == ("margin-small", view, 4)
    text = invoke("profile", "small", "--by", view, "--top", 4).stdout.splitlines()
    assert f"and {done['rows_left_out']} {view}s more; --top 0 shows all" == text[-1]
    for row in done["rows"]:
        assert any(f"{row['inclusive']['constraints']:,}" in line for line in text[4:-1])
    everything = invoke("profile", "--json", "small", "--by", view, "--top", 0).json
    assert everything["rows_left_out"] == 0
    assert sum(row["own"]["constraints"] for row in everything["rows"]) == everything["constraints"]


def test_an_imported_circuit_with_and_without_names(imported: Path) -> None:
    named = invoke("profile", imported, "--sym", imported.with_suffix(".sym"), "--json").json
    assert ["poseidon"] in [row["place"] for row in named["rows"]]
    assert named["attributed"]
    bare = invoke("profile", imported)
    assert bare.code == 0
    assert len(bare.stdout.splitlines()) == 2
    assert "give its .sym with --sym" in bare.stderr
    assert not invoke("profile", imported, "--json").json["attributed"]


def test_a_python_function(file: Path) -> None:
    done = invoke("profile", f"{file}:covered", "--json")
    assert done.code == 0, done.stderr
    assert done.json["rows"][0]["inclusive"]["constraints"] == 2 * 240
    assert [row["place"] for row in done.json["rows"][:2]] == [["commit"], ["poseidon"]]
    assert "said while loading" in done.stderr
    lines = invoke("profile", f"{file}:covered", "--by", "line").stdout
    assert f"circuit.py:{line_of('return poseidon')}" in lines


def test_arguments_reach_the_function_as_integers_or_text(file: Path) -> None:
    three = invoke("profile", f"{file}:covered", "--arg", 3, "--arg", "salted", "--json").json
    assert three["rows"][0]["inclusive"]["constraints"] == 3 * 240
    kinds = invoke("profile", f"{file}:wants_text", "--arg=-5", "--arg", "5x")
    assert "int str" in kinds.stderr


def test_a_compiled_circuit_of_the_file(file: Path) -> None:
    assert invoke("profile", f"{file}:compiled", "--json").json["circuit"] == "compiled"
    assert "takes no --arg" in invoke("profile", f"{file}:compiled", "--arg", 1).stderr


def test_the_path_of_modules_is_left_as_it_was(file: Path) -> None:
    before = list(sys.path)
    assert invoke("profile", f"{file}:covered").code == 0
    assert invoke("profile", f"{file}:leaves").code == 2
    assert sys.path == before


def test_a_warning_of_the_build_is_a_warning(file: Path) -> None:
    done = invoke("profile", f"{file}:unused")
    assert done.code == 0
    assert "warning: circuit.py:" in done.stderr


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("covered --arg 1 --arg 2 --arg 3", "TypeError: covered() takes"),
        ("leaves", f"SystemExit at line {line_of('raise SystemExit(0)')}: 0"),
        ("absent", "has no function absent(c, ...)"),
        ("number", "has no function number(c, ...)"),
        ("", "name the function after the file"),
        ("not a name", "name the function after the file"),
        ("refused", f"circuit.py:{line_of('== 3')}: "),
    ],
)
def test_the_users_mistakes_are_one_line(file: Path, name: str, reason: str) -> None:
    name, *options = name.split(" --arg ") if "--arg" in name else [name]
    done = invoke("profile", f"{file}:{name}", *(part for value in options for part in ("--arg", value)))
    assert done.code == 2
    assert done.stdout == ""
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert reason in error


@pytest.mark.parametrize("source", ["def broken(", "raise KeyError('x')", "import no_such_module", "\0"])
def test_a_file_that_cannot_be_run_is_one_line(tmp_path: Path, source: str) -> None:
    (tmp_path / "bad.py").write_text(source)
    done = invoke("profile", f"{tmp_path / 'bad.py'}:f", "--json")
    assert (done.code, done.json["error"]) == (2, "circuit-code-failed")


# Misuse


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["frob"], "is not a shape (small, standard, portfolio), a .r1cs file, a saved profile"),
        (["circuit.py"], "name its function, as in file.py:function"),
        (["absent.py:f"], "absent.py: does not exist"),
        (["absent.r1cs"], "absent.r1cs: does not exist"),
        (["absent.json"], "absent.json: does not exist"),
        (["small", "--sym", "x.sym"], "--sym goes with a .r1cs file"),
        (["small", "--arg", "1"], "--arg goes with file.py:function"),
        (["small", "--flame", "x.png"], "ends in .svg or .html"),
        (["small", "--by", "wire"], "'wire'"),
        (["small", "--top", "-1"], "-1"),
        (["small", "standard"], "unexpected extra argument"),
        (["diff", "small"], "NEW"),
        (["diff", "small", "frob"], "frob: is not a shape"),
    ],
)
def test_misuse_is_one_line(words: list[str], reason: str) -> None:
    done = invoke("profile", *words)
    assert done.code == 2
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


def test_lines_are_refused_where_there_are_none(imported: Path, tmp_path: Path) -> None:
    for words in ([imported], [imported, "--sym", imported.with_suffix(".sym")]):
        done = invoke("profile", *words, "--by", "line")
        assert done.code == 2
        assert "knows no source lines" in done.stderr
    assert "knows no source lines" in invoke("profile", "diff", "small", imported, "--by", "line").stderr


def test_names_of_another_circuit_are_refused(imported: Path, tmp_path: Path) -> None:
    assert invoke("compile", "--shape", "small", "-o", tmp_path / "small").code == 0
    done = invoke("profile", imported, "--sym", tmp_path / "small" / "small.sym", "--json")
    assert (done.code, done.json["error"]) == (2, "format-error")
    assert "does it belong to this .r1cs?" in done.json["message"]


def test_help_has_the_options_and_the_commands() -> None:
    text = invoke("profile", "--help").stdout
    assert "profile [OPTIONS] CIRCUIT" in text.splitlines()[0]
    for word in ("--by", "--flame", "--save", "diff"):
        assert word in text


# Files


def test_a_saved_profile_is_read_back_and_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert invoke("profile", "small", "--save", tmp_path / f"{name}.json").code == 0
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    saved = invoke("profile", tmp_path / "one.json", "--by", "line").stdout
    assert saved == invoke("profile", "small", "--by", "line").stdout
    assert read_profile((tmp_path / "one.json").read_bytes()).circuit == "margin-small"


def test_pictures_are_drawn_and_nothing_is_overwritten(tmp_path: Path) -> None:
    svg, page = tmp_path / "flame.svg", tmp_path / "flame.html"
    done = invoke("profile", "small", "--flame", svg)
    assert done.stdout.splitlines()[-1] == f"wrote {svg}"
    assert ElementTree.parse(svg).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert invoke("profile", "small", "--flame", page, "--by", "line").code == 0
    assert 'data-name="circuits/margin/constraints.py"' in page.read_text()
    before = svg.read_bytes()
    refused = invoke("profile", "small", "--flame", svg, "--save", tmp_path / "p.json", "--json")
    assert (refused.code, refused.json["error"]) == (2, "output-exists")
    assert not (tmp_path / "p.json").exists()
    assert svg.read_bytes() == before
    assert invoke("profile", "small", "--flame", svg, "--force", "--by", "line").code == 0
    assert svg.read_bytes() != before


def test_the_limits_of_reading_and_writing_agree() -> None:
    assert SIZE_LIMITS["profile"] == MAX_BYTES


# Comparing


def test_two_builds_compared(file: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    assert invoke("profile", f"{file}:covered", "--save", old).code == 0
    file.write_text(CIRCUIT.replace("poseidon([value, salt])", "poseidon([value * value, salt])"))
    assert invoke("profile", f"{file}:covered", "--save", new).code == 0
    done = invoke("profile", "diff", old, new, "--json").json
    assert done["change"]["constraints"] == 2
    grown = {tuple(change["place"]): change["inclusive"]["constraints"] for change in done["changes"]}
    assert grown == {("commit",): 2, ("poseidon",): 0}  # what it hashes stands otherwise in the hash's own rows
    text = invoke("profile", "diff", old, new).stdout
    assert "(+2, +0.4%)" in text
    first = text.splitlines()[3].split()
    assert (first[:4], first[-1]) == (["+2", "+2", "+0.4%", "+2"], "commit")
    assert "3 gadgets unchanged" in text
    assert invoke("profile", "diff", new, f"{file}:covered").stdout.endswith("the circuits are the same\n")


def test_a_profile_without_gadgets_is_compared_by_its_total(imported: Path) -> None:
    done = invoke("profile", "diff", imported, "small")
    assert done.code == 0
    assert "only the totals can be compared" in done.stderr


def test_a_name_from_a_file_cannot_drive_the_terminal(tmp_path: Path) -> None:
    def statement(c: Circuit) -> None:
        assert_equal(c.public("x"), c.private("y"))

    saved = write_profile(profile_circuit(build(statement, name="s")))
    (tmp_path / "p.json").write_bytes(saved.replace(b"assert_equal", b"\\u001b[2Jx"))
    done = invoke("profile", tmp_path / "p.json")
    assert done.code == 2
    assert "\x1b" not in done.stderr
