"""The browser, and a page that notices every console error, failed request, bad answer and foreign address."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from shop import PASSWORD, URL, Account, epub, png, wav

expect.set_options(timeout=20_000)
SHOTS = os.environ.get("SUNSET_SHOTS", "")


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        # Root, as in a container, needs the sandbox off.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        yield chromium
        chromium.close()


class Watch:
    """Collects what must not happen. `allow` names the answers that a test provokes, as "402 /checkout"."""

    def __init__(self):
        self.faults: list[str] = []
        self.allowed: list[tuple[str, str]] = []

    def allow(self, *answers: str):
        self.allowed += [tuple(answer.split(" ", 1)) for answer in answers]

    def follow(self, page: Page):
        page.on("console", self.console)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("requestfailed", self.failed)
        page.on("response", self.response)
        page.on("request", self.request)

    def console(self, message):
        if message.type not in ("error", "warning"):
            return
        refused = re.search(r"status of (\d+)", message.text)
        if refused and self.expected(refused[1], message.location.get("url", "")):
            return
        self.faults.append(f"console {message.type}: {message.text} {message.location.get('url', '')}")

    def failed(self, request):
        # "Aborted" is the browser's own doing: a navigation away, a stream that was closed, a download. Whatever the server
        # does (a refusal, a cut connection, a short body) has other names.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed request: {request.method} {request.url} {request.failure}")

    def response(self, response):
        if response.status >= 400 and not self.expected(str(response.status), response.url):
            self.faults.append(f"answer {response.status}: {response.request.method} {response.url}")

    def request(self, request):
        if not request.url.startswith((URL + "/", "data:", "blob:")):
            self.faults.append(f"foreign address: {request.url}")

    def expected(self, status: str, url: str) -> bool:
        return any(status == known and part in url for known, part in self.allowed)

    def check(self):
        assert not self.faults, "\n".join(self.faults)


@pytest.fixture
def watch():
    watch = Watch()
    yield watch
    watch.check()


@pytest.fixture
def context(browser: Browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US", accept_downloads=True)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, watch: Watch):
    page = context.new_page()
    watch.follow(page)
    return page


def sign_in(page: Page, address: str):
    """Signs in through the form."""
    page.goto(f"{URL}/sign-in")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("Menu of"))).to_be_visible()


def signed_in(context: BrowserContext, address: str):
    """Gives a context the session without the form."""
    answer = context.request.post(
        f"{URL}/v1/auth/sign-in", data={"email": address, "password": PASSWORD}, headers={"Origin": URL}
    )
    assert answer.ok, answer.text()
    context.add_init_script("localStorage.setItem('sunset.signed-in', '1')")


def pay(page: Page, number: str):
    """Fills the card form that is on screen and sends it."""
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expires").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name=re.compile("^Pay")).click()


class Stage:
    """One shop for all tests: a seller with products, a buyer who bought one and was declined for another."""

    def __init__(self):
        self.seller = Account("Marta Lindqvist", ["buyer", "seller"])
        book = self.seller.upload("evening.epub", "application/epub+zip", epub("Evening"))
        tone = self.seller.upload("tone.wav", "audio/x-wav", wav())
        tall = self.seller.upload("tall.png", "image/png", png(420, 600), purpose="cover")
        wide = self.seller.upload("wide.png", "image/png", png(720, 480, 1), purpose="cover")
        self.book = self.seller.product("The Evening Handbook", [book, tone], tall)
        self.sound = self.seller.product("A Tone at Dusk", [tone], wide, category="audio", price={"amount": 300, "currency": "USD"})
        self.plain = self.seller.product("Without a Cover", [book], price={"amount": 900, "currency": "USD"})
        self.gift = self.seller.product("A Gift", [book], price={"amount": 0, "currency": "USD"})
        self.draft = self.seller.product("An Unfinished Thing", [], publish=False)
        self.buyer = Account("Ada Byron", ["buyer"])
        paid, self.order = self.buyer.buy([self.sound["id"]])
        assert paid.status == 201, dict(paid)
        declined, self.unpaid = self.buyer.buy([self.plain["id"]], "4000000000000002")
        assert declined.status == 402, dict(declined)
        order = self.buyer.api.ok("GET", f"/v1/orders/{self.order}")
        self.entitlement = order["items"][0]["entitlement_id"]


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage()


def shoot(page: Page, name: str):
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
