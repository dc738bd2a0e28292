"""Feeding a ledger with roots from a file, a server or a node of the source chain. A part of `zkmargin ledger`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import click

from zkmargin.verifier.roots import (
    FileSource,
    Finality,
    FollowEvent,
    HttpSource,
    JsonRpc,
    NodeSource,
    RootFollower,
    RootSource,
)

from .errors import Misuse
from .interruption import until_interrupted
from .ledger_place import UINT64, Place, on_ledger
from .options import Command
from .output import Output

FINALIZED = "finalized"


@click.command("follow", cls=Command)
@on_ledger
@click.option(
    "--from",
    "origin",
    required=True,
    metavar="SOURCE",
    help="file:PATH, https://URL, node:URL, or node:env:NAME for a URL in the environment variable NAME.",
)
@click.option("--signed-only", is_flag=True, help="Take nothing but attestations by the ledger's root signers.")
@click.option("--chain-id", type=click.IntRange(0, UINT64), help="Node: the source chain's id in the ledger's routes.")
@click.option("--contract", metavar="ADDRESS", help="Node: the contract that publishes the roots.")
@click.option(
    "--finality",
    default=FINALIZED,
    show_default=True,
    metavar="N|finalized",
    help="Node: how many blocks must lie on a root's block.",
)
@click.option("--network-id", type=click.IntRange(1, UINT64), help="Node: refuse a node of another network than this.")
@click.option("--interval", type=click.FloatRange(0.05, 3600), default=5.0, show_default=True, metavar="SECONDS")
@click.option("--once", is_flag=True, help="Poll once and end; exit code 2 where the source cannot be asked.")
@click.pass_obj
def follow(
    output: Output,
    place: Place,
    origin: str,
    signed_only: bool,
    chain_id: int | None,
    contract: str | None,
    finality: str,
    network_id: int | None,
    interval: float,
    once: bool,
) -> None:
    """Observe roots as they become final, and retract those that a reorganisation takes away.

    Ctrl-C or SIGTERM ends it. It can be started again at any time: what it knows is in the ledger.
    """
    if origin.startswith("node:"):
        if chain_id is None or contract is None:
            raise Misuse("a node needs --chain-id and --contract")
        if signed_only:
            raise Misuse("--signed-only is for files and servers: a node's events carry no signatures")
        node = JsonRpc(_node_url(origin.removeprefix("node:")))
        source: RootSource = NodeSource(node, chain_id, _address(contract), _finality(finality), network_id=network_id)
    elif origin.startswith("file:"):
        source = FileSource(origin.removeprefix("file:"), signed_only=signed_only)
    else:
        source = HttpSource(origin, signed_only=signed_only)
    failures = list[FollowEvent]()
    with place.opened(output) as ledger:
        follower = RootFollower(ledger, source, _reporter(output, failures), interval_s=interval)
        if once:
            follower.step()
        else:
            with until_interrupted() as stop:
                follower.run(stop)
    if once and failures:
        raise Misuse(failures[0].text)


def _reporter(output: Output, failures: list[FollowEvent]) -> Callable[[FollowEvent], None]:
    def report(event: FollowEvent) -> None:
        if event.kind == "failed":
            failures.append(event)
        if output.as_json:
            members = {"event": event.kind, "chain_id": event.chain_id, "epoch": event.epoch, "text": event.text}
            click.echo(json.dumps(members))
        else:
            output.say(f"{event.kind}: {event.text}")

    return report


def _node_url(text: str) -> str:
    """Providers' URLs hold keys, which do not belong into an argument that every process can read."""
    if not text.startswith("env:"):
        return text
    name = text.removeprefix("env:")
    url = os.environ.get(name)
    if not url:
        raise Misuse(f"the environment variable {name} holds no URL")
    return url


def _finality(text: str) -> Finality:
    if text == FINALIZED:
        return Finality(None)
    if not text.isascii() or not text.isdecimal() or len(text) > 6:
        raise Misuse("--finality is a number of blocks, or the word finalized")
    return Finality(int(text))


def _address(text: str) -> bytes:
    digits = text.removeprefix("0x")
    if len(digits) != 40 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        raise Misuse("a contract is 0x and 40 hexadecimal digits")
    return bytes.fromhex(digits)


COMMANDS = (follow,)
