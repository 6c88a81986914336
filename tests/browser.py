"""A page in a real browser without a network, for tests."""

import contextlib
import shutil

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextlib.contextmanager
def opened(path):
    """A local page, open in a browser; `page.complaints` is what has gone wrong in it, at the end nothing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the packages of tests: pip install .[test]")
    if not CHROMIUM:
        pytest.skip("needs a browser: no chromium on the PATH (Debian's is the package chromium)")
    with playwright.sync_playwright() as engines, engines.chromium.launch(executable_path=CHROMIUM) as browser:
        page = browser.new_context(offline=True).new_page()
        page.set_default_timeout(60_000)
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda said: page.complaints.extend([said.text] * (said.type == "error")))
        page.on("request", lambda asked: page.complaints.extend([asked.url] * asked.url.startswith(("http", "ws"))))
        page.goto(path.as_uri())
        yield page
        assert page.complaints == []
