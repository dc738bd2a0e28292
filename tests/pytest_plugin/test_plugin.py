"""The pytest plugin, in runs of pytest inside the test: what passes, what fails, and what a failure looks like."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from zkmargin.circuits import Circuit, assert_zero, build
from zkmargin.circuits.testing import engines_for
from zkmargin.pytest_plugin import checker

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
CIRCUITS = """
from zkmargin.circuits import assert_at_most, assert_equal, build
from zkmargin.circuits.testing import Refused

def covered(c):
    assert_at_most(c.private("debt", bits=8), c.public("cover", bits=8))

def rooted(c):
    x = c.public("x")
    root = c.hint_isqrt(x)
    assert_equal(root * root, x)

COVERED = build(covered, name="covered")
ROOTED = build(rooted, name="rooted")
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Run tests written on top of CIRCUITS; the plugin is named, installed or not."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(body: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(test_user=CIRCUITS + body)
        return pytester.runpytest_inprocess(
            "-p", "zkmargin.pytest_plugin", "-p", "no:cacheprovider", "-W", "ignore", *arguments
        )

    return run


def test_cases_liars_and_small_fields_pass(run) -> None:
    result = run(
        """
def test_cases(check_circuit):
    check_circuit(COVERED, valid=[{"debt": 3, "cover": 3}], invalid=[Refused({"debt": 4, "cover": 3}, line=5)])

def test_liars(check_circuit):
    assert check_circuit.liars(COVERED, {"debt": 3, "cover": 9}) > 0
    check_circuit.liars(ROOTED, {"x": 9}, free=["root_*"])

def test_small(check_circuit):
    check_circuit.exact(lambda c, x: x * x, (0, 5), lambda x: x * x)
"""
    )
    result.assert_outcomes(passed=3)


def test_a_failure_is_the_user_s_line_and_one_message(run) -> None:
    result = run(
        """
def test_cases(check_circuit):
    check_circuit(COVERED, valid=[{"debt": 4, "cover": 3}])
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '>       check_circuit(COVERED, valid=[[]{"debt": 4, "cover": 3}[]])',
            "E       Failed: circuit 'covered': 1 of 1 cases are not as they should be",
            "E         valid[[]0[]]: was refused: constraint *in assert_at_most/to_bits at test_user.py:5 *",
        ]
    )
    shown = result.stdout.str().split("short test summary")[0]
    assert "During handling" not in shown
    for internal in ("pytest_plugin", "checker.py", "cases.py", "liars.py"):
        assert internal not in shown, internal


def test_a_surviving_lie_is_told_at_the_user_s_line(run) -> None:
    result = run(
        """
def test_liars(check_circuit):
    check_circuit.liars(ROOTED, {"x": 9})
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">       check_circuit.liars(*",
            "E       Failed: circuit 'rooted' accepts lies: *",
            "E         root_1 = * instead of 3 at test_user.py:9",
        ]
    )
    assert "liars.py" not in result.stdout.str()


def test_valid_cases_are_proven_on_request(run) -> None:
    result = run(
        """
def test_proof(check_circuit):
    check_circuit(COVERED, valid=[{"debt": 3, "cover": 3}, {"debt": 0, "cover": 9}], prover=True)
"""
    )
    result.assert_outcomes(passed=1)


def test_what_cannot_be_proven_fails_the_test() -> None:
    """The prover is asked: a witness that no constraint was run on is refused by it."""
    circuit = build(lambda c: assert_zero(c.private("x") * c.public("y") - 6), name="six")
    checker._proven(circuit, [circuit.witness({"x": 2, "y": 3})])
    with pytest.raises(AssertionError, match="circuit 'six' cannot be proven: UnsatisfiedWitness"):
        checker._proven(circuit, [circuit.witness({"x": 2, "y": 4})])


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [("native", ("native",)), ("reference", ("reference",)), ("both", ("native", "reference")), (None, None)],
)
def test_the_option_chooses_engines(run, chosen: str | None, expected: tuple[str, ...] | None) -> None:
    arguments = [] if chosen is None else [f"--zkmargin-engine={chosen}"]
    run(f"def test_choice(check_circuit): assert check_circuit.engines == {expected!r}", *arguments).assert_outcomes(
        passed=1
    )


def test_the_engines_chosen_are_those_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[object] = []
    monkeypatch.setattr(checker.toolkit, "check_circuit", lambda *a, engines, prove: used.append(engines))
    circuit = build(lambda c: assert_zero(c.private("x")), name="zero")
    checker.CircuitChecker(("reference",))(circuit, [{"x": 0}])
    checker.CircuitChecker()(circuit, [{"x": 0}])
    small = build(_zero, name="zero", curve=checker.toolkit.tiny_field(13))
    checker.CircuitChecker(("reference",))(small, [{"x": 0}])
    assert used == [("reference",), engines_for(circuit.r1cs.curve), ["plain"]]


def _zero(c: Circuit) -> None:
    assert_zero(c.private("x"))


def test_an_unknown_engine_is_refused_by_the_command_line(run) -> None:
    result = run("", "--zkmargin-engine=gpu")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_pytest_starts_without_the_circuits() -> None:
    code = "import sys, zkmargin.pytest_plugin; sys.exit(any(m.startswith('zkmargin.circuits') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_examples_of_the_page_pass(run) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    run(example).assert_outcomes(passed=3)


def test_the_entry_point_names_the_plugin() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    plugin = import_module(project["entry-points"]["pytest11"]["zkmargin"])
    assert callable(plugin.pytest_addoption)
    assert not any("pytest" in requirement for requirement in project["dependencies"])
