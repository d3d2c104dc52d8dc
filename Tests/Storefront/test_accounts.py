"""Sign-up, confirmation, sign-in and a forgotten password, as a person does them."""

import re
import time
import uuid

from playwright.sync_api import Page, expect

from conftest import sign_in
from shop import PASSWORD, URL, Account, mailed_code


def test_a_new_buyer_signs_up_confirms_and_is_signed_in(page: Page, watch):
    address = f"new.{uuid.uuid4().hex[:8]}@example.org"
    watch.allow("422 /auth/confirm")
    page.goto(URL)
    page.get_by_role("button", name="Menu: sign in").click()
    page.get_by_role("link", name="Create an account").click()
    expect(page).to_have_title(re.compile("Create an account"))
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("Use at least 8 characters.")).to_be_visible()
    page.get_by_label("Name").fill("Grace Hopper")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()

    expect(page.get_by_role("heading", name="Check your mail")).to_be_focused()
    code = mailed_code(address)
    page.get_by_label("Code").fill("000000" if code != "000000" else "111111")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".field-error, .alert-bad")).to_be_visible()
    page.get_by_label("Code").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("button", name="Menu of Grace Hopper")).to_be_visible()

    page.reload()
    expect(page.get_by_role("button", name="Menu of Grace Hopper")).to_be_visible()
    page.get_by_role("button", name="Menu of Grace Hopper").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Menu: sign in")).to_be_visible()
    assert page.evaluate("document.cookie") == "", "the session is not for scripts"


def test_a_wrong_password_says_so_and_a_guest_comes_back_to_where_they_wanted(page: Page, watch, stage):
    watch.allow("401 /auth/sign-in")
    page.goto(f"{URL}/library")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    page.get_by_label("E-mail").fill(stage.buyer.email)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Library")).to_be_focused()


def test_a_forgotten_password_is_replaced(page: Page, watch):
    account = Account("Forgetful", ["buyer"])
    page.goto(f"{URL}/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill(account.email)
    asked = time.time()
    page.get_by_role("button", name="Mail me a code").click()
    expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    page.get_by_label("Code").fill(mailed_code(account.email, after=asked))
    page.get_by_role("textbox", name="New password").fill("another lantern altogether")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    page.get_by_label("Password", exact=True).fill("another lantern altogether")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Menu of Forgetful")).to_be_visible()


def test_changing_the_password_signs_out(page: Page, watch):
    watch.allow("403 /auth/change-password")
    account = Account("Careful", ["buyer"])
    sign_in(page, account.email)
    page.goto(f"{URL}/account")
    page.get_by_label("Present password").fill("wrong one here")
    page.get_by_role("textbox", name="New password").fill("another lantern altogether")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("That is not your present password.")).to_be_visible()
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
