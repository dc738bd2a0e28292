"""Where a ledger's PostgreSQL is: a URL for libpq, the name of the schema in it, and a form without secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import zip_longest
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from ...errors import LedgerError

DEFAULT_SCHEMA = "zkmargin"
MAX_URL = 4096
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
_UNREADABLE = "postgresql://..."


@dataclass(frozen=True)
class Address:
    """`parameters` are libpq's, the password perhaps among them; `shown` is for messages and holds none."""

    shown: str
    schema: str
    parameters: dict[str, str] = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Address:
        """A URL as libpq takes it, with one parameter of our own, `schema`: each schema holds one ledger.

        What libpq says of a URL that it cannot read may quote the password, so it is not repeated.
        """
        if len(url) > MAX_URL:
            raise LedgerError(_UNREADABLE, f"the URL is longer than {MAX_URL} characters")
        try:
            parts = urlsplit(url)
            query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
            rest = urlencode([(name, value) for name, value in query if name != "schema"], quote_via=quote)
            parameters = conninfo_to_dict(urlunsplit(("postgresql", parts.netloc, parts.path, rest, "")))
        except (ValueError, ProgrammingError):
            raise LedgerError(_UNREADABLE, "is no URL that libpq can read") from None
        schemas = [value for name, value in query if name == "schema"] or [DEFAULT_SCHEMA]
        found = {name: str(value) for name, value in parameters.items() if value is not None}
        address = cls(_shown(found, schemas[-1]), schemas[-1], found)
        if len(schemas) > 1 or not _SCHEMA.fullmatch(schemas[0]) or schemas[0].startswith("pg_"):
            raise LedgerError(address.shown, "names no schema: one name of a-z, 0-9 and _, not beginning with pg_")
        return address


def _shown(parameters: dict[str, str], schema: str) -> str:
    user = quote(parameters["user"]) + "@" if "user" in parameters else ""
    hosts, ports = parameters.get("host", "").split(","), parameters.get("port", "").split(",")
    places = [f"{host}:{port}" if port else host for host, port in zip_longest(hosts, ports, fillvalue="")]
    return f"postgresql://{user}{','.join(places)}/{quote(parameters.get('dbname', ''))}?schema={quote(schema)}"
