#!/usr/bin/env python3
"""Buy a book in a browser from the bookstore that the sandbox has built, lose a Region, and see the other one answer.

    pip install playwright && python3 tests/judges/shop_sandbox.py [PROGRAM] [path of Chromium]

`workshop run m4` builds it; `workshop sandbox serve` opens the shop on 127.0.0.1. Page, functions, DNS, health checks and
replication are those of the workshop. Ends with 1 and the first thing that differs.
"""

import re
import shutil
import sys
import tempfile
import time

from playwright.sync_api import expect, sync_playwright

from program import serving, workshop

FOX = "The Fox Who Kept Copies"
# Simulated seconds per second: health checks need half a minute, an answer of DNS is kept for one.
SPEED = 60
# Seconds of the wall until the other Region answers, at most: two simulated minutes are two seconds.
PATIENCE = 15


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
        with serving(state, SPEED) as (_, shop):
            address = f"{shop}/"
            with sync_playwright() as tools:
                browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                page = browser.new_page()
                wrong = []
                page.on("pageerror", lambda error: wrong.append(str(error)))
                page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
                buys(page, address)
                print("buys: as expected")
                fails_over(page, state)
                print("fails over: as expected")
                browser.close()
            assert wrong == [], wrong


if __name__ == "__main__":
    main()
