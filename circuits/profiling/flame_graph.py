"""A profile as a picture: each gadget path a bar as wide as its share of the constraints, the whole circuit on top.

The SVG stands alone. The HTML page adds a search box and zooming with one script of its own; its policy lets the
browser run that script and load nothing, so a gadget's name could do no harm even if it were not escaped.
"""

from __future__ import annotations

import base64
import hashlib
import html
import unicodedata
from dataclasses import dataclass

from .flame_graph_page import SCRIPT, STYLE
from .profile import Path, Profile, Share, shown_name
from .report import share_label

WIDTH, MARGIN, HEAD, ROW, FOOT = 1200, 12, 64, 24, 30
CHARACTER = 7.4
"""Width of one character of the 12 pixel monospace labels, a little on the wide side."""
TITLE_CHARACTER = 11
NARROWEST = 0.5
MAX_FRAMES = 10_000

INK, PAPER, ROOT_FILL = "#1a1a1a", "#ffffff", "#e1e5ea"
FILLS = (
    *("#ffd9b3", "#ffe8a3", "#d5e8a8", "#b8e6c8", "#b9dcf2", "#d3cdf5"),
    *("#f5c6dc", "#e6d5b8", "#f9c4bd", "#c5e6e4", "#e3f0c2", "#cddcf0"),
)
FONT = "DejaVu Sans Mono, Menlo, Consolas, monospace"


@dataclass(frozen=True)
class Frame:
    """One bar: it starts `left` constraints from the left and is as wide as its share's inclusive constraints."""

    share: Share
    left: int

    @property
    def depth(self) -> int:
        return len(self.share.place)

    @property
    def width(self) -> int:
        return self.share.inclusive.constraints


def frames_of(profile: Profile) -> list[Frame]:
    """Every path with a constraint, each followed by what is inside it; siblings the widest first."""
    inside: dict[Path, list[Share]] = {}
    root: Share | None = None
    for share in profile.by_path():
        if not share.inclusive.constraints:
            continue
        if share.place:
            inside.setdefault(share.place[:-1], []).append(share)
        else:
            root = share
    frames: list[Frame] = []

    def lay(share: Share, left: int) -> None:
        frames.append(Frame(share, left))
        for child in inside.get(share.place, ()):
            lay(child, left)
            left += child.inclusive.constraints

    if root is not None:
        lay(root, 0)
    return frames


def flame_svg(profile: Profile) -> str:
    """The picture alone, with a hover title on every bar."""
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _svg(profile, for_page=False)


def flame_page(profile: Profile) -> str:
    """The picture in a page that can search and zoom."""
    policy = f"default-src 'none'; style-src {_hash_of(STYLE)}; script-src {_hash_of(SCRIPT)}; base-uri 'none'"
    title = _escaped(profile.circuit)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: where the constraints go</title>
<style>{STYLE}</style>
</head>
<body>
<form id="tools">
<label for="search">Search</label>
<input id="search" type="search" autocomplete="off" placeholder="part of a name">
<button id="reset" type="button">Whole circuit</button>
<output id="status" for="search">Click a bar to zoom in; Escape shows the whole circuit.</output>
</form>
{_svg(profile, for_page=True)}<script>{SCRIPT}</script>
</body>
</html>
"""


def _svg(profile: Profile, *, for_page: bool) -> str:
    frames = frames_of(profile)
    scale = (WIDTH - 2 * MARGIN) / max(profile.total.constraints, 1)
    drawn = sorted(frames, key=lambda frame: (-frame.width, frame.depth))[:MAX_FRAMES]
    if not for_page:
        drawn = [frame for frame in drawn if frame.width * scale >= NARROWEST]
    kept = {frame.share.place for frame in drawn}
    bars = [_bar(profile, frame, scale, for_page) for frame in frames if frame.share.place in kept]
    bottom = HEAD + ROW * (1 + max((frame.depth for frame in drawn), default=0))
    height = bottom + FOOT
    total = profile.total
    summary = f"{total.constraints:,} constraints, {total.wires:,} wires, {total.entries:,} entries in A, B and C"
    title = _cut(shown_name(profile.circuit), (WIDTH - 2 * MARGIN) / TITLE_CHARACTER)
    missing = len(frames) - len(bars)
    notes = ["A bar is as wide as its share of the constraints."]
    if not frames:
        notes = ["This circuit has no constraints."]
    elif missing:
        notes.append(f"{missing:,} bars too narrow to see are left out." if missing > 1 else "One bar is left out.")
    role = 'role="group"' if for_page else 'role="img"'
    return f"""<svg xmlns="http://www.w3.org/2000/svg" {role} aria-labelledby="title summary" \
viewBox="0 0 {WIDTH} {height}"{"" if for_page else f' width="{WIDTH}" height="{height}"'} \
font-family="{FONT}" font-size="12" fill="{INK}">
<title id="title">{_escaped(profile.circuit)}: where the constraints go</title>
<desc id="summary">{_escaped(summary)}. {" ".join(notes)}</desc>
<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>
<text x="{MARGIN}" y="28" font-size="18" font-weight="bold">{html.escape(title)}</text>
<text x="{MARGIN}" y="50">{_escaped(summary)}</text>
{"".join(bars)}<text x="{MARGIN}" y="{bottom + 20}">{" ".join(notes)}</text>
</svg>
"""


def _bar(profile: Profile, frame: Frame, scale: float, for_page: bool) -> str:
    place, width = frame.share.place, frame.width * scale
    name = shown_name(place[-1] if place else profile.circuit)
    part = f"{100 * frame.width / profile.total.constraints:.1f}%"
    x, y = MARGIN + frame.left * scale, HEAD + frame.depth * ROW
    attributes = ' class="frame"'
    if for_page:
        attributes += (
            f' tabindex="0" role="button" data-left="{frame.left}" data-width="{frame.width}" '
            f'data-depth="{frame.depth}" data-name="{html.escape(name)}" data-part="{part}"'
        )
    return (
        f"<g{attributes}><title>{_escaped(_hover(profile, frame.share, part))}</title>"
        f'<rect x="{x:.2f}" y="{y}" width="{max(width - 1, width / 2):.2f}" height="{ROW - 2}" fill="{_fill(place)}"/>'
        f'<text x="{x + 5:.2f}" y="{y + 15}">{html.escape(_label(name, part, width))}</text></g>\n'
    )


def _hover(profile: Profile, share: Share, part: str) -> str:
    name = share_label(profile, tuple(map(shown_name, share.place))) if share.place else shown_name(profile.circuit)
    cost, own = share.inclusive, share.own.constraints
    return (
        f"{name}: {cost.constraints:,} constraints ({part}), {own:,} of its own; "
        f"{cost.wires:,} wires, {cost.entries:,} entries, {cost.b_wires:,} wires in B"
    )


def _label(name: str, part: str, width: float) -> str:
    """What fits in the bar: name and share, the name, its beginning, or nothing."""
    room = (width - 10) / CHARACTER
    whole = f"{name} {part}"
    return whole if _columns(whole) <= room else _cut(name, room)


def _cut(text: str, room: float) -> str:
    if _columns(text) <= room:
        return text
    kept = ""
    for character in text:
        if _columns(kept + character) + 1 > room:
            break
        kept += character
    return f"{kept}…" if len(kept) >= 2 else ""


def _columns(text: str) -> int:
    """How many characters' width the text takes: ideographs take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _fill(place: Path) -> str:
    """The same colour for the same name wherever it stands."""
    if not place:
        return ROOT_FILL
    return FILLS[hashlib.blake2b(shown_name(place[-1]).encode(), digest_size=1).digest()[0] % len(FILLS)]


def _escaped(text: str) -> str:
    """For text and attributes of XML and HTML, without the control characters that no escape would make legal."""
    return html.escape("".join(c if c.isprintable() else ascii(c)[1:-1] for c in text))


def _hash_of(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
