"""A venue's book at the command line, up to an opening that its owner proves from."""

from __future__ import annotations

import json
import shlex
import stat
from pathlib import Path

import pytest

from zkmargin.settlement.example_market import example_risk_document

from .conftest import MarginFiles, invoke

PAGE = Path(__file__).parents[2] / "docs/account-book.md"

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture
def risk_path(tmp_path: Path) -> Path:
    path = tmp_path / "risk.json"
    path.write_text(json.dumps(example_risk_document().to_json()))
    return path


@pytest.fixture
def book(tmp_path: Path, risk_path: Path) -> Path:
    """Account 0 holds 10,000 USDC."""
    path = tmp_path / "alpha.book"
    done = invoke("account", "init", path, "--name", "Alpha", "--venue-id", 1001, "--risk", risk_path)
    assert done.code == 0, done.stderr
    assert invoke("account", "open", path, "--key-commitment", 7).code == 0
    assert invoke("account", "deposit", path, 0, "10000 USDC").code == 0
    return path


def test_the_page_s_own_example(tmp_path: Path, risk_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = [
        shlex.split(line.replace("TARGET", "5"))[1:]
        for line in PAGE.read_text().splitlines()
        if line.startswith("    zkmargin account ")
    ]
    assert len(commands) > 5
    for command in commands:
        done = invoke(*command)
        assert done.code == 0, (command, done.stderr)


def test_orders_move_the_account(book: Path) -> None:
    orders = [
        ("trade", 0, "sell", "0.1 BTC-PERP", "--receive", "3.5 USDC", "--pay", "1 USDC"),
        ("borrow", 0, "0.01 ETH"),
        ("repay", 0, "0.004 ETH"),
        ("withdraw", 0, "100 USDC"),
        ("reserve", 0, "250.5 USD", "--target", 5),
    ]
    for sequence, (name, *arguments) in enumerate(orders, 2):
        done = invoke("account", name, book, *arguments, "--json")
        assert (done.code, done.json) == (0, {"account": 0, "sequence": sequence}), done.stderr
    shown = invoke("account", "show", book, 0, "--json").json
    assert shown["balances"] == {"ETH": "0.006 ETH", "USDC": "9902.5 USDC"}
    assert shown["debts"] == {"ETH": "0.006 ETH"}
    assert shown["positions"] == {"BTC-PERP": "-0.1 units"}
    assert shown["reservations"] == [{"target": "5", "amount": "250.5 USD"}]
    released = invoke("account", "release", book, 0, "--target", 5, "--through", 6, "--json")
    assert released.json == {"account": 0, "sequence": 7, "freed": "250.5 USD"}
    text = invoke("account", "show", book, 0).stdout
    assert "-0.1 units of BTC-PERP" in text
    assert "reserved" not in text


def test_refusals_have_exit_code_1_and_bad_orders_2(book: Path) -> None:
    refusals = [
        ("withdraw", 0, "10001 USDC"),
        ("trade", 0, "buy", "100 BTC-PERP"),
        ("reserve", 0, "10001 USD", "--target", 5),
        ("release", 0, "--target", 5, "--through", 1),
    ]
    mistakes = [
        ("withdraw", 1, "1 USDC"),
        ("withdraw", 0, "1 DOGE"),
        ("withdraw", 0, "10e3 USDC"),
        ("deposit", 0, "-1 USDC"),
        ("deposit", 0, "0 USDC"),
        ("trade", 0, "hold", "1 BTC-PERP"),
        ("reserve", 0, "1 BTC", "--target", 5),
        ("reserve", 0, "1 USD", "--target", "five"),
    ]
    for code, orders in ((1, refusals), (2, mistakes)):
        for name, *arguments in orders:
            assert invoke("account", name, book, *arguments).code == code, (name, arguments)
    assert invoke("account", "show", book, 0, "--json").json["sequence"] == 1


def test_an_opening_is_private_and_of_any_kept_epoch(book: Path, tmp_path: Path) -> None:
    out = tmp_path / "account.json"
    assert invoke("account", "opening", book, 0, "-o", out).code == 2, "nothing is published"
    assert invoke("account", "publish", book, "--json").json["epoch"] == 1
    invoke("account", "deposit", book, 0, "1 BTC")
    second = invoke("account", "publish", book, "--keep", 2, "--json").json
    assert (second["epoch"], second["accounts"], second["first_kept_epoch"]) == (2, 1, 1)
    for epoch, sequence in ((1, 1), (2, 2)):
        done = invoke("account", "opening", book, 0, "-o", out, "--epoch", epoch, "--force")
        assert done.code == 0, done.stderr
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        assert json.loads(out.read_text())["openings"][0]["sequence"] == sequence
    assert invoke("account", "opening", book, 0, "-o", out).code == 2, "not overwritten without --force"
    assert invoke("account", "show", book, 0, "--epoch", 1, "--json").json["balances"] == {"USDC": "10000 USDC"}
    invoke("account", "publish", book, "--keep", 1)
    assert "no longer kept" in invoke("account", "show", book, 0, "--epoch", 1).stderr


def test_history_and_verification(book: Path, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.csv"
    accounts.write_text("\ufeffkey_commitment,USDC,BTC\n5,1.5,\n6,,2\n", encoding="utf-8")  # as spreadsheets save it
    assert invoke("account", "import", book, accounts, "--json").json == {"accounts": 2, "first": 1}
    invoke("account", "trade", book, 0, "buy", "0.1 BTC-PERP", "--pay", "2 USDC")
    invoke("account", "reserve", book, 0, "5 USD", "--target", 9)
    events = invoke("account", "events", book, "--account", 0, "--json").json["events"]
    assert [event["kind"] for event in events] == ["open", "deposit", "trade", "reserve"]
    assert events[2]["quantity"] == "0.1 BTC-PERP"
    assert events[2]["cash"] == ["-2 USDC"]
    assert "deposit: amount 1.5 USDC" in invoke("account", "events", book, "--after", 2).stdout
    listed = invoke("account", "list", book, "--from", 1, "--json").json
    assert (listed["accounts"], [row["account"] for row in listed["shown"]]) == (3, [1, 2])
    verified = invoke("account", "verify", book, "--json")
    assert (verified.json["events"], verified.json["accounts"]) == (8, 3)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "is empty"),
        ("key,USDC\n1,1\n", "line 1"),
        ("key_commitment,DOGE\n1,1\n", "line 1"),
        ("key_commitment,USDC,USDC\n1,1,1\n", "line 1"),
        ("key_commitment,USDC\n1,1\n2\n", "line 3"),
        ("key_commitment,USDC\n1,1\n2,-1\n", "line 3, USDC"),
        ("key_commitment,USDC\n1,1\nx,1\n", "line 3, key_commitment"),
        ('key_commitment,USDC\n1,"1\n', "line 2 is no CSV"),
        ("key_commitment,USDC\n1,1\n2,999999999999\n", "line 3, USDC"),
        (f"key_commitment,USDC\n{'1' * 200_000},1\n", "line 2 is no CSV"),
    ],
)
def test_a_bad_import_changes_nothing(book: Path, tmp_path: Path, text: str, where: str) -> None:
    accounts = tmp_path / "accounts.csv"
    accounts.write_text(text)
    done = invoke("account", "import", book, accounts)
    assert done.code == 2
    assert where in done.stderr
    assert invoke("account", "list", book, "--json").json["accounts"] == 1


def test_a_book_is_not_overwritten_and_not_made_in_passing(book: Path, risk_path: Path, tmp_path: Path) -> None:
    again = invoke("account", "init", book, "--name", "B", "--venue-id", 1, "--risk", risk_path)
    assert again.code == 2
    assert "--force" not in again.stderr, "there is none"
    missing = invoke("account", "deposit", tmp_path / "none.book", 0, "1 BTC")
    assert missing.code == 2
    assert "account init" in missing.stderr
    assert not (tmp_path / "none.book").exists()


def test_a_risk_table_in_other_terms_is_refused(book: Path, risk_path: Path) -> None:
    assert invoke("account", "set-risk", book, risk_path, "--horizon-ms", 60_000).code == 0
    document = json.loads(risk_path.read_text())
    document["assets"][2]["name"] = "DOGE"
    risk_path.write_text(json.dumps(document))
    done = invoke("account", "set-risk", book, risk_path)
    assert (done.code, "assets" in done.stderr) == (2, True)


def opening_at(venue: int, others: list[int], risk_path: Path, tmp_path: Path, key: int = 7) -> Path:
    book, out = tmp_path / f"{venue}-{key}.book", tmp_path / f"{venue}-{key}.json"
    netted = [part for other in others for part in ("--with-venue", other)]
    for name, *arguments in (
        ("init", book, "--name", "V", "--venue-id", venue, "--risk", risk_path),
        ("open", book, "--key-commitment", key, *netted),
        ("publish", book),
        ("opening", book, 0, "-o", out),
    ):
        assert invoke("account", name, *arguments).code == 0
    return out


def test_openings_of_netted_accounts_are_joined_in_the_venues_order(risk_path: Path, tmp_path: Path) -> None:
    high, low = (opening_at(a, [b], risk_path, tmp_path) for a, b in ((20, 10), (10, 20)))
    done = invoke("account", "join", high, low, "--risk", risk_path, "-o", tmp_path / "both.json", "--json")
    assert done.json["venues"] == [10, 20]
    assert [row["venue_id"] for row in json.loads((tmp_path / "both.json").read_text())["openings"]] == [10, 20]
    stranger = opening_at(10, [20], risk_path, tmp_path, key=8)
    alone = opening_at(30, [], risk_path, tmp_path)
    for other in (high, stranger, alone):
        refused = invoke("account", "join", high, other, "--risk", risk_path, "-o", tmp_path / "no.json")
        assert refused.code == 2
        assert not (tmp_path / "no.json").exists()


def test_the_owner_proves_from_a_book_s_opening(shared: MarginFiles, tmp_path: Path) -> None:
    """The demo's secret, request and key; the account is a new one, in a book of its own."""
    book, out = tmp_path / "alpha.book", tmp_path / "account.json"
    commitment = json.loads((shared / "secret.json").read_text())["key_commitment"]
    target = json.loads((shared / "proof/public.json").read_text())[0]
    commands = [
        ("init", "--name", "Alpha", "--venue-id", 1001, "--risk", shared / "risk.json"),
        ("open", "--key-commitment", 12345),
        ("open", "--key-commitment", commitment),
        ("deposit", 1, "100000 USDC"),
        ("reserve", 1, "60000 USD", "--target", target),
        ("publish",),
        ("opening", 1, "-o", out),
    ]
    for name, *arguments in commands:
        done = invoke("account", name, book, *arguments)
        assert done.code == 0, done.stderr
    proved = invoke("prove", "--key", shared / "small.zkey", *shared.documents(account=out), "-o", tmp_path / "proof")
    assert proved.code == 0, proved.stderr
