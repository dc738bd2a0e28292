"""Solidity's compiler from npm, and snarkjs's own template of a verifier to compile beside ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from zkmargin.verifier.evm.compile import Compiled

from .anvil import MODULES

TIMEOUT_S = 120
_COMPILE = """
const solc = require(process.argv[1]);
const sources = JSON.parse(require("fs").readFileSync(0, "utf8"));
const input = {language: "Solidity", sources: sources, settings: {
  evmVersion: "cancun", optimizer: {enabled: true, runs: 1000000},
  outputSelection: {"*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}}}};
process.stdout.write(solc.compile(JSON.stringify(input)));
"""
_RENDER = """
const ejs = require(process.argv[1]), fs = require("fs");
process.stdout.write(ejs.render(fs.readFileSync(process.argv[2], "utf8"), JSON.parse(fs.readFileSync(0, "utf8"))));
"""


def compile_solidity(*sources: str) -> list[Compiled]:
    """The one contract of each source, in one run; a warning is a failure, as a user would see it."""
    given = {f"{index}.sol": {"content": source} for index, source in enumerate(sources)}
    output = json.loads(_node(_COMPILE, json.dumps(given), MODULES / "solc"))
    assert not output.get("errors"), output["errors"]
    return [_contract(output["contracts"][name], content["content"]) for name, content in given.items()]


def _contract(found: dict[str, Any], source: str) -> Compiled:
    ((name, contract),) = found.items()
    code = contract["evm"]
    initcode, runtime = (bytes.fromhex(code[part]["object"]) for part in ("bytecode", "deployedBytecode"))
    return Compiled(name, contract["abi"], initcode, runtime, {f"{name}.sol": source})


def snarkjs_verifier(verification_key: dict[str, Any]) -> str:
    """What `snarkjs zkey export solidityverifier` writes for this key: its template, rendered as it renders it."""
    template = MODULES / "snarkjs" / "templates" / "verifier_groth16.sol.ejs"
    return _node(_RENDER, json.dumps(verification_key), MODULES / "ejs", template)


def _node(script: str, given: str, *arguments: Any) -> str:
    node = shutil.which("node")
    if node is None or not (MODULES / "solc").exists():
        if os.environ.get("ZKMARGIN_REQUIRE_INTEROP") == "1":
            pytest.fail("ZKMARGIN_REQUIRE_INTEROP=1, and node or solc is not installed: npm ci --prefix tests/interop")
        pytest.skip("node or solc is not installed here (npm ci --prefix tests/interop)")
    done = subprocess.run(
        [node, "-e", script, *map(str, arguments)],
        input=given,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    return done.stdout
