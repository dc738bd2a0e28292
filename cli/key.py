"""`zkmargin key`: the trader's secret."""

from __future__ import annotations

from pathlib import Path

import click

from .files import NewFile, json_bytes, read_file, require_free, write_files
from .options import FILE, Group, decimal, force_option
from .output import Output


@click.group("key", cls=Group)
def COMMAND() -> None:
    """The trader's secret: the one file that never leaves its owner."""


@COMMAND.command("new")
@click.argument("path", type=FILE, metavar="SECRET.json")
@force_option
@click.pass_obj
def new(output: Output, path: Path, force: bool) -> None:
    """Draw a fresh secret into a file that only its owner can read; print the key commitment.

    The key commitment is what a venue stores. The secret itself goes to nobody.
    """
    from zkmargin.circuits.margin import key_commitment
    from zkmargin.prover.secret_scalar import secret_scalar
    from zkmargin.settlement.account_document import secret_json

    require_free([path], force)
    secret = secret_scalar()
    write_files([NewFile(path, json_bytes(secret_json(secret)), secret=True)], force)
    commitment = str(key_commitment(secret))
    output.result(
        {"secret": str(path), "key_commitment": commitment},
        [f"secret written to {path} (keep it; there is no other copy)", f"key commitment {commitment}"],
    )


@COMMAND.command("pseudonym")
@click.argument("path", type=FILE, metavar="SECRET.json")
@click.option(
    "--target", required=True, callback=decimal, metavar="DECIMAL", help="As 'zkmargin ledger show' tells it."
)
@click.pass_obj
def pseudonym(output: Output, path: Path, target: int) -> None:
    """Print the account by which a target knows the owner of this secret.

    'zkmargin ledger release-account' needs it, also where no proof was ever accepted. It does not give the secret away.
    """
    from zkmargin.circuits.margin import account_pseudonym
    from zkmargin.settlement.account_document import read_secret

    account = str(account_pseudonym(read_secret(bytes(read_file(path, "secret"))), target))
    output.result({"target": str(target), "account": account}, [account])
