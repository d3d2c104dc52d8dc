"""README's pictures, taken of a shop with a small catalogue. Run by scripts/screenshots, not with the tests."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from conftest import signed_in
from shop import URL, Account, epub, wav

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
LIMIT = 150 * 1024
# Title, seller, category, price in cents, file, and the cover: its proportions and its colours from sky to ground.
CATALOGUE = [
    ("The Quiet Server", 0, "ebooks", 1900, "quiet-server.epub", (600, 840), "#f3e3c2 #e9b872 #a63d24 #2f4a3c"),
    ("Harbour at Four in the Morning", 1, "audio", 700, "harbour.wav", (800, 800), "#12303a #1d4d57 #7fb0a6 #f2c078"),
    ("Dunes, twelve photographs", 0, "graphics", 1200, "dunes.epub", (900, 620), "#ffd7a8 #f4a261 #e76f51 #8a2f3b"),
    ("Tessellate Grotesk", 2, "fonts", 4900, "tessellate.epub", (960, 600), "#f7efe2 #d9532c #2b1b15 #f6c453"),
    ("Sourdough by Numbers", 1, "ebooks", 1400, "sourdough.epub", (600, 840), "#efe0c9 #c98b4e #7b4a26 #3a2416"),
    ("A Clock for the Terminal", 2, "software", 0, "clock.epub", (880, 620), "#101d1f #14464f #8fd3a3 #f6c453"),
    ("Letters from a Lighthouse", 0, "ebooks", 900, "letters.epub", (600, 840), "#cfe3d4 #8fbfb0 #e9a14e #12383f"),
    ("Icons for Weather", 2, "graphics", 1600, "weather.epub", (900, 640), "#dcebea #86c5cd #f0943f #14464f"),
]


def cover(size: tuple[int, int], colours: str) -> bytes:
    """A poster of a sun over three ridges."""
    sky, sun, far, near = colours.split()
    width, height = size
    picture = Image.new("RGB", size, sky)
    draw = ImageDraw.Draw(picture)
    radius = min(size) * 0.26
    x, y = width * 0.58, height * 0.44
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=sun)
    for level, colour in ((0.56, far), (0.74, near)):
        top = height * level
        ridge = [(at * width / 8, top + ((at * 37 + int(level * 100)) % 5 - 2) * height * 0.022) for at in range(9)]
        draw.polygon([(0, height), *ridge, (width, height)], fill=colour)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def shop():
    sellers = [Account(name, ["buyer", "seller"]) for name in ("Marta Lindqvist", "Northern Ear", "Tessellate Foundry")]
    products = []
    for title, seller, category, price, filename, size, colours in reversed(CATALOGUE):
        sound = filename.endswith(".wav")
        file = sellers[seller].upload(
            filename, "audio/x-wav" if sound else "application/epub+zip", wav(20) if sound else epub(title)
        )
        art = sellers[seller].upload("cover.png", "image/png", cover(size, colours), purpose="cover")
        money = {"amount": price, "currency": "USD"}
        products.append(sellers[seller].product(title, [file], art, category=category, price=money))
    return sellers, products


def keep(page: Page, name: str):
    """Saves the window as WebP, with the quality that the size limit leaves."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    picture = Image.open(io.BytesIO(page.screenshot()))
    for quality in (90, 80, 70, 60, 50):
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=quality, method=6)
        if out.tell() < LIMIT:
            break
    (IMAGES / f"{name}.webp").write_bytes(out.getvalue())
    print(f"\n  docs/images/{name}.webp: {picture.width}x{picture.height}, {out.tell() / 1024:.0f} KiB, quality {quality}")


def open_page(browser: Browser, watch, theme: str, account: Account | None = None, scale: float = 1.25) -> Page:
    context = browser.new_context(
        viewport={"width": 1280, "height": 960}, color_scheme=theme, device_scale_factor=scale, locale="en-US",
        reduced_motion="reduce",
    )  # fmt: skip
    if account:
        signed_in(context, account.email)
    page = context.new_page()
    watch.follow(page)
    return page


def test_the_shelf(browser, shop, watch):
    page = open_page(browser, watch, "light")
    page.goto(URL)
    expect(page.locator("main .skeleton")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    keep(page, "shelf")
    page.context.close()


def test_the_checkout(browser, shop, watch):
    watch.allow("402 /checkout")
    page = open_page(browser, watch, "dark", Account("Ada Byron", ["buyer"]))
    for product in shop[1][-2:]:
        page.goto(f"{URL}/product/{product['slug']}")
        page.get_by_role("button", name="Add to cart").click()
        expect(page.get_by_role("link", name="Go to cart")).to_be_visible()
    page.goto(f"{URL}/checkout")
    page.get_by_text("This shop takes test cards").click()
    page.get_by_role("button", name=re.compile("9995")).click()
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.evaluate("scrollTo(0, 0)")
    keep(page, "checkout")
    page.context.close()


def test_the_upload(browser, shop, watch):
    page = open_page(browser, watch, "light", shop[0][0])
    # Slow enough for the picture to catch a bar halfway; the same tool that throttles a browser by hand.
    tools = page.context.new_cdp_session(page)
    page.goto(f"{URL}/sell/products/{shop[1][-1]['id']}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.get_by_label(re.compile("Drop files here")).set_input_files(
        [{"name": "quiet-server-samples.epub", "mimeType": "application/epub+zip", "buffer": epub("Samples")}]
    )
    expect(page.get_by_role("button", name="Remove quiet-server-samples.epub")).to_be_visible(timeout=60_000)
    tools.send("Network.enable")
    tools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 3_000_000},
    )
    page.get_by_label(re.compile("Drop files here")).set_input_files(
        [{"name": "quiet-server-read-aloud.wav", "mimeType": "audio/x-wav", "buffer": wav(600)}]
    )
    # Asked from here: the page's policy allows no script that a waiting function would be.
    while page.evaluate("document.querySelector('.upload-row progress')?.value ?? 0") < 0.45:
        page.wait_for_timeout(50)
    keep(page, "upload")
    page.get_by_role("button", name="Stop quiet-server-read-aloud.wav").click()
    page.context.close()
