"""Hostile JSON: everything malformed is one typed error that names the file, found in bounded time and memory."""

from __future__ import annotations

import json
import sys
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.algebra import EncodingError, load_json
from zkmargin.algebra.bounded_json import MAX_DEPTH, MAX_DIGITS


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


REFUSED = {
    "empty": b"",
    "blank": b" ",
    "not JSON": b"{a: 1}",
    "two values": b"1 2",
    "cut short": b'{"a": [1, 2',
    "cut in a string": b'{"a": "b',
    "cut in an escape": b'{"a": "b\\',
    "single quotes": b"{'a': 1}",
    "trailing comma": b"[1,]",
    "comment": b"[1] // one",
    "byte order mark": b"\xef\xbb\xbf[1]",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "not UTF-8": b'["\xff"]',
    "overlong UTF-8": b'["\xc0\xaf"]',
    "surrogate in UTF-8": b'["\xed\xa0\x80"]',
    "surrogate in text": '["\ud800"]',
    "high surrogate escaped": b'["\\ud800"]',
    "low surrogate escaped": b'["\\uDFFF"]',
    "surrogate in a key": b'{"\\ud800": 1}',
    "surrogates in the wrong order": b'["\\ude00\\ud83d"]',
    "raw newline in a string": b'["a\nb"]',
    "NUL": b"[1]\0",
    "float": b"[1.0]",
    "exponent": b"[1e3]",
    "huge exponent": b"[1e999999999]",
    "NaN": b"[NaN]",
    "Infinity": b"[Infinity]",
    "-Infinity": b"[-Infinity]",
    "leading zero": b"[01]",
    "plus": b"[+1]",
    "hexadecimal": b"[0x10]",
    "too many digits": b"[" + b"9" * (MAX_DIGITS + 1) + b"]",
    "a million digits": b"9" * 1_000_000,
    "key twice": b'{"a": 1, "a": 2}',
    "key twice, once escaped": b'{"a": 1, "\\u0061": 2}',
    "key twice inside": b'[{"b": {"a": 1, "a": 1}}]',
    "too deep": nested(MAX_DEPTH + 1),
    "too deep in objects": b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
    "far too deep": b"[" * 1_000_000,
    "far too deep behind a string": b'["]]]]\\"",' + b"[" * 1_000_000,
    "brackets without end": b"[]" * 500_000,
    "quotes without end": b'"' * 1_000_000,
    "backslashes without end": b'"' + b"\\" * 1_000_000,
    "closing first": b"]" * 100 + b"[" * 100,
}


@pytest.mark.parametrize("case", REFUSED)
def test_malformed_text_is_one_typed_error(case: str) -> None:
    with pytest.raises(EncodingError) as caught:
        load_json(REFUSED[case], "proof.json")
    assert caught.value.what == "proof.json"
    message = str(caught.value)
    assert message.startswith("proof.json: ")
    assert "\n" not in message
    assert len(message) < 200


def test_more_bytes_than_allowed_are_not_parsed() -> None:
    assert load_json(b'"' + b"x" * 98 + b'"', "a file", max_bytes=100) == "x" * 98
    with pytest.raises(EncodingError, match="101 bytes, more than the 100 allowed"):
        load_json(b"?" * 101, "a file", max_bytes=100)
    with pytest.raises(EncodingError, match="more than"):
        load_json("é" * 60, "a file", max_bytes=100)


@pytest.mark.parametrize("data", [b"?" * (1 << 22), "?" * (1 << 22)], ids=["bytes", "text"])
def test_more_than_allowed_is_not_even_copied(data: bytes | str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(EncodingError, match="more than the 100 allowed"):
            load_json(data, "a file", max_bytes=100)
        assert tracemalloc.get_traced_memory()[1] < 1 << 16
    finally:
        tracemalloc.stop()


def test_limits_are_exact() -> None:
    assert load_json(b"9" * MAX_DIGITS, "n") == 10**MAX_DIGITS - 1
    value = load_json(nested(MAX_DEPTH), "nest")
    for _ in range(MAX_DEPTH - 1):
        (value,) = value
    assert value == []


def test_brackets_inside_strings_do_not_nest() -> None:
    text = json.dumps(["[" * 1000, {'"' + "{" * 1000: "\\"}, '\\"[[['])
    assert load_json(text, "strings") == json.loads(text)


def test_depth_counts_siblings_once() -> None:
    assert load_json(b"[" + b",".join([nested(MAX_DEPTH - 1)] * 50) + b"]", "siblings")


def test_the_limit_does_not_lean_on_the_recursion_limit() -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10**6)
    try:
        with pytest.raises(EncodingError, match="deeper"):
            load_json(b"[" * 500_000 + b"]" * 500_000, "deep")
    finally:
        sys.setrecursionlimit(before)


def test_pairs_of_surrogates_are_a_character() -> None:
    assert load_json(b'["\\ud83d\\ude00", "\\\\ud800"]', "emoji") == ["\U0001f600", "\\ud800"]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, bytes.decode])
def test_text_and_every_buffer_are_read(kind: Any) -> None:
    assert load_json(kind(b'{"a": [1, -2, true, null, "x"]}'), "any") == {"a": [1, -2, True, None, "x"]}


@pytest.mark.parametrize("wrong", [5, None, [123], {}], ids=repr)
def test_what_is_neither_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError):
        load_json(wrong, "wrong")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values, st.booleans())
def test_well_formed_json_is_read_as_the_standard_library_does(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        assert load_json(text, "value") == value


@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:\\u d8019.e-', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = load_json(data, "fuzz")
    except EncodingError:
        return
    assert json.loads(data) == value
