"""`zkmargin export solidity|vyper`: what is written compiles elsewhere and decides as the library does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from zkmargin.algebra import Engine
from zkmargin.cli import main
from zkmargin.verifier.evm.compile import Compiled, compile_contract
from zkmargin.verifier.evm.encoding import proof_words

from ..verifier.trapdoor import Trapdoor
from .chain import Chain
from .solc import compile_solidity

INPUTS = [3, 1, 4, 1, 5, 9, 2]


@pytest.fixture(scope="module")
def trapdoor(best_engine: Engine) -> Trapdoor:
    return Trapdoor(best_engine, 7)


def exported(tmp_path: Path, language: str, key: dict[str, Any], *options: str) -> tuple[int, str, str]:
    """Exit code, the file's text if there is one, and what was said."""
    (tmp_path / "vk.json").write_text(json.dumps(key))
    out = tmp_path / f"Verifier.{language}"
    result = CliRunner().invoke(main, ["export", language, str(tmp_path / "vk.json"), str(out), *options])
    return result.exit_code, out.read_text() if out.exists() else "", result.output


def compiled(language: str, source: str) -> Compiled:
    if language == "solidity":
        return compile_solidity(source)[0]
    return compile_contract("Exported", {"Exported": source})


@pytest.mark.parametrize("language", ["solidity", "vyper"])
def test_what_is_exported_decides_as_the_library(
    node: Chain, trapdoor: Trapdoor, tmp_path: Path, language: str
) -> None:
    code, source, said = exported(tmp_path, language, trapdoor.key.to_json(), "--fix", "3", "--fix", "1")
    assert (code, "5 public inputs" in said) == (0, True)
    contract = node.deploy(compiled(language, source))
    words = proof_words(trapdoor.forge(INPUTS))
    assert contract.functions.verify(words, INPUTS[2:]).call() is True
    assert contract.functions.verify(words, [5, *INPUTS[3:]]).call() is False
    assert contract.functions.verify(proof_words(trapdoor.forge([4, *INPUTS[1:]])), INPUTS[2:]).call() is False


def test_vyper_in_one_file_is_the_same_code(trapdoor: Trapdoor, tmp_path: Path) -> None:
    from zkmargin.verifier.evm.contracts import verifier_contract

    _, source, _ = exported(tmp_path, "vyper", trapdoor.key.to_json())
    assert "import" not in source.split('"""')[2]
    assert compiled("vyper", source).runtime == verifier_contract(trapdoor.key).runtime


@pytest.mark.parametrize("language", ["solidity", "vyper"])
def test_a_development_key_needs_its_name(trapdoor: Trapdoor, tmp_path: Path, language: str) -> None:
    key = replace(trapdoor.key, development=True).to_json()
    code, source, said = exported(tmp_path, language, key)
    assert (code, source) == (1, "")
    assert "--allow-development-key" in said
    assert exported(tmp_path, language, key, "--allow-development-key")[0] == 0


def test_wrong_fixed_inputs(trapdoor: Trapdoor, tmp_path: Path) -> None:
    key = trapdoor.key.to_json()
    for options in (["--fix", "1"] * 8, ["--fix", str(2**254)], ["--fix", "-1"]):
        code, source, _ = exported(tmp_path, "solidity", key, *options)
        assert (code, source) == (2, "")
