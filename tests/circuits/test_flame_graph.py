"""Flame graphs: bars as wide as their share, labels that fit and can be read, and no name that becomes markup."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from zkmargin.circuits.margin import SMALL, compile_margin
from zkmargin.circuits.profiling.flame_graph import (
    CHARACTER,
    FILLS,
    INK,
    MARGIN,
    MAX_FRAMES,
    PAPER,
    ROOT_FILL,
    WIDTH,
    flame_page,
    flame_svg,
    frames_of,
)
from zkmargin.circuits.profiling.flame_graph_page import SCRIPT
from zkmargin.circuits.profiling.profile import GADGETS, Cost, Profile, Row, profile_circuit

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "a & b < c",
    "]]>",
    "&#x3c;script&#x3e;",
    "</style></svg></script><script>",
    "\x00\x1b[2J\x0b",
    "\ud800\ufffe",
    "‮desrever",
    "日本語の名前" * 30,
    "x" * 10_000,
]


def profile_of(*rows: tuple[tuple[str, ...], int], name: str = "drawn") -> Profile:
    return Profile(name, bytes(32), GADGETS, tuple(Row(path, None, Cost(count)) for path, count in sorted(rows)))


def bars_of(svg: str) -> list[ElementTree.Element]:
    return [g for g in ElementTree.fromstring(svg).iter(f"{SVG}g") if g.get("class") == "frame"]


def part(bar: ElementTree.Element, name: str) -> ElementTree.Element:
    found = bar.find(SVG + name)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def small() -> Profile:
    return profile_circuit(compile_margin(SMALL))


def test_bars_lie_inside_their_parents_side_by_side(small: Profile) -> None:
    frames = {frame.share.place: frame for frame in frames_of(small)}
    assert frames[()].width == small.total.constraints
    for place, frame in frames.items():
        if place:
            parent = frames[place[:-1]]
            assert parent.left <= frame.left
            assert frame.left + frame.width <= parent.left + parent.width
    for one in frames.values():
        for other in frames.values():
            if one is not other and one.depth == other.depth:
                assert one.left + one.width <= other.left or other.left + other.width <= one.left


def test_widths_are_proportional() -> None:
    bars = bars_of(flame_svg(profile_of((("a",), 50), (("b",), 25), ((), 25))))
    widths = [float(part(bar, "rect").get("width", "")) + 1 for bar in bars]
    assert widths == pytest.approx([WIDTH - 2 * MARGIN, (WIDTH - 2 * MARGIN) / 2, (WIDTH - 2 * MARGIN) / 4], abs=0.02)
    assert [part(bar, "title").text for bar in bars][1] == (
        "a: 50 constraints (50.0%), 50 of its own; 0 wires, 0 entries, 0 wires in B"
    )


def test_labels_stay_inside_their_bars(small: Profile) -> None:
    for profile in (small, profile_of(*(((name,), 3 + number) for number, name in enumerate(HOSTILE)))):
        for bar in bars_of(flame_svg(profile)):
            label = part(bar, "text").text or ""
            width = float(part(bar, "rect").get("width", ""))
            wide = sum(2 if character > "ᄀ" and character != "…" else 1 for character in label)
            assert 5 + wide * CHARACTER <= max(width, 5), label


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("ground", [*FILLS, ROOT_FILL, PAPER])
def test_labels_can_be_read(ground: str) -> None:
    """WCAG's enhanced contrast, 7 to 1."""
    assert (luminance(ground) + 0.05) / (luminance(INK) + 0.05) >= 7


def test_a_gadget_has_one_colour_everywhere_and_neighbours_have_several(small: Profile) -> None:
    fills: dict[str, set[str]] = {}
    for bar in bars_of(flame_svg(small)):
        name = (part(bar, "title").text or "").split(":")[0].split("/")[-1]
        fills.setdefault(name, set()).add(part(bar, "rect").get("fill", ""))
    assert all(len(colours) == 1 for colours in fills.values())
    assert len(set().union(*fills.values())) > 4


def test_the_picture_says_what_it_shows(small: Profile) -> None:
    root = ElementTree.fromstring(flame_svg(small))
    assert root.get("role") == "img"
    described = {element.get("id"): element.text for element in root if element.get("id")}
    assert root.get("aria-labelledby", "").split() == list(described)
    assert "margin-small" in str(described["title"])
    assert f"{small.total.constraints:,} constraints" in str(described["summary"])
    assert all(part(bar, "title").text for bar in bars_of(flame_svg(small)))


def test_narrow_bars_are_counted_not_drawn() -> None:
    rows = [(("wide",), 1_000_000), (("narrow",), 10), (("thin",), 9)]
    svg = flame_svg(profile_of(*rows))
    assert len(bars_of(svg)) == 2
    assert "2 bars too narrow to see are left out." in svg
    assert "One bar is left out." in flame_svg(profile_of(*rows[:2]))
    assert flame_page(profile_of(*rows)).count('class="frame"') == 4


def test_a_page_has_its_limit() -> None:
    rows = [((f"gadget{number:05}", "inner"), 1) for number in range(MAX_FRAMES)]
    page = flame_page(profile_of(*rows))
    assert page.count('class="frame"') == MAX_FRAMES


@pytest.mark.parametrize("draw", [flame_svg, flame_page])
def test_an_empty_circuit_is_a_picture_too(draw: object) -> None:
    for profile in (profile_of(), profile_of((("a",), 0))):
        text = draw(profile)  # type: ignore[operator]
        assert "This circuit has no constraints." in text
        assert 'class="frame"' not in text


@pytest.mark.parametrize("draw", [flame_svg, flame_page])
def test_the_same_profile_is_the_same_picture(small: Profile, draw: object) -> None:
    assert draw(small) == draw(profile_circuit(compile_margin(SMALL)))  # type: ignore[operator]


# Hostile names


class Elements(HTMLParser):
    """Every element and attribute, as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.names: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.names += [value or "" for name, value in attrs if name == "data-name"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_never_become_markup(name: str) -> None:
    hostile = profile_of(((name, name), 60), ((), 40), name=name)
    plain = profile_of((("plain", "plain"), 60), ((), 40), name="plain")
    root = ElementTree.fromstring(flame_svg(hostile))
    assert [e.tag for e in root.iter()] == [e.tag for e in ElementTree.fromstring(flame_svg(plain)).iter()]
    found, expected = Elements(flame_page(hostile)), Elements(flame_page(plain))
    assert found.tags == expected.tags
    assert found.attributes == expected.attributes
    assert not any(attribute.startswith("on") for attribute in found.attributes)
    if name.isprintable() and len(name) < 100:
        assert found.names == [name] * 3


@pytest.mark.parametrize("name", HOSTILE)
def test_pictures_are_text_that_can_be_written(name: str) -> None:
    for draw in (flame_svg, flame_page):
        text = draw(profile_of(((name,), 1), name=name))
        text.encode()
        assert all(character == "\n" or character.isprintable() for character in text)
        assert len(text) < 30_000


def test_the_page_runs_its_own_script_and_loads_nothing(small: Profile) -> None:
    page = flame_page(small)
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[0]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (source,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert re.findall(r"(?:src|href)=", page) == []
    assert re.findall(r"https?://[^\"]*", page) == ["http://www.w3.org/2000/svg"]
    assert "innerHTML" not in page


def test_the_script_measures_as_the_picture_does() -> None:
    assert f"WIDTH = {WIDTH}, MARGIN = {MARGIN}, CHARACTER = {CHARACTER};" in SCRIPT
