#!/usr/bin/env python3
"""Sign in to the bookstore that the sandbox has built, buy a book, lose a Region, and see the other one answer.

    pip install boto3 playwright && python3 tests/judges/shop_sandbox.py [PROGRAM] [path of Chromium]

`workshop run m4` builds it; `workshop sandbox serve` opens the shop on 127.0.0.1. Page, functions, sign-in, roles, DNS,
health checks and replication are those of the workshop; boto3 confirms the account as the pool's owner. Ends with 1 and the first thing that differs.
"""

import re
import shutil
import sys
import tempfile
import time

import boto3
from playwright.sync_api import expect, sync_playwright

from program import serving, workshop

FOX = "The Fox Who Kept Copies"
# Simulated seconds per second: health checks need half a minute, an answer of DNS is kept for one.
SPEED = 60
# Seconds of the wall until the other Region answers, at most: two simulated minutes are two seconds.
PATIENCE = 15


EMAIL = "ann@shop.test"
PASSWORD = "a password of words"


def signs_in(page, address, aws):
    """Nobody has a cart; an account is made, refused until it is confirmed, and signed in."""
    page.goto(f"{address}#/cart")
    expect(page.locator("#status")).to_have_text("Sign in first: a cart and an order belong to someone.")
    page.locator("#pages").get_by_role("link", name="Account").click()
    # The same labels stand in each of the three forms.
    forms = page.locator("form")

    def fill(form, **fields):
        for name, value in fields.items():
            form.locator(f"[name={name}]").fill(value)
        form.get_by_role("button").click()

    fill(forms.nth(1), email=EMAIL, password=PASSWORD)
    expect(page.locator("#status")).to_have_text(re.compile("^A code is on its way to you"))
    fill(forms.nth(1), email=EMAIL, password=PASSWORD)
    expect(page.locator("#status")).to_have_text("An account with the given email already exists.")
    fill(forms.nth(0), email=EMAIL, password=PASSWORD)
    expect(page.locator("#status")).to_have_text("User is not confirmed.")
    pool = page.request.get(f"{address}config.json").json()["signIn"]["userPoolId"]
    keys = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}
    client = boto3.client("cognito-idp", region_name=pool.split("_")[0], endpoint_url=aws, **keys)
    client.admin_confirm_sign_up(UserPoolId=pool, Username=EMAIL)
    fill(forms.nth(0), email=EMAIL, password="not that password")
    expect(page.locator("#status")).to_have_text("Incorrect username or password.")
    fill(forms.nth(0), email=EMAIL, password=PASSWORD)
    expect(page.locator("#page")).to_contain_text(f"Signed in as {EMAIL}.")


def buys(page, address):
    """Browses, puts a book in the cart, and orders it."""
    page.goto(address)
    expect(page.locator("#region")).to_have_text("Ireland (eu-west-1)")
    expect(page.locator(".card").first).to_be_visible()
    page.goto(f"{address}#/books/b09")
    page.reload()
    expect(page.locator("#title")).to_have_text(FOX)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("#status")).to_have_text(re.compile(f"^{FOX} is in the cart: \\d+.$"))
    page.locator("#pages").get_by_role("link", name="Cart").click()
    page.get_by_role("button", name="Order").click()
    expect(page.locator("#title")).to_have_text("Orders")
    expect(page.locator("#status")).to_have_text(re.compile("^Order [0-9a-f-]{36} is placed.$"))


def fails_over(page, state):
    """The Region is lost; after health checks and DNS the page says that another one answers, and the order is there."""
    workshop(state, "sandbox", "fault", "start", "region-loss", "eu-west-1", "--lease", "1h")
    begun = time.monotonic()
    while "Singapore" not in page.locator("#region").inner_text():
        assert time.monotonic() - begun < PATIENCE, f"nobody took over: {page.locator('#status').inner_text()}"
        page.get_by_role("button", name="Ask again").click()
        page.wait_for_timeout(200)
    expect(page.get_by_role("alert")).to_contain_text("Another Region answers now: Singapore (ap-southeast-1).")
    page.get_by_role("button", name="Understood").click()
    page.locator("#pages").get_by_role("link", name="Cart").click()
    page.locator("#pages").get_by_role("link", name="Orders").click()
    expect(page.locator("caption")).to_have_count(1)
    page.locator("#pages").get_by_role("link", name="Books").click()
    expect(page.locator(".card").first).to_be_visible()


def main():
    chromium = sys.argv[2] if len(sys.argv) > 2 else shutil.which("chromium")
    with tempfile.TemporaryDirectory() as state:
        workshop(state, "run", "m4")
        with serving(state, SPEED) as (aws, shop):
            address = f"{shop}/"
            with sync_playwright() as tools:
                browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                page = browser.new_page()
                wrong = []
                page.on("pageerror", lambda error: wrong.append(str(error)))
                page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
                signs_in(page, address, aws)
                print("signs in: as expected")
                buys(page, address)
                print("buys: as expected")
                fails_over(page, state)
                print("fails over: as expected")
                browser.close()
            assert wrong == [], wrong


if __name__ == "__main__":
    main()
