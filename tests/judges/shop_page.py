#!/usr/bin/env python3
"""Use the shop's page as customers do: in headless Chromium, with mouse and with keyboard, while Regions change.

    pip install playwright && python3 tests/judges/shop_page.py [path of Chromium]

The page is the shipped one, and so are the functions that answer it. Ends with 1 and the first thing that differs.
"""

import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

FOX = "The Fox Who Kept Copies"


class Shop:
    """The page in a browser, and the switches behind it."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.status, self.title = page.locator("#status"), page.locator("#title")

    def switch(self, what):
        request = urllib.request.Request(f"{self.address}/test/{what}", method="POST")
        urllib.request.urlopen(request).close()

    def go(self, name):
        self.page.locator("#pages").get_by_role("link", name=name).click()
        expect(self.title).to_have_text(name)


def browses(shop):
    """Regions, categories and pages; a hostile title is only text."""
    page = shop.page
    page.goto(shop.address)
    expect(page.locator("#region")).to_have_text("Ireland (eu-west-1)")
    expect(page.locator(".card")).to_have_count(24)
    expect(page.get_by_role("navigation", name="Categories").get_by_role("link")).to_have_count(9)
    page.get_by_role("button", name="More books").click()
    expect(page.locator(".card")).to_have_count(48)
    expect(page.locator(".card").nth(24).get_by_role("heading").get_by_role("link")).to_be_focused()
    page.get_by_role("navigation", name="Categories").get_by_role("link", name="Sea").click()
    expect(shop.title).to_have_text("Sea")
    expect(shop.title).to_be_focused()
    page.get_by_role("link", name="<img src=x").click()
    expect(shop.title).to_have_text("<img src=x onerror=alert(1)>")
    expect(page.locator("#page img, #page b")).to_have_count(0)
    shop.go("Best sellers")
    expect(page.locator("#page li").first).to_have_text(f"{FOX} — 5 sold")


def buys_while_the_region_changes(shop):
    """With the keyboard only: add, change, order, and see the other Region answer."""
    page = shop.page
    page.goto(f"{shop.address}/#/books/b09")
    add = page.get_by_role("button", name="Add to cart")
    expect(shop.title).to_have_text(FOX)
    add.focus()
    page.keyboard.press("Enter")
    expect(shop.status).to_have_text(f"{FOX} is in the cart: 1.")
    page.keyboard.press("Enter")
    expect(shop.status).to_have_text(f"{FOX} is in the cart: 2.")
    shop.go("Cart")
    quantity = page.get_by_label(f"Quantity of {FOX}")
    quantity.fill("5")
    quantity.press("Enter")
    expect(page.locator("tfoot td")).to_have_text("€ 62.50")
    expect(page.get_by_label(f"Quantity of {FOX}")).to_be_focused()
    quantity.fill("500")
    quantity.press("Enter")
    expect(shop.status).to_have_text("A quantity is a whole number from 1 to 99.")
    expect(quantity).to_have_value("5")
    expect(page.locator("#change")).to_be_hidden()
    shop.switch("region/ap-southeast-1")
    page.get_by_role("button", name="Order").press("Enter")
    expect(shop.title).to_have_text("Orders")
    expect(shop.title).to_be_focused()
    expect(shop.status).to_have_text(re.compile("^Order [0-9a-f-]{36} is placed.$"))
    banner = page.get_by_role("alert")
    expect(banner).to_contain_text("Another Region answers now: Singapore (ap-southeast-1).")
    expect(page.locator("#region")).to_have_text("Singapore (ap-southeast-1)")
    page.get_by_role("button", name="Understood").press("Enter")
    expect(page.locator("#change")).to_be_hidden()
    shop.go("Cart")
    expect(page.locator("#page")).to_have_text("The cart is empty.")


def survives_an_outage(shop):
    """Says that nobody answers, and goes on when somebody does."""
    page = shop.page
    shop.switch("silent/on")
    page.locator("#pages").get_by_role("link", name="Orders").click()
    expect(shop.title).to_have_text("That did not work", timeout=15_000)
    expect(shop.status).to_have_text("The API cannot be reached.")
    shop.switch("silent/off")
    page.get_by_role("button", name="Try again").click()
    expect(shop.title).to_have_text("Orders")
    expect(page.locator("caption")).to_have_count(1)


def is_labelled(shop):
    """Every control has a name, one heading leads each page, and nothing is wider than a telephone."""
    page = shop.page
    page.set_viewport_size({"width": 360, "height": 740})
    for name in ("Books", "Best sellers", "Orders", "Account"):
        shop.go(name)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('a, button, input')]
                .filter((one) => !one.closest('[aria-hidden=true]') && one.getAttribute('aria-hidden') !== 'true')
                .filter((one) => !(one.getAttribute('aria-label') || one.textContent || one.labels?.[0]?.textContent).trim())
                .map((one) => one.outerHTML)"""
        )
        assert nameless == [], nameless
        expect(page.get_by_role("heading", level=2)).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"


def main():
    chromium = sys.argv[1] if len(sys.argv) > 1 else shutil.which("chromium")
    server = subprocess.Popen(
        ["node", Path(__file__).with_name("shop_server.mjs")], stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().strip()
        with sync_playwright() as tools:
            browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page()
            wrong = []
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("dialog", lambda dialog: wrong.append(f"a dialog: {dialog.message}"))
            page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
            shop = Shop(page, address)
            for part in (browses, buys_while_the_region_changes, survives_an_outage, is_labelled):
                part(shop)
                print(f"{part.__name__.replace('_', ' ')}: as expected")
            browser.close()
        assert wrong == [], wrong
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
