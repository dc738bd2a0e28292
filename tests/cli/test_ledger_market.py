"""`zkmargin ledger observe-market`: a market snapshot held against the limits of a ledger's breaker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import MarginFiles, edited, invoke

pytestmark = pytest.mark.xdist_group("cli")


def limited(config: Any) -> None:
    config["breaker"] |= {"max_disagreement": "0.1 %", "max_price_gap": "5 %"}


@pytest.fixture
def ledger(margin: MarginFiles, tmp_path: Path) -> Path:
    folder = tmp_path / "ledger"
    edited(margin / "ledger-config.json", limited)
    config = ["--config", margin / "ledger-config.json", "--key", margin / "verification_key.json"]
    assert invoke("ledger", "init", folder, *config).code == 0
    return folder


def at_price(price: str, confidence: str, time_ms: int) -> Any:
    def change(snapshot: Any) -> None:
        snapshot["time_ms"] = time_ms
        snapshot["prices"] = {"BTC": snapshot["prices"]["BTC"] | {"price": price, "confidence": confidence}}

    return change


@pytest.mark.parametrize(
    ("price", "confidence", "position", "reason"),
    [
        ("64000 USD", "64 USD", "closed", ""),
        ("64000 USD", "64.1 USD", "open", "oracles disagree by 1002 ppm, 1000 are allowed"),
        ("67200 USD", "1 USD", "closed", ""),
        ("67201 USD", "1 USD", "open", "prices jumped by 50016 ppm, 50000 are allowed"),
    ],
)
def test_disagreement_and_gaps_open_the_breaker(
    ledger: Path, margin: MarginFiles, tmp_path: Path, price: str, confidence: str, position: str, reason: str
) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    for path in (before, after):
        path.write_bytes((margin / "snapshot.json").read_bytes())
    edited(before, at_price("64000 USD", "1 USD", 1_000))
    edited(after, at_price(price, confidence, 2_000))
    done = invoke("ledger", "observe-market", ledger, after, "--previous", before, "--json")
    assert (done.code, done.json["breaker"]) == (0, position)
    breaker = invoke("ledger", "show", ledger, "--json").json["breakers"][0]
    assert (breaker["position"], breaker["reason"]) == (position, reason)


def test_a_snapshot_of_another_market_is_refused(ledger: Path, margin: MarginFiles) -> None:
    edited(margin / "snapshot.json", lambda snapshot: snapshot.update(market="other"))
    done = invoke("ledger", "observe-market", ledger, margin / "snapshot.json")
    assert (done.code, "of the market other" in done.stderr) == (2, True)
