"""The report of a study in a real browser: one file, in which every figure and table opens."""

import base64
import io

import pytest
from PIL import Image

from browser import opened
from generative_classifiers.figures.captions import title
from small_studies import ROOT, snakemake

# What opens in the page; the rest is saved at a click.
PICTURE, FRAME = ("image/png",), ("application/pdf", "text/html")


@pytest.fixture(scope="module")
def report(tiny, tmp_path_factory):
    """The report of the study `tiny`, outside the folder that other tests share."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    run = snakemake(tiny, "--report", path, study="tiny")
    assert run.returncode == 0, run.stdout
    return path


@pytest.fixture(scope="module")
def page(report):
    """The report, open in a browser without a network."""
    with opened(report) as page:
        yield page


@pytest.fixture
def home(page):
    """The page back at its menu."""
    page.locator("nav ol a").first.click()
    return page


def rows(page):
    """What a category or a search lists, by label: the buttons that open it and its caption."""
    found = page.locator("nav tbody tr").all()
    return {row.locator("td").first.inner_text(): row.locator("a").all() for row in found}


def shows(page, result):
    """Whether the page shows a result that opens in it, whole."""
    if result["mime_type"] in PICTURE:
        image = page.locator("img:not(nav img)")
        size = image.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])")
        with Image.open(io.BytesIO(content(result))) as expected:
            return size == list(expected.size) and image.get_attribute("src") == result["data_uri"]
    return page.locator("iframe").get_attribute("src") == result["data_uri"]


def content(result):
    """The bytes of a file in the report."""
    return base64.b64decode(result["data_uri"].partition("base64,")[2])


def listed(page, category):
    """The results of a category."""
    paths = page.evaluate("category => Object.values(categories[category]).flat()", category)
    return [page.evaluate("path => results[path]", path) for path in paths]


def test_it_opens_with_the_leaderboard(report, page):
    board = page.frame_locator("#leaderboard")
    assert board.locator("tbody tr").count() == 2 and "Study tiny." in page.locator(".prose").inner_text()
    assert page.locator("#leaderboard").bounding_box()["width"] > 700
    board.get_by_label("Search").fill("CNN")
    assert board.locator("tbody tr:visible").count() == 1
    link = board.locator("#miniature-cnn a.link")
    address = f"{report.as_uri()}#search=CNN&row=miniature-cnn"
    assert page.url == f"{report.as_uri()}#search=CNN" and link.evaluate("link => link.href") == address
    link.click()
    assert page.url == address
    board.locator("tr.chosen#miniature-cnn").wait_for()


def test_every_figure_and_table_is_in_it(tiny, page):
    inside = page.evaluate("results")
    files = {path.relative_to(tiny).as_posix() for path in (tiny / "figures/tiny").iterdir()}
    assert set(inside) == {path for path in files if not path.endswith((".md", ".tex"))}
    assert all(content(result) == (tiny / path).read_bytes() for path, result in inside.items())


def test_every_figure_and_table_opens_under_its_title(home):
    categories = home.evaluate("Object.keys(categories)")
    assert {"Benchmark", "Error consistency", "Shape bias"} <= set(categories)
    for category in categories:
        home.locator("nav ol a").first.click()
        home.locator("nav").get_by_text(category, exact=True).click()
        # The first format is on; a click on the second, where there are two, swaps all.
        for form in home.locator("nav fieldset label").all() or [None]:
            if form:
                form.click()
            shown = [one for one in listed(home, category) if not form or one["labels"]["format"] == form.inner_text()]
            buttons = rows(home)
            assert buttons.keys() == {next(iter(one["labels"].values())) for one in shown}
            for result in shown:
                eye = buttons[next(iter(result["labels"].values()))][0]
                if result["mime_type"] in (*PICTURE, *FRAME):
                    eye.click()
                    assert shows(home, result), result["name"]
                else:
                    assert eye.get_attribute("download") == result["name"]
                    assert eye.get_attribute("href") == result["data_uri"]


def test_figures_come_first_as_pictures(home):
    home.locator("nav").get_by_text("Error consistency", exact=True).click()
    next(iter(rows(home).values()))[0].click()
    assert home.locator("img:not(nav img)").get_attribute("src").startswith("data:image/png")


def test_search_finds_one_figure_and_its_caption(home):
    home.get_by_placeholder("Search...").fill("figure_06")
    home.get_by_placeholder("Search...").press("Enter")
    ((label, (eye, info)),) = rows(home).items()
    assert label == title(ROOT / "docs/captions/figure_06.rst") and label.startswith("06: error consistency on cue-")
    eye.click()
    assert shows(home, home.evaluate("results['figures/tiny/figure_06.png']"))
    info.click()
    said = " ".join(home.locator("nav .prose").inner_text().split())
    assert said.startswith("Figure 6: error consistency on cue-conflict images (study tiny)") and "{" not in said


def test_workflow_is_described_and_drawn(home):
    home.locator("nav").get_by_text("Workflow", exact=True).click()
    home.locator("#rulegraph canvas").wait_for()
    assert {"render", "evidence", "decisions", "benchmark", "figure_09", "all"} <= set(
        home.evaluate("rulegraph_spec.data[0].values.map(node => node.rule)")
    )
    assert "Study tiny." in home.locator(".prose").inner_text()
    home.locator(".prose").get_by_role("link", name="Shape bias").click()
    home.get_by_text(title(ROOT / "docs/captions/figure_01.rst")).wait_for()


def test_run_times(home):
    home.locator("nav").get_by_text("Statistics", exact=True).click()
    for name in ("runtimes", "timeline"):
        home.locator(f"#{name} canvas").wait_for()
    times = {row["rule"]: row["runtime"] for row in home.evaluate("runtimes_spec.data.values")}
    assert {"render", "evidence", "decisions", "benchmark", "figure_09"} <= times.keys() and min(times.values()) > 0
