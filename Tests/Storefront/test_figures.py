"""The first page's cost in this browser: bytes, first contentful paint, layout shift. Prints what it measured."""

import pytest
from playwright.sync_api import Browser, expect

from shop import URL

OBSERVE = """
window.__shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const nodes = entry.sources.map((source) => source.node?.className || source.node?.nodeName);
    window.__shifts.push({ value: entry.value, nodes });
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("screen", ["home", "browse", "product"])
def test_the_first_page_is_light_quick_and_still(browser: Browser, stage, capsys, screen: str, width: int):
    path = {"home": "/", "browse": "/browse", "product": f"/product/{stage.book['slug']}"}[screen]
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.add_init_script(OBSERVE)
    page.goto(URL + path)
    expect(page.locator("main .skeleton")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
    for _ in range(20):
        if paint is not None:
            break
        page.wait_for_timeout(100)
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
    entries = page.evaluate(
        """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
           .map((entry) => ({ name: entry.name, size: entry.transferSize, type: entry.initiatorType }))"""
    )
    pictures = sum(entry["size"] for entry in entries if "/media/" in entry["name"])
    rest = sum(entry["size"] for entry in entries) - pictures
    shifts = page.evaluate("window.__shifts")
    shift = sum(entry["value"] for entry in shifts)
    context.close()
    with capsys.disabled():
        print(
            f"\n  {screen:8} {width:5} px: {rest / 1024:6.1f} KiB transferred without pictures, {pictures / 1024:6.1f} KiB of "
            f"pictures, {len(entries)} requests, first contentful paint {paint:5.0f} ms, layout shift {shift:.4f}",
            end="",
        )
    assert rest < 120 * 1024
    assert paint is not None and paint < 1000
    assert shift == 0, shifts
