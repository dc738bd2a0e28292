"""Lines of roots: what a file or a server may say, and that nothing else is taken for a root."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.verifier.errors import SourceError, SourceMalformed, SourceUnavailable
from zkmargin.verifier.roots import FileSource, RootView
from zkmargin.verifier.roots.feed import MAX_BYTES, read_lines

from ..verifier.world import CHAIN, NOW, ROOT, root_attestation


def line(epoch: int = 8, value: int = ROOT, /, **changes: Any) -> str:
    document = {
        "format": "zkmargin.source-root/1",
        "chain_id": CHAIN,
        "epoch": epoch,
        "root": str(value),
        "observed_at_ms": NOW,
    }
    return json.dumps({**document, **changes}) + "\n"


def attested_line(epoch: int = 8) -> str:
    return json.dumps(root_attestation(epoch, ROOT + epoch).to_json()) + "\n"


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "roots.jsonl"
    path.write_text(line(8) + "\n" + line(9, ROOT + 9) + attested_line(10))
    return path


def view_of(path: Path, **options: Any) -> RootView:
    return FileSource(path, **options).poll((), 0)


def test_lines_are_roots(feed: Path) -> None:
    view = view_of(feed)
    assert [(report.epoch, report.attestation is not None) for report in view.final] == [
        (8, False),
        (9, False),
        (10, True),
    ]
    assert view.withdrawn == ()


def test_a_line_that_is_still_being_written_waits(feed: Path) -> None:
    whole = feed.read_text()
    feed.write_text(whole + line(11).rstrip("\n"))
    assert [report.epoch for report in view_of(feed).final] == [8, 9, 10]


def test_a_root_can_be_withdrawn_with_a_reason(feed: Path) -> None:
    feed.write_text(feed.read_text() + line(9, ROOT + 9, withdrawn="reorganised"))
    view = view_of(feed)
    assert [report.epoch for report in view.final] == [8, 10]
    assert [(gone.epoch, gone.reason) for gone in view.withdrawn] == [(9, "reorganised")]


def test_old_roots_are_left_out(feed: Path) -> None:
    assert FileSource(feed).poll((), NOW + 1).final == ()


@pytest.mark.parametrize(
    "bad",
    [
        line(format="zkmargin.source-root/2"),
        line(more=1),
        line(chain_id=-1),
        line(chain_id="1"),
        line(1 << 64),
        line(True),
        line(root=5),
        line(root="05"),
        line(root=str(1 << 255)),
        line(observed_at_ms="now"),
        line(withdrawn=""),
        line(withdrawn=" "),
        line(withdrawn="x" * 201),
        line(withdrawn=None),
        '{"format": "zkmargin.source-root/1"}\n',
        "[]\n",
        "5\n",
        "{\n",
        "\0\n",
        "[" * 5000 + "\n",
        " " * (1 << 14) + "{}\n",
    ],
)
def test_one_bad_line_refuses_all(feed: Path, bad: str) -> None:
    feed.write_text(feed.read_text() + bad)
    with pytest.raises(SourceMalformed, match="line 5"):
        view_of(feed)


def test_where_only_signatures_count_a_plain_root_is_refused(feed: Path) -> None:
    with pytest.raises(SourceMalformed, match="line 1: source root: not an attestation"):
        view_of(feed, signed_only=True)
    feed.write_text(attested_line())
    assert [report.epoch for report in view_of(feed, signed_only=True).final] == [8]


def test_a_file_that_everybody_can_write_is_not_trusted(feed: Path) -> None:
    feed.chmod(0o666)
    with pytest.raises(SourceMalformed, match="everybody"):
        view_of(feed)
    feed.write_text(attested_line())
    assert view_of(feed, signed_only=True).final


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable):
        view_of(tmp_path / "absent")
    with pytest.raises(SourceError):
        view_of(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(SourceMalformed, match="regular"):
        view_of(tmp_path / "fifo")


def test_a_file_without_end_is_not_read_to_it(feed: Path) -> None:
    feed.write_bytes(b"\n" * (MAX_BYTES + 1))
    with pytest.raises(SourceMalformed, match="longer"):
        view_of(feed)


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_view_or_malformed(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.jsonl"
    path.write_bytes(data + b"\n")
    with suppress(SourceMalformed):
        view_of(path)


def test_the_empty_feed_is_empty() -> None:
    assert read_lines(b"", 0) == RootView()
