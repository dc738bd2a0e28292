"""docs/market-data.md says what the code does: the signed type, the reasons, the formats, the example configuration."""

from __future__ import annotations

import json
import re
from pathlib import Path

from zkmargin.settlement.market import (
    MarketConfig,
    Reason,
    bundle,
    config,
    history,
    option_chain,
    quotes_document,
    signing,
    snapshot,
)
from zkmargin.settlement.market.report import DOMAIN_NAME, DOMAIN_VERSION, TYPES

PAGE = (Path(__file__).parents[2] / "docs/market-data.md").read_text()


def test_the_signed_type_is_on_the_page() -> None:
    assert f"      {TYPES.encode_type('MarketReport')}\n" in PAGE
    assert f"`name` is `{DOMAIN_NAME}`, `version` is `{DOMAIN_VERSION}`" in PAGE


def test_every_reason_is_on_the_page_in_its_order() -> None:
    section = PAGE[PAGE.index("### Which reports count") : PAGE.index("### Breaker")]
    assert re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE) == [reason.value for reason in Reason]


def test_every_format_is_on_the_page() -> None:
    formats = {module.FORMAT for module in (bundle, config, history, option_chain, quotes_document, snapshot)}
    formats |= {signing.REPORT_FORMAT, signing.KEY_FORMAT}
    assert set(re.findall(r"`(zkmargin\.[a-z-]+/\d)`", PAGE)) == formats


def test_the_example_configuration_is_one() -> None:
    found = re.search(r"^    \{\n.*?^    \}\n", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    text = found[0]
    for number, size in enumerate((32, 20, 32), start=1):
        text = text.replace('"0x..."', f'"0x{number:02x}{"00" * (size - 1)}"', 1)
    assert MarketConfig.from_json(text).quorum == 3
    assert json.loads(text)["market"] == "spot"
