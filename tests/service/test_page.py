"""The read-only page in a real browser: what it shows, that it follows, that nothing sent to the ledger is executed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from zkmargin.algebra import Engine
from zkmargin.verifier import MarginLedger

from ..examples.venue import Venue
from ..verifier.world import CHAIN
from .conftest import JSON, OPERATOR
from .serving import Service, served

BOUND_S = 30
REQUIRE = "ZKMARGIN_REQUIRE_SERVERS"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'`${7*7}"
Browser = Any


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    driver_path, chromium = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")
    if (driver_path is None or chromium is None) and os.environ.get(REQUIRE) != "1":
        pytest.skip(f"chromium and chromedriver are not installed here; CI sets {REQUIRE}=1")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(chromium)
    # The sandbox needs rights that a container does not give; every page here is our own.
    for argument in (
        "headless=new",
        "no-sandbox",
        "disable-dev-shm-usage",
        "disable-gpu",
        "disable-background-networking",
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(driver_path)))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture(scope="module")
def venue_served(tmp_path_factory: pytest.TempPathFactory, best_engine: Engine) -> Iterator[tuple[Venue, Service]]:
    venue = Venue(tmp_path_factory.mktemp("page") / "venue", best_engine)
    with served(venue.folder) as service:
        yield venue, service


def until(browser: Browser, holds: Callable[[], Any]) -> Any:
    """The first true answer; a page that is being redrawn may lose an element between two questions."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    wait = WebDriverWait(browser, BOUND_S, 0.05, ignored_exceptions=[StaleElementReferenceException])
    return wait.until(lambda _: holds())


def text(browser: Browser, selector: str) -> str:
    value: str = browser.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", selector)
    return value


def messages(browser: Browser) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]


def test_what_it_shows_and_that_it_follows(browser: Browser, venue_served: tuple[Venue, Service]) -> None:
    venue, service = venue_served
    with service.client() as client:
        client.post("/v1/settlements", content=venue.body(1, credit=61234), headers=JSON)
        browser.get(service.url)
        until(browser, lambda: text(browser, "#live") == "live")
        assert text(browser, "#ledger") == "venue-b"
        assert text(browser, "#chain").startswith("chain 8453")
        assert text(browser, "#outstanding") == "61 234"
        assert text(browser, "#accepting") == "accepting"
        assert text(browser, "#oracle-age").endswith("old")
        assert "2 h allowed" in text(browser, "#oracle-note")
        status = client.get("/v1/status").json()
        head = status["log"]
        assert text(browser, "#log-number") == f"#{head['number']}"
        assert text(browser, "#log-hash").startswith(head["hash"][:14])
        assert text(browser, "#accounts li").split() == [
            "1000001",
            "61",
            "234",
            *text(browser, "#accounts .under").split(),
        ]
        assert text(browser, "#decisions li .pill") == "accepted"

        client.post("/v1/settlements", content=venue.body(2, credit=5), headers=JSON)
        client.post("/v1/settlements", content=venue.forged(3), headers=JSON)
        until(browser, lambda: text(browser, "#decisions li .pill") == "proof-rejected")
        until(browser, lambda: text(browser, "#outstanding") == "61 239")
        until(browser, lambda: text(browser, "#accounts li code") == "1000002")
        assert browser.execute_script("return document.querySelectorAll('#decisions li').length") == 3

        say = "showStatus(arguments[0]); return document.querySelector('#accepting').innerText"
        for part, says in ((status["oracle"], "no fresh risk table"), (status["roots"][0], "no fresh source root")):
            fresh, part["age_ms"] = part["age_ms"], 10**9
            assert browser.execute_script(say, status) == says
            part["age_ms"] = fresh

        client.post("/v1/breaker/trip", json={"reason": "venue A is odd", "source": CHAIN}, headers=OPERATOR)
        until(browser, lambda: text(browser, "#accepting") == "accepting in part")
        assert "venue A is odd" in text(browser, "#breakers")
        client.post("/v1/breaker/reset", json={"reason": "fine", "source": CHAIN}, headers=OPERATOR)
        client.post("/v1/breaker/trip", json={"reason": "all of it"}, headers=OPERATOR)
        until(browser, lambda: text(browser, "#accepting") == "stopped")
        client.post("/v1/breaker/reset", json={"reason": "fine"}, headers=OPERATOR)
    assert messages(browser) == []


def test_looking_up_an_account(browser: Browser, venue_served: tuple[Venue, Service]) -> None:
    venue, service = venue_served
    with service.client() as client:
        client.post("/v1/settlements", content=venue.body(7, credit=77), headers=JSON)
    browser.get(service.url)
    until(browser, lambda: text(browser, "#live") == "live")

    def look_up(wanted: str) -> None:
        browser.execute_script("document.getElementById('pseudonym').value = arguments[0]", wanted)
        browser.find_element("css selector", "#search button").click()

    look_up("1000007")
    assert until(browser, lambda: "77" in text(browser, "#found .number"))
    look_up("424242")
    assert until(browser, lambda: "no credit yet" in text(browser, "#found"))
    look_up(HOSTILE)
    assert until(browser, lambda: "decimal number" in text(browser, "#found"))


def test_hostile_text_stays_text(browser: Browser, venue_served: tuple[Venue, Service]) -> None:
    """An operator's reason is the one text of the ledger that somebody wrote freely."""
    _, service = venue_served
    with service.client() as client:
        assert client.post("/v1/breaker/trip", json={"reason": HOSTILE, "source": CHAIN}, headers=OPERATOR).is_success
        browser.get(service.url)
        until(browser, lambda: HOSTILE in text(browser, "#breakers"))
        assert browser.execute_script("return document.querySelectorAll('#breakers img, #breakers script').length") == 0
        client.post("/v1/breaker/reset", json={"reason": "fine", "source": CHAIN}, headers=OPERATOR)
    assert messages(browser) == []


def test_the_policy_stops_what_would_be_injected(browser: Browser, venue_served: tuple[Venue, Service]) -> None:
    """Were markup ever put into the page, the browser would neither run it nor load anything for it."""
    _, service = venue_served
    browser.get(service.url)
    script = "try { document.body.innerHTML += arguments[0]; return 'taken' } catch (refused) { return refused.name }"
    assert browser.execute_script(script, HOSTILE) == "TypeError"
    inline = (
        "const s = document.createElement('script'); s.append('ran = 1'); document.body.append(s); return window.ran"
    )
    from selenium.common.exceptions import JavascriptException

    try:
        ran = browser.execute_script(inline)
    except JavascriptException:
        ran = None
    assert ran is None
    messages(browser)


def test_a_service_that_goes_away_is_noticed_and_found_again(
    browser: Browser, venue: Venue, ledger: MarginLedger
) -> None:
    with served(venue.folder) as service:
        port = service.address[1]
        browser.get(service.url)
        until(browser, lambda: text(browser, "#live") == "live")
        service.kill()
        until(browser, lambda: "does not answer" in text(browser, "#trouble"))
        assert text(browser, "#live") == "reconnecting"
    with served(venue.folder, "--port", port):
        ledger.accept(venue.request(1))
        until(browser, lambda: text(browser, "#decisions li .pill") == "accepted")
        until(browser, lambda: text(browser, "#trouble") == "")
    messages(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_both_schemes(browser: Browser, venue_served: tuple[Venue, Service], scheme: str) -> None:
    _, service = venue_served
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        for width in (360, 1280):
            metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            browser.get(service.url)
            until(browser, lambda: text(browser, "#live") == "live")
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
            ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
            brightness = sum(int(part) for part in ground.removeprefix("rgb(").removesuffix(")").split(",")) / 3
            assert (brightness > 128) == (scheme == "light")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    messages(browser)
