"""The container of iden3's binary files: a magic, a version, and numbered sections.

    magic 4 bytes | version u32 | section count u32 | for each section: id u32, size u64, content        (little-endian)

Reading copies nothing: sections are views of the caller's buffer, so a mapped file of many gigabytes can be opened.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra import Buffer

from ..errors import FormatError

MAX_SECTIONS = 1024
_HEADER_BYTES = 12
_SECTION_HEADER_BYTES = 12


def read_sections(data: Buffer, magic: bytes, *, what: str, max_version: int) -> dict[int, memoryview]:
    """The sections by id, in file order. Cut-off, repeated or surplus bytes are a `FormatError` that names `what`."""
    view = memoryview(data).cast("B")
    if len(view) < _HEADER_BYTES:
        raise FormatError(f"{what}: {len(view)} bytes are too few for a header", what=what)
    if view[:4] != magic:
        raise FormatError(f"{what}: does not start with {magic!r}; is it another kind of file?", what=what)
    version, count = _integer(view, 4, 4), _integer(view, 8, 4)
    if not 1 <= version <= max_version:
        raise FormatError(f"{what}: version {version} is not supported, only up to {max_version}", what=what)
    if count > MAX_SECTIONS:
        raise FormatError(f"{what}: announces {count} sections, more than {MAX_SECTIONS}", what=what)
    sections: dict[int, memoryview] = {}
    place = _HEADER_BYTES
    for index in range(count):
        if len(view) - place < _SECTION_HEADER_BYTES:
            raise FormatError(
                f"{what}: cut short in the header of section {index + 1} of {count}", what=what, index=index
            )
        number, size = _integer(view, place, 4), _integer(view, place + 4, 8)
        place += _SECTION_HEADER_BYTES
        if size > len(view) - place:
            raise FormatError(
                f"{what}: section {number} announces more bytes than the file has", what=what, index=index
            )
        if number in sections:
            raise FormatError(f"{what}: section {number} comes twice", what=what, index=index)
        sections[number] = view[place : place + size]
        place += size
    if place != len(view):
        raise FormatError(f"{what}: {len(view) - place} bytes too many after the last section", what=what)
    return sections


def write_sections(magic: bytes, version: int, sections: Sequence[tuple[int, Buffer]]) -> bytes:
    """The file with these sections in this order."""
    parts: list[Buffer] = [magic, version.to_bytes(4, "little"), len(sections).to_bytes(4, "little")]
    for number, content in sections:
        parts += [number.to_bytes(4, "little"), memoryview(content).nbytes.to_bytes(8, "little"), content]
    return b"".join(parts)


def _integer(view: memoryview, place: int, size: int) -> int:
    return int.from_bytes(view[place : place + size], "little")
