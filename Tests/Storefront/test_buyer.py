"""Browsing, searching and buying, as a person does it."""

import re

from playwright.sync_api import Page, expect

from conftest import pay, sign_in
from shop import PASSWORD, URL, Account


def open_product(page: Page, product: dict):
    page.goto(f"{URL}/product/{product['slug']}")
    expect(page.get_by_role("heading", level=1, name=product["title"])).to_be_visible()


def to_checkout(page: Page, product: dict):
    open_product(page, product)
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="Go to cart").click()
    page.get_by_role("link", name="Check out", exact=True).click()


def test_a_guest_fills_a_cart_signs_in_pays_and_downloads(page: Page, watch, stage):
    buyer = Account("Whole Purchase", ["buyer"])
    page.goto(URL)
    page.get_by_role("searchbox", name="Search the shop").fill("Evening Handbook")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Evening Handbook")
    page.get_by_role("link", name=stage.book["title"]).first.click()
    expect(page.get_by_role("heading", level=1, name=stage.book["title"])).to_be_focused()
    expect(page.get_by_text("evening.epub")).to_be_visible()
    expect(page.locator(".gallery-open img.cover-picture")).to_be_visible()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="Cart, 1 in it")).to_be_visible()

    page.reload()
    page.get_by_role("link", name="Cart, 1 in it").click()
    expect(page.get_by_role("heading", name="Cart")).to_be_focused()
    page.get_by_role("link", name="Check out", exact=True).click()
    expect(page.get_by_text("Sign in to check out")).to_be_visible()
    page.get_by_label("E-mail").fill(buyer.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text("This is not a card number.")).to_be_visible()
    pay(page, "4242 4242 4242 4242")
    expect(page.get_by_text("It is yours.")).to_be_visible()
    expect(page.get_by_role("link", name="Cart, empty")).to_be_visible()

    page.get_by_role("link", name="Go to your downloads").click()
    expect(page.get_by_role("heading", level=1, name=stage.book["title"])).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download evening.epub").click()
    assert download.value.path().stat().st_size > 0
    expect(page.get_by_text(re.compile(r"\d+ of \d+ downloads left"))).to_be_visible()
    page.goto(f"{URL}/library")
    expect(page.get_by_role("link", name=stage.book["title"])).to_be_visible()


def test_a_declined_card_is_said_inline_and_another_pays(page: Page, watch, stage):
    watch.allow("402 /checkout", "402 /confirm")
    sign_in(page, Account("Declined", ["buyer"]).email)
    to_checkout(page, stage.book)
    pay(page, "4000 0000 0000 9995")
    expect(page.get_by_role("alert")).to_contain_text("not enough money")
    pay(page, "4000 0000 0000 0002")
    expect(page.get_by_role("alert")).to_contain_text("declined")
    page.get_by_text("This shop takes test cards").click()
    page.get_by_role("button", name=re.compile("4242 4242 4242 4242")).click()
    page.get_by_role("button", name=re.compile("^Pay again")).click()
    expect(page.get_by_text("It is yours.")).to_be_visible()


def test_a_declined_order_is_paid_later_from_its_own_page(page: Page, watch, stage):
    watch.allow("402 /checkout")
    sign_in(page, Account("Comes Back", ["buyer"]).email)
    to_checkout(page, stage.book)
    pay(page, "4000 0000 0000 0002")
    expect(page.get_by_role("alert")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name=re.compile("^Order"))).to_be_visible()
    expect(page.get_by_text("Not paid yet", exact=True)).to_be_visible()
    pay(page, "4242 4242 4242 4242")
    expect(page.get_by_text("It is yours.")).to_be_visible()


def test_the_bank_asks_and_is_answered(page: Page, watch, stage):
    sign_in(page, Account("Confirmed", ["buyer"]).email)
    to_checkout(page, stage.book)
    pay(page, "4000 0025 0000 3155")
    dialog = page.get_by_role("dialog", name="Your bank asks you to confirm")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("It is yours.")).to_be_visible()


def test_a_refused_confirmation_charges_nothing_and_leaves_another_try(page: Page, watch, stage):
    watch.allow("402 /confirm")
    sign_in(page, Account("Refuses", ["buyer"]).email)
    to_checkout(page, stage.book)
    pay(page, "4000 0025 0000 3155")
    page.get_by_role("dialog").get_by_role("button", name="Decline").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged")
    page.get_by_role("button", name=re.compile("^Pay again")).click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_text("It is yours.")).to_be_visible()


def test_something_free_needs_no_card(page: Page, watch, stage):
    sign_in(page, Account("Given", ["buyer"]).email)
    to_checkout(page, stage.gift)
    page.get_by_role("button", name="Get it for free").click()
    expect(page.get_by_text("It is yours.")).to_be_visible()


def test_the_cart_can_be_emptied(page: Page, watch, stage):
    open_product(page, stage.plain)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="Cart, 1 in it")).to_be_visible()
    page.goto(f"{URL}/cart")
    page.get_by_role("button", name=f"Remove {stage.plain['title']}").click()
    expect(page.get_by_text("Your cart is empty")).to_be_visible()


def test_browsing_keeps_its_address_and_its_place(page: Page, watch, stage):
    page.goto(f"{URL}/browse")
    page.get_by_role("navigation", name="Categories").get_by_role("link", name=re.compile("^Audio")).click()
    expect(page).to_have_url(re.compile("category=audio"))
    expect(page.get_by_role("link", name=stage.sound["title"]).first).to_be_visible()
    page.get_by_label("Sort by").select_option("price_asc")
    expect(page).to_have_url(re.compile("sort=price_asc"))
    page.reload()
    expect(page.get_by_label("Sort by")).to_have_value("price_asc")

    page.set_viewport_size({"width": 360, "height": 500})
    page.goto(f"{URL}/browse")
    link = page.get_by_role("link", name=stage.plain["title"]).first
    link.scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    before = page.evaluate("scrollY")
    link.click()
    expect(page.get_by_role("heading", level=1, name=stage.plain["title"])).to_be_visible()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.get_by_role("link", name=stage.plain["title"]).first).to_be_in_viewport()
    assert abs(page.evaluate("scrollY") - before) < 5


def test_what_is_not_there_says_so(page: Page, watch):
    watch.allow("404 /products/nothing-like-this")
    page.goto(f"{URL}/product/nothing-like-this")
    expect(page.get_by_role("heading", name="The sun has set on this product")).to_be_visible()
    page.goto(f"{URL}/no/such/page")
    expect(page.get_by_role("heading", name="The sun has set on this page")).to_be_visible()
    page.goto(f"{URL}/browse?q=zzzzzzunheardof")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
