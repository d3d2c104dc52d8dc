"""From dropped files to a published product, its withdrawal and its sales."""

import re

from playwright.sync_api import Page, expect

from conftest import sign_in
from shop import URL, Account, epub, png, wav


def choose(page: Page, label: str, files: list[dict]):
    page.get_by_label(re.compile(label)).set_input_files(files)


def test_a_seller_uploads_publishes_sells_and_withdraws(page: Page, watch):
    seller = Account("Iris Vane", ["buyer", "seller"])
    sign_in(page, seller.email)
    page.get_by_role("link", name="Sell", exact=True).first.click()
    page.get_by_role("link", name="New product").click()
    choose(
        page,
        "Drop files here",
        [
            {"name": "dusk.epub", "mimeType": "application/epub+zip", "buffer": epub("Dusk")},
            {"name": "dusk.wav", "mimeType": "audio/x-wav", "buffer": wav()},
        ],
    )
    uploads = page.get_by_role("list", name="Uploads", exact=True)
    expect(uploads.get_by_text("checksums agree")).to_have_count(2, timeout=60_000)

    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Give it a title.")).to_be_visible()
    page.get_by_label("Title").fill("Dusk, read aloud")
    page.get_by_label("Description").fill("A book and its sound.")
    page.get_by_label("Price").fill("7.50")
    page.get_by_label("Category").select_option("ebooks")
    page.get_by_label("Tags").fill("dusk, audio book")
    page.get_by_label("Download limit").fill("10")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_role("heading", level=1, name="Dusk, read aloud")).to_be_visible()
    expect(page).to_have_url(re.compile("/sell/products/prd_"))
    expect(page.get_by_role("button", name="Remove dusk.wav")).to_be_visible()

    choose(page, "Add a cover", [{"name": "cover.png", "mimeType": "image/png", "buffer": png(640, 480, 2)}])
    expect(page.get_by_role("img", name="Present cover of Dusk, read aloud")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Move dusk.wav up").click()
    expect(page.get_by_role("button", name="Move dusk.epub up")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("On the shelf", exact=True)).to_be_visible()

    page.get_by_label("Price").fill("8.00")
    page.get_by_role("button", name="Save and keep on the shelf").click()
    expect(page.get_by_text("Everything is saved.")).to_be_visible()
    page.get_by_role("link", name="View", exact=True).click()
    expect(page.get_by_text("$8.00")).to_be_visible()
    product = page.url.rsplit("/", 1)[1]

    paid, _ = Account("A Customer", ["buyer"]).buy([seller.api.ok("GET", f"/v1/products/{product}")["id"]])
    assert paid.status == 201
    page.goto(f"{URL}/sell/orders")
    expect(page.get_by_role("rowheader", name="Dusk, read aloud")).to_be_visible()

    page.goto(f"{URL}/sell")
    page.get_by_role("button", name="Withdraw Dusk, read aloud").click()
    expect(page.get_by_text("Withdrawn", exact=True)).to_be_visible()
    watch.allow("404 /products/")
    page.goto(f"{URL}/product/{product}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Add to cart")).to_have_count(0)


def test_several_files_are_dropped_at_once(page: Page, watch):
    sign_in(page, Account("Drops", ["buyer", "seller"]).email)
    page.goto(f"{URL}/sell/products/new")
    zone = page.locator(".drop").first
    contents = [list(wav()), list(wav(2))]
    dropped = page.evaluate_handle(
        """(contents) => {
          const transfer = new DataTransfer();
          contents.forEach((bytes, at) =>
            transfer.items.add(new File([new Uint8Array(bytes)], `dropped-${at}.wav`, { type: "audio/x-wav" })));
          return transfer;
        }""",
        contents,
    )
    zone.dispatch_event("dragenter", {"dataTransfer": dropped})
    expect(page.locator(".drop-over")).to_have_count(1)
    zone.dispatch_event("drop", {"dataTransfer": dropped})
    expect(page.locator(".drop-over")).to_have_count(0)
    expect(page.get_by_text("checksums agree")).to_have_count(2, timeout=60_000)


def test_a_refused_file_says_why_and_can_be_taken_out(page: Page, watch):
    sign_in(page, Account("Careless", ["buyer", "seller"]).email)
    page.goto(f"{URL}/sell/products/new")
    choose(page, "Add a cover", [{"name": "cover.png", "mimeType": "image/png", "buffer": b"this is not a picture at all"}])
    covers = page.get_by_role("list", name="Cover uploads")
    expect(covers.get_by_text("Refused")).to_be_visible(timeout=60_000)
    expect(covers.get_by_role("alert")).not_to_be_empty()
    covers.get_by_role("button", name="Remove cover.png").click()
    expect(covers).to_have_count(0)


def test_uploads_go_on_while_the_seller_is_elsewhere(page: Page, watch):
    sign_in(page, Account("Wanders", ["buyer", "seller"]).email)
    page.goto(f"{URL}/sell/products/new")
    choose(page, "Drop files here", [{"name": "large.wav", "mimeType": "audio/x-wav", "buffer": wav(600)}])
    page.get_by_role("link", name="Your products").first.click()
    expect(page.get_by_text("Nothing of yours on the shelves yet")).to_be_visible()
    page.get_by_role("link", name="New product").click()
    expect(page.get_by_text("checksums agree")).to_be_visible(timeout=60_000)


def test_two_editors_do_not_overwrite_each_other(page: Page, watch):
    watch.allow("412 /seller/products/")
    seller = Account("Twice", ["buyer", "seller"])
    product = seller.product("Seen Twice", [], publish=False)
    sign_in(page, seller.email)
    page.goto(f"{URL}/sell/products/{product['id']}")
    page.get_by_label("Title").fill("Mine")
    etag = seller.api.ok("GET", f"/v1/seller/products/{product['id']}").headers["ETag"]
    seller.api.ok("PATCH", f"/v1/seller/products/{product['id']}", {"title": "Theirs"}, headers={"If-Match": etag})
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("It was changed elsewhere meanwhile")).to_be_visible()


def test_an_account_that_only_buys_is_told_so(page: Page, watch, stage):
    sign_in(page, stage.buyer.email)
    page.goto(f"{URL}/sell")
    expect(page.get_by_text("This account only buys")).to_be_visible()
