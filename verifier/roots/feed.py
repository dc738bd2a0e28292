"""Roots as lines of JSON, from a file that is trusted or from a server: what the lines may say, and both readers.

A line is a source root (`zkmargin.source-root/1`) or an attestation of one. What a source root says is believed, so the
file or server behind it must be as trustworthy as the ledger's operator; an attestation speaks for itself.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zkmargin.algebra import EncodingError, load_json

from ..attestation import ROOT_FORMAT, SourceRootAttestation
from ..bounded_http import HttpEndpoint
from ..errors import SourceMalformed, SourceUnavailable
from ..json_members import check_format, check_members, read_decimal
from .view import HeldRoot, RootReport, RootView, Withdrawal

FORMAT = "zkmargin.source-root/1"
WHAT = "source root"
MAX_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 14
MAX_REASON = 200

_MEMBERS = {"format", "chain_id", "epoch", "root", "observed_at_ms"}


class _Feed:
    """What file and server have in common: the lines, and for which chains they speak."""

    name: str

    def __init__(self, *, signed_only: bool) -> None:
        self._signed_only = signed_only

    def chain_ids(self, routes: Sequence[int]) -> Sequence[int]:
        return routes

    def poll(self, held: Sequence[HeldRoot], since_ms: int) -> RootView:
        data = self._bytes()
        try:
            return read_lines(data, since_ms, signed_only=self._signed_only)
        except EncodingError as problem:
            raise SourceMalformed(self.name, f"has a bad {problem}") from None

    def _bytes(self) -> bytes:
        raise NotImplementedError


class FileSource(_Feed):
    """A file that somebody trusted appends to. A last line without its line break is still being written."""

    def __init__(self, path: str | os.PathLike[str], *, signed_only: bool = False) -> None:
        super().__init__(signed_only=signed_only)
        self._path = Path(path)
        self.name = f"file {self._path.name}"

    def _bytes(self) -> bytes:
        try:
            # Without O_NONBLOCK, opening a FIFO would wait for a writer.
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (OSError, ValueError):
            raise SourceUnavailable(self.name, "cannot be opened") from None
        try:
            self._check(os.fstat(descriptor).st_mode)
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read(MAX_BYTES + 1)
        except OSError:
            raise SourceUnavailable(self.name, "cannot be read") from None
        finally:
            os.close(descriptor)
        if len(data) > MAX_BYTES:
            raise SourceMalformed(self.name, f"is longer than {MAX_BYTES} bytes; start a new one")
        return data

    def _check(self, mode: int) -> None:
        if not stat.S_ISREG(mode):
            raise SourceMalformed(self.name, "is not a regular file")
        if mode & stat.S_IWOTH and not self._signed_only:
            raise SourceMalformed(self.name, "can be written by everybody; take that right away")


class HttpSource(_Feed):
    """A server that answers a GET with the lines."""

    def __init__(self, url: str, *, signed_only: bool = False, timeout_s: float = 10) -> None:
        super().__init__(signed_only=signed_only)
        self._endpoint = HttpEndpoint(url, timeout_s=timeout_s, max_bytes=MAX_BYTES)
        self.name = self._endpoint.name

    def _bytes(self) -> bytes:
        return self._endpoint.get()


def read_lines(data: bytes, since_ms: int, *, signed_only: bool = False) -> RootView:
    """The view of a feed's whole text; older roots are left out. One bad line refuses them all: ask again later."""
    final: list[RootReport] = []
    withdrawn: list[Withdrawal] = []
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        if not line.strip():
            continue
        try:
            found = _read_line(line, signed_only)
        except EncodingError as problem:
            raise EncodingError(f"line {number}: {problem}", what=WHAT, index=number) from None
        if isinstance(found, Withdrawal):
            withdrawn.append(found)
        elif found.observed_at_ms >= since_ms:
            final.append(found)
    gone = {(each.chain_id, each.epoch, each.root) for each in withdrawn}
    return RootView(tuple(r for r in final if (r.chain_id, r.epoch, r.root) not in gone), tuple(withdrawn))


def _read_line(line: bytes, signed_only: bool) -> RootReport | Withdrawal:
    value: Any = load_json(line, WHAT, max_bytes=MAX_LINE_BYTES)
    if not isinstance(value, dict):
        raise EncodingError(f"{WHAT}: not a JSON object", what=WHAT)
    if value.get("format") == ROOT_FORMAT:
        return RootReport.attested(SourceRootAttestation.from_json(value))
    if signed_only:
        raise EncodingError(f"{WHAT}: not an attestation of a source root, and nothing else is taken here", what=WHAT)
    check_members(value, _MEMBERS, {"withdrawn"}, WHAT)
    check_format(value, FORMAT, WHAT)
    root = read_decimal(value["root"], f"{WHAT} root")
    report = RootReport(value["chain_id"], value["epoch"], root, value["observed_at_ms"])
    if "withdrawn" not in value:
        return report
    reason = value["withdrawn"]
    if type(reason) is not str or not 0 < len(reason.strip()) <= len(reason) <= MAX_REASON or not reason.isprintable():
        raise EncodingError(f"{WHAT}: withdrawn is not a reason of 1 to {MAX_REASON} characters", what=WHAT)
    return Withdrawal(report.chain_id, report.epoch, report.root, reason)
