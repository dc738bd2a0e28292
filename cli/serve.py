"""`zkmargin serve`: the HTTP service over a ledger's folder. Secrets come from the environment or from files."""

from __future__ import annotations

import os
import sys
from functools import partial

import click

from zkmargin.verifier.service import ServiceSettings, serve, token_from

from .development import INSECURE
from .ledger_place import Place, on_ledger
from .options import Command
from .output import Output

OPERATOR, RELAY = "ZKMARGIN_OPERATOR_TOKEN", "ZKMARGIN_RELAY_TOKEN"


@click.command("serve", cls=Command)
@on_ledger
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 lets the system choose."
)
@click.option(
    "--queue", type=click.IntRange(1, 1 << 20), default=1024, show_default=True, help="Settlements that may wait."
)
@click.option(
    "--batch", type=click.IntRange(1, 256), default=256, show_default=True, help="Most settlements in a batch."
)
@click.option("--max-body", type=click.IntRange(1 << 10, 1 << 24), default=1 << 16, show_default=True, help="Bytes.")
@click.option("--page/--no-page", default=True, show_default=True, help="The read-only page at /.")
@click.pass_obj
def COMMAND(
    output: Output,
    place: Place,
    host: str,
    port: int,
    queue: int,
    batch: int,
    max_body: int,
    page: bool,
) -> None:
    """Serve a ledger over HTTP until SIGTERM or Ctrl-C; requests under way are finished.

    LEDGER is a folder as 'zkmargin ledger init' makes it. The operator's and the relay's tokens are read from
    $ZKMARGIN_OPERATOR_TOKEN and $ZKMARGIN_RELAY_TOKEN, or from the files that these names with _FILE point to; a
    command whose token is not set is refused. The log goes to stderr, one JSON object a line.
    """
    settings = ServiceSettings(
        operator_token=token_from(os.environ, OPERATOR),
        relay_token=token_from(os.environ, RELAY),
        queue_limit=queue,
        max_batch=batch,
        max_body_bytes=max_body,
        page=page,
    )
    if place.folder.key.development:
        output.warn(INSECURE)
    with place.opened(output) as ledger:
        serve(ledger, settings, host=host, port=port, ready=partial(_say, output))


def _say(output: Output, host: str, port: int) -> None:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    output.result({"listening": f"http://{place}"}, [f"listening on http://{place}"])
    sys.stdout.flush()
