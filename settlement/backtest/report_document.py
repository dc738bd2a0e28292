"""The report as a JSON document, `zkmargin.backtest-report/1`, and its tables as CSV.

The document mirrors the dataclasses of `report` field by field; a reader takes each by its declared type and refuses
what is left over.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from zkmargin.algebra import Buffer, load_json

from ..errors import DocumentError
from ..fields import Fields
from .outcome import METHODS
from .report import Judged, Report

FORMAT = "zkmargin.backtest-report/1"
DOCUMENT = "backtest report"
MAX_JSON_BYTES = 16 << 20
MAX_INTEGER = 1 << 96
MAX_TEXT = 200
MAX_DAY_MS = 1 << 47
"""In the year 6429; later days are no days of prices."""
T = TypeVar("T")


def report_to_json(report: Report) -> dict[str, Any]:
    """The document, ready for `json.dumps`."""
    return {"format": FORMAT, **dataclasses.asdict(report)}


def report_from_json(data: Buffer | str) -> Report:
    """Read a report; every fault is a `DocumentError` or `EncodingError` that names the place."""
    fields = Fields(load_json(data, DOCUMENT, max_bytes=MAX_JSON_BYTES), DOCUMENT)
    fields.expect("format", FORMAT)
    report = _read(Report, fields)
    fields.done()
    _check(report)
    return report


def _check(report: Report) -> None:
    """What a reader of the report relies on beyond the kinds of its fields."""
    for horizon in report.horizons:
        for result in horizon.portfolios:
            if [judged.method for judged in result.methods] != list(METHODS):
                raise DocumentError(DOCUMENT, f"{result.name}.methods", f"must be {', '.join(METHODS)}")
    for line in report.timelines:
        lengths = {len(line.day_ms), len(line.margin_ppm), len(line.worst_loss_ppm), len(line.exceedances)}
        if len(lengths) != 1 or not line.day_ms or not 0 <= min(line.day_ms) <= max(line.day_ms) < MAX_DAY_MS:
            raise DocumentError(
                DOCUMENT, f"timelines {line.name}", "must have one entry of each kind a day, of real days"
            )
    positive = (
        ("horizons", [horizon.horizon_ms for horizon in report.horizons]),
        ("portfolios", [len(horizon.portfolios) for horizon in report.horizons]),
        ("portfolios", [result.trials for horizon in report.horizons for result in horizon.portfolios]),
        ("notional", [result.average_notional_e8 for horizon in report.horizons for result in horizon.portfolios]),
        ("isolated", [result.isolated_average_e8 for horizon in report.horizons for result in horizon.portfolios]),
        ("calibration", [row.trials for row in report.calibration]),
        ("gaps", [value for gap in report.gaps for value in (gap.horizon_ms, gap.expiry_ms)]),
        ("timelines", [len(line.day_ms) for line in report.timelines]),
    )
    for name, values in positive:
        if min(values, default=0) <= 0:
            raise DocumentError(DOCUMENT, name, "must be there, with counts and times above zero")


def _read(kind: type[T], fields: Fields) -> T:
    hints = get_type_hints(kind)
    return kind(**{name: _value(hint, fields, name) for name, hint in hints.items()})


def _value(hint: Any, fields: Fields, name: str) -> Any:
    if hint is int:
        return fields.integer(name, -MAX_INTEGER, MAX_INTEGER)
    if hint is str:
        return fields.text(name, max_length=MAX_TEXT)
    if get_origin(hint) is not tuple:
        inner = fields.inner(name)
        found = _read(hint, inner)
        inner.done()
        return found
    element = get_args(hint)[0]
    if element is int:
        return tuple(fields.integer_list(name, -MAX_INTEGER, MAX_INTEGER))
    if element is str:
        return fields.text_list(name, max_length=MAX_TEXT)
    return tuple(fields.objects(name, lambda row: _read(element, row)))


def report_to_csv(report: Report) -> str:
    """One row per horizon, portfolio and margin; `account` is positions and collateral together."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = [field.name for field in dataclasses.fields(Judged)]
    writer.writerow(["horizon_ms", "portfolio", "trials", "average_notional_e8", "isolated_average_e8", *columns])
    writer.writerows(_rows(report))
    return out.getvalue()


def _rows(report: Report) -> Iterator[Iterable[object]]:
    for horizon in report.horizons:
        for result in horizon.portfolios:
            for judged in (*result.methods, result.account):
                yield (
                    horizon.horizon_ms,
                    result.name,
                    result.trials,
                    result.average_notional_e8,
                    result.isolated_average_e8,
                    *dataclasses.astuple(judged),
                )
