"""What a screen shows while it waits, when a request fails, and how it gets over it. The faults are put in by the browser."""

import json
import re

from playwright.sync_api import Page, Route, expect

from conftest import pay, sign_in
from shop import URL, Account

PROBLEM = {"type": "urn:sunset:problem:unavailable", "title": "Service Unavailable", "status": 503, "code": "unavailable",
           "detail": "A part of the shop does not answer.", "request_id": "req_test"}  # fmt: skip


def refuse(route: Route):
    route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(PROBLEM))


def test_a_failed_list_says_why_and_can_be_tried_again(page: Page, watch, stage):
    watch.allow("503 /v1/products")
    page.route("**/v1/products?*", refuse)
    page.goto(f"{URL}/browse")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(page.get_by_role("alert")).to_contain_text("req_test")
    page.unroute("**/v1/products?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("link", name=stage.book["title"]).first).to_be_visible()


def test_what_is_coming_is_announced_and_has_its_size(page: Page, watch, stage):
    held: list[Route] = []
    page.route("**/v1/products/*", lambda route: held.append(route))
    page.goto(f"{URL}/product/{stage.book['slug']}")
    expect(page.get_by_role("status").filter(has_text="Loading")).to_have_count(1)
    box = page.locator(".product-gallery .cover").bounding_box()
    held[0].continue_()
    expect(page.get_by_role("heading", level=1, name=stage.book["title"])).to_be_visible()
    assert page.locator(".product-gallery .cover").first.bounding_box() == box


def test_a_payment_whose_answer_was_lost_is_not_made_twice(page: Page, watch, stage):
    buyer = Account("Unlucky", ["buyer"])
    sign_in(page, buyer.email)
    page.goto(f"{URL}/product/{stage.book['slug']}")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="Go to cart").click()
    page.get_by_role("link", name="Check out", exact=True).click()
    keys = []

    def lose(route: Route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            route.continue_()
            return
        # The order is made and paid; only its answer never arrives.
        route.fetch()
        refuse(route)

    watch.allow("503 /checkout")
    page.route("**/checkout", lose)
    pay(page, "4242 4242 4242 4242")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text("It is yours.")).to_be_visible()
    assert len(keys) == 2 and keys[0] == keys[1]
    assert len(buyer.api.ok("GET", "/v1/orders")["data"]) == 1


def test_a_session_that_ended_elsewhere_leads_to_signing_in(page: Page, watch, stage):
    watch.allow("401 /v1/")
    sign_in(page, stage.buyer.email)
    page.context.clear_cookies()
    page.goto(f"{URL}/library")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    expect(page).to_have_url(re.compile("next=%2Flibrary"))


def test_a_price_that_moved_is_shown_before_it_is_paid(page: Page, watch, stage):
    watch.allow("409 /checkout")
    seller = stage.seller
    product = seller.product("A Moving Price", [stage.book["files"][0]["id"]])
    sign_in(page, Account("Careful Buyer", ["buyer"]).email)
    page.goto(f"{URL}/product/{product['slug']}")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="Go to cart").click()
    page.get_by_role("link", name="Check out", exact=True).click()
    expect(page.get_by_role("button", name="Pay $12.00")).to_be_visible()
    etag = seller.api.ok("GET", f"/v1/seller/products/{product['id']}").headers["ETag"]
    dearer = {"price": {"amount": 1500, "currency": "USD"}}
    seller.api.ok("PATCH", f"/v1/seller/products/{product['id']}", dearer, headers={"If-Match": etag})
    pay(page, "4242 4242 4242 4242")
    expect(page.get_by_text("A price has changed")).to_be_visible()
    page.get_by_role("button", name="Pay $15.00").click()
    expect(page.get_by_text("It is yours.")).to_be_visible()
