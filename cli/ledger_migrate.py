"""`zkmargin ledger migrate`: a ledger's schema in PostgreSQL brought up to this version, and a role let in."""

from __future__ import annotations

import click

from zkmargin.verifier.ledger.postgres import migrate_postgres
from zkmargin.verifier.ledger.store import is_url

from .errors import Misuse
from .ledger_place import DATABASE_VARIABLE, Place, on_ledger
from .options import Command
from .output import Output


@click.command("migrate", cls=Command)
@on_ledger
@click.option("--grant-to", metavar="ROLE", help="A role that may run the ledger from then on, and nothing more.")
@click.pass_obj
def migrate(output: Output, place: Place, grant_to: str | None) -> None:
    """Bring the schema of a ledger in PostgreSQL up to this version. Run it as the role that owns the schema.

    Stop the ledger's processes first. All steps are one transaction: where one fails, nothing has changed.
    """
    url = place.database
    if url is None or not is_url(url):
        raise Misuse(f"only a ledger in PostgreSQL is migrated: name it with --database or ${DATABASE_VARIABLE}")
    applied = migrate_postgres(url, grant_to)
    lines = [f"schema version {version} reached" for version in applied] or ["the schema is of this version already"]
    if grant_to is not None:
        lines.append(f"role {grant_to} may run the ledger")
    output.result({"applied": applied, "granted_to": grant_to}, lines)


COMMANDS = (migrate,)
