"""What `import zkmargin.verifier` brings into a process: the standard library, the ground floor, and itself."""

from __future__ import annotations

import json
import subprocess
import sys

LIST = "import sys, json; before = set(sys.modules); {statement}; print(json.dumps(sorted(set(sys.modules) - before)))"
EVERYTHING = "from zkmargin.verifier import *"
"""Its names are loaded one by one, when they are asked for."""
NOT_AT_IMPORT = (
    "zkmargin.verifier.evm",
    "zkmargin.verifier.ledger.postgres",
    "zkmargin.verifier.service",
)
"""Parts with requirements of their own, imported by those who use them."""
SLOW_OF_THE_STANDARD_LIBRARY = {"asyncio", "http", "multiprocessing", "ssl", "unittest", "urllib.request", "xml"}
"""Each would cost more than all of the verifier's own modules together, or drag in what does."""


def modules_of(statement: str) -> set[str]:
    """The modules that a statement brings into a fresh interpreter."""
    command = [sys.executable, "-c", LIST.format(statement=statement)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


def test_nothing_but_the_standard_library_the_ground_floor_and_itself() -> None:
    loaded = modules_of(EVERYTHING)
    foreign = {name for name in loaded if name.partition(".")[0] not in {*sys.stdlib_module_names, "zkmargin"}}
    assert not foreign
    rooms = {name.split(".")[1] for name in loaded if name.startswith("zkmargin.")}
    assert rooms == {"algebra", "verifier"}


def test_none_of_the_parts_that_have_requirements_of_their_own() -> None:
    loaded = modules_of(EVERYTHING)
    assert not [name for name in loaded if name.startswith(NOT_AT_IMPORT)]
    assert not loaded & SLOW_OF_THE_STANDARD_LIBRARY


def test_the_engine_is_chosen_without_numpy() -> None:
    """numpy comes with the first bulk call of the reference engine; a verifier with the native one never needs it."""
    loaded = modules_of(EVERYTHING + "; import zkmargin.algebra as a; a.get_engine()")
    assert not {name for name in loaded if name.partition(".")[0] in {"numpy", "py_ecc", "galois"}}


def test_every_public_name_is_there() -> None:
    statement = (
        "import zkmargin.verifier as v; missing = [n for n in v.__all__ if not hasattr(v, n)]; assert not missing"
    )
    assert "zkmargin.verifier" in modules_of(statement)
