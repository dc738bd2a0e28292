"""The embedder's page holds: its programs run, it names every public name, and each of them says what it is."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

import zkmargin.verifier
import zkmargin.verifier.aio
import zkmargin.verifier.errors
from zkmargin.algebra import Engine, ZkMarginError

from ..examples.venue import Venue

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/embedding.md").read_text()
ROWS, BELOW = PAGE[PAGE.index("## Every public name") :].split("From `zkmargin.verifier.aio`")
CONSTANTS = {"PROOF_FORMS", "QUEUE_LIMIT", "BATCH_LIMIT"}


def test_the_programs_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, best_engine: Engine) -> None:
    """One after another, as a reader would type them, in a folder with the files that they read."""
    venue = Venue(tmp_path / "ledger", best_engine)
    request = venue.request(1)
    files = {
        "verification_key.json": venue.world.trapdoor.key.to_json(),
        "public.json": [str(value) for value in request.public_inputs],
        "proof.json": request.proof.to_json(),
        "settlement.json": request.to_json(),
    }
    for name, document in files.items():
        (tmp_path / name).write_text(json.dumps(document))
    monkeypatch.chdir(tmp_path)
    programs = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(programs) == 3
    names: dict[str, Any] = {"__name__": "embedding"}
    for program in programs:
        exec(compile(program, "embedding.md", "exec"), names)
    with venue.open() as ledger:
        assert len(ledger.receipts()) == 1


def named(text: str) -> list[str]:
    return re.findall(r"`([A-Za-z_]+)`", text)


def test_every_public_name_is_on_the_page_once() -> None:
    rows = [row for row in ROWS.splitlines() if row.startswith("| ")][2:]
    found = [name for row in rows for name in named(row)]
    assert sorted(found) == sorted(zkmargin.verifier.__all__)
    assert set(zkmargin.verifier.aio.__all__) <= set(named(BELOW))


@pytest.mark.parametrize("module", [zkmargin.verifier, zkmargin.verifier.aio], ids=lambda module: module.__name__)
def test_every_public_name_says_what_it_is(module: Any) -> None:
    """In words of its own: a dataclass without a docstring has its signature for one, an error its base class's."""
    for name in set(module.__all__) - CONSTANTS:
        item = getattr(module, name)
        text = item.__dict__.get("__doc__") if inspect.isclass(item) else item.__doc__
        assert text, name
        assert not text.startswith(f"{name}("), name


def test_every_public_method_of_the_ledger_has_its_twin() -> None:
    """The page says that the coroutines are the same methods; what looks through the whole log is left to threads."""
    ledger, twin = zkmargin.verifier.MarginLedger, zkmargin.verifier.aio.AsyncMarginLedger
    methods = {name for name, value in vars(ledger).items() if inspect.isfunction(value) and not name.startswith("_")}
    missing = methods - set(vars(twin)) - {"verify_log"}
    assert not missing
    for name in methods - {"verify_log", "close"}:
        assert inspect.iscoroutinefunction(getattr(twin, name)), name
        synchronous, asynchronous = (list(inspect.signature(getattr(kind, name)).parameters) for kind in (ledger, twin))
        assert synchronous == asynchronous, name


def test_every_refusal_is_named_in_the_order_of_the_checks() -> None:
    """Which is that of the tree in `errors.py`."""
    (row,) = [row for row in ROWS.splitlines() if row.startswith("| refusals")]
    refusals = [name for name in named(row) if name != "Rejected"]
    tree = zkmargin.verifier.errors.__doc__ or ""
    places = [tree.index(f"-- {name} ") for name in refusals]
    assert places == sorted(places)
    kinds = {name for name in zkmargin.verifier.__all__ if _is_refusal(getattr(zkmargin.verifier, name))}
    assert kinds == {"Rejected", *refusals}


def _is_refusal(item: object) -> bool:
    return inspect.isclass(item) and issubclass(item, ZkMarginError) and issubclass(item, zkmargin.verifier.Rejected)
