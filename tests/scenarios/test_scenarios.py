"""The same scenarios against the ledger in Python, on each store, and the contract: same decisions, same order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zkmargin.algebra import Engine

from ..verifier.trapdoor import Trapdoor
from .document import FOLDER, Run, Scenario, scenarios, trapdoor
from .random_steps import RandomSteps

SCENARIOS = scenarios()
by_name = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@pytest.fixture(scope="module")
def key(best_engine: Engine) -> Trapdoor:
    return trapdoor(best_engine)


@by_name
def test_the_ledger_decides_as_written(scenario: Scenario, key: Trapdoor, ledger_place: str) -> None:
    from .ledgers import PythonLedger

    ledger = PythonLedger(ledger_place, key)
    try:
        assert Run(ledger, key).outcomes(scenario) == scenario.expected("ledger")
    finally:
        ledger.close()


@pytest.fixture(scope="module")
def contract(key: Trapdoor) -> Iterator[object]:
    """On a node of its own, deployed once."""
    pytest.importorskip("web3")
    from ..evm.anvil import running_anvil
    from ..evm.chain import Chain
    from .ledgers import ContractLedger

    with running_anvil() as url:
        yield ContractLedger(Chain(url), key)


@by_name
def test_the_contract_decides_as_written(scenario: Scenario, key: Trapdoor, contract: object) -> None:
    from .ledgers import ContractLedger

    assert isinstance(contract, ContractLedger)
    snapshot = contract._chain.snapshot()
    try:
        assert Run(contract, key).outcomes(scenario) == scenario.expected("contract")
    finally:
        contract._chain.revert(snapshot)


@pytest.mark.parametrize("seed", [0, 6])
def test_ledger_and_contract_decide_alike_whatever_comes(
    seed: int, key: Trapdoor, contract: object, tmp_path: Path
) -> None:
    from .ledgers import ContractLedger, PythonLedger

    assert isinstance(contract, ContractLedger)
    scenario = RandomSteps(seed).scenario(60)
    ledger = PythonLedger(str(tmp_path / "ledger.sqlite"), key)
    snapshot = contract._chain.snapshot()
    try:
        expected, found = (Run(each, key).outcomes(scenario) for each in (ledger, contract))
    finally:
        contract._chain.revert(snapshot)
        ledger.close()
    assert list(zip(scenario.steps, found, strict=True)) == list(zip(scenario.steps, expected, strict=True))


def test_every_refusal_is_in_a_scenario() -> None:
    """Each code with which a request or a report can be refused, but those that no scenario can reach."""
    from zkmargin.verifier.errors import ObservationRejected, Rejected

    named = {
        outcome
        for scenario in SCENARIOS
        for expected in scenario.expected("ledger")
        for outcome in (expected if isinstance(expected, list) else [expected])
    }
    codes = {kind.__new__(kind).code for base in (Rejected, ObservationRejected) for kind in base.__subclasses__()}
    assert codes - named == set()
    assert {"unknown-settlement", "point-error"} <= named


def test_the_page_describes_every_member_in_use() -> None:
    page = (FOLDER.parent / "README.md").read_text()
    rows = [row for scenario in SCENARIOS for step in scenario.steps for row in (step, *step.get("requests", []))]
    used = {name for row in rows for name in row} | {row["do"] for row in rows if "do" in row}
    used |= {row["tamper"] for row in rows if "tamper" in row}
    assert {name for name in used if f"`{name}`" not in page} == set()
