"""Every screen, in both themes and three widths: axe's findings, sideways scrolling, titles, and pictures for the eye."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from conftest import Watch, shoot, signed_in
from shop import URL

LOOKS = [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark"), (1920, "light")]


def screens(stage) -> dict[str, list[tuple[str, str]]]:
    return {
        "guest": [
            ("home", "/"),
            ("browse", "/browse"),
            ("category", "/browse?category=audio&sort=price_asc"),
            ("search-empty", "/browse?q=zzzzzzunheardof"),
            ("product", f"/product/{stage.book['slug']}"),
            ("cart-empty", "/cart"),
            ("sign-in", "/sign-in"),
            ("sign-up", "/sign-up"),
            ("confirm", "/confirm?email=ada@example.org"),
            ("forgot-password", "/forgot-password"),
            ("reset-password", "/reset-password?email=ada@example.org"),
            ("not-found", "/no/such/page"),
        ],
        "buyer": [
            ("cart", "/cart"),
            ("checkout", "/checkout"),
            ("orders", "/orders"),
            ("order", f"/orders/{stage.order}"),
            ("order-unpaid", f"/orders/{stage.unpaid}"),
            ("library", "/library"),
            ("library-item", f"/library/{stage.entitlement}"),
            ("account", "/account"),
        ],
        "seller": [
            ("sell", "/sell"),
            ("sell-new", "/sell/products/new"),
            ("sell-edit", f"/sell/products/{stage.book['id']}"),
            ("sell-orders", "/sell/orders"),
        ],
    }


@pytest.mark.parametrize("width,theme", LOOKS)
@pytest.mark.parametrize("who", ["guest", "buyer", "seller"])
def test_every_screen_is_accessible_and_fits(browser: Browser, stage, watch: Watch, who: str, width: int, theme: str):
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, reduced_motion="reduce", locale="en-US"
    )
    if who != "guest":
        signed_in(context, stage.buyer.email if who == "buyer" else stage.seller.email)
    if who == "buyer":
        cart = stage.buyer.api.ok("POST", "/v1/carts")
        stage.buyer.api.ok("PUT", f"/v1/carts/{cart['id']}/items/{stage.book['id']}")
        context.add_init_script(f"localStorage.setItem('sunset.cart', '{cart['id']}')")
    page = context.new_page()
    watch.follow(page)
    axe = Axe()
    titles: dict[str, str] = {}
    findings = []
    for name, path in screens(stage)[who]:
        page.goto(URL + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("main .skeleton")).to_have_count(0)
        page.wait_for_load_state("networkidle") if not path.startswith("/orders/") else page.wait_for_timeout(300)
        shoot(page, f"{name}-{width}-{theme}")
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if sideways > 0:
            findings.append(f"{name}: {sideways} px wider than the window")
        for violation in axe.run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                where = "; ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:4])
                findings.append(f"{name}: {violation['id']}: {violation['help']} at {where}")
        title = page.title()
        if title in titles:
            findings.append(f"{name}: has the title of {titles[title]}, {title!r}")
        titles[title] = name
    context.close()
    assert not findings, "\n".join(findings)


def test_dialogs_and_menus_are_accessible(page, context, stage, watch):
    signed_in(context, stage.buyer.email)
    axe = Axe()

    def serious():
        return [v["id"] for v in axe.run(page).response["violations"] if v["impact"] in ("serious", "critical")]

    page.goto(f"{URL}/product/{stage.book['slug']}")
    page.get_by_role("button", name="Enlarge").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert serious() == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Enlarge")).to_be_focused()
    menu = page.get_by_role("button", name="Menu of Ada Byron")
    menu.click()
    assert serious() == []
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    expect(page.locator("#account-menu")).not_to_be_visible()


def test_the_keyboard_alone_reaches_the_shop(page, stage, watch):
    page.goto(URL)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Browse the shelves")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Everything on the shelves")).to_be_focused()


def test_the_theme_can_be_chosen_and_stays(page, watch):
    page.goto(URL)
    page.get_by_label("Appearance").select_option("dark")
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.reload()
    expect(page.get_by_label("Appearance")).to_have_value("dark")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark
