"""The leaderboard: one table of all observers, as numbers and as a page in a real browser."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from browser import opened
from generative_classifiers.figures.leaderboard import page as write_page
from generative_classifiers.metrics.leaderboard import COLUMNS, leaderboard
from generative_classifiers.metrics.ranking import ranking
from generative_classifiers.study.load import load
from generative_classifiers.study.measures import MEASURES
from generative_classifiers.study.origins import origins

FAMILIES = {"humans": "human", "clip": "contrastive", "net": "published", "talker": "vision-language"}
PUBLISHED = {
    "Painter": {"label": "Painter", "family": "diffusion", "observers": [], "shape_bias": 0.99},
    "Bare net": {"label": "Bare net", "family": "discriminative", "observers": [], **dict.fromkeys(MEASURES, 0.4)},
    "CLIP": {"label": "CLIP", "family": "contrastive", "observers": ["clip"], "shape_bias": 0.5},
}
ABOUT = pd.DataFrame(
    {
        "origin": ["Somebody", "Somebody", "run here", "Gavrikov et al. 2024", "Paper", "Paper", "Paper"],
        "reference": ["https://example.org/somebody", None, None, None, "https://example.org/paper", None, None],
        "licence": ["MIT", "MIT", None, "CC BY-SA 4.0", None, None, None],
        "label": ["Humans", 'CLIP "B/32" <80>', "A net", "A talker", "Painter", "Bare net", "CLIP"],
    },
    index=[*FAMILIES, *PUBLISHED],
)


def coords(names):
    families = [FAMILIES.get(name, "human") for name in names]
    is_reference = [family == "human" for family in families]
    of_observer = {"family": ("observer", families), "is_reference": ("observer", is_reference)}
    return {"observer": names, "bound": ["lower", "upper"], **of_observer}


@pytest.fixture(scope="module")
def table():
    names, values = ["humans", "clip", "net"], np.array([0.9, 0.5, 1 / 3])
    store = xr.Dataset(coords=coords(names)).assign(datasets=("observer", [17, 17, 3]))
    for measure in MEASURES:
        store[measure] = "observer", values
        store[f"{measure}_interval"] = ("observer", "bound"), values[:, None] + [-0.01, 0.02]
    names, biases = [*FAMILIES, "subject-01"], np.array([0.96, 0.6, 0.2, 0.64, 0.97])
    shapes = xr.Dataset({"overall_shape_bias": ("observer", biases)}, coords(names))
    shapes["overall_shape_bias_interval"] = ("observer", "bound"), biases[:, None] + [-0.01, 0.01]
    return leaderboard(ranking(store, PUBLISHED), shapes, PUBLISHED, ABOUT)


@pytest.fixture(scope="module")
def page(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "leaderboard.html"
    path.write_text(write_page(table, "some"), encoding="utf-8")
    with opened(path) as page:
        yield page


@pytest.fixture(autouse=True)
def reset(request):
    """The page as it was when it was opened."""
    if "page" in request.fixturenames:
        page = request.getfixturevalue("page")
        page.goto(page.url.partition("#")[0])
        page.reload()


def shown(page):
    return [row.get_attribute("id") for row in page.locator("tbody tr:visible").all()]


def test_all_observers_are_rows_in_order(table):
    assert list(table) == COLUMNS
    assert table["observer"].tolist() == ["humans", "clip", "Bare net", "Painter", "talker", "net"]
    assert table["source"].tolist() == ["measured", "measured", "as published", "as published", "measured", "measured"]
    rows = table.set_index("observer")
    assert rows.loc["clip", ["shape_bias", "shape_bias_lower", "ood_accuracy"]].tolist() == pytest.approx(
        [0.6, 0.59, 0.5]
    )
    assert rows["datasets"].isna()[["talker", "Painter"]].all() and rows.loc["Bare net", "datasets"] == 17
    assert rows.loc["talker", ["ood_accuracy", "mean_rank"]].isna().all() and rows.loc["talker", "shape_bias"] == 0.64
    assert rows["mean_rank"].dropna().index.tolist() == ["clip", "Bare net"]


def test_a_study_without_cue_conflicts_has_no_shape_bias(table):
    store = xr.Dataset(coords=coords(["humans", "net"])).assign(datasets=("observer", [2, 2]))
    for measure in MEASURES:
        store[measure] = "observer", [0.9, 0.5]
        store[f"{measure}_interval"] = ("observer", "bound"), [[0.8, 1.0], [0.4, 0.6]]
    found = leaderboard(ranking(store, {}), None, {}, ABOUT)
    assert (
        list(found) == COLUMNS and found["shape_bias"].isna().all() and found["observer"].tolist() == ["humans", "net"]
    )
    assert "A net" in write_page(found, "some")


def test_page_shows_all_rows_with_numbers_origin_and_licence(page):
    assert shown(page) == ["humans", "clip", "Bare net", "Painter", "talker", "net"]
    text = " ".join(page.locator("#clip").inner_text().split())
    assert (
        'CLIP "B/32" <80>' in text
        and "0.600 (0.590\N{EN DASH}0.610)" in text
        and text.endswith("measured Somebody MIT")
    )
    assert page.locator("#net td").last.inner_text() == "none stated"
    assert page.locator("#humans td a").get_attribute("href") == "https://example.org/somebody"
    assert page.locator("output").inner_text() == "6 of 6 observers"


def test_a_heading_sorts_in_both_directions_and_missing_values_come_last(page):
    heading = page.get_by_role("button", name="Shape bias")
    heading.click()
    assert shown(page) == ["net", "clip", "talker", "humans", "Painter", "Bare net"]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    heading.click()
    assert shown(page) == ["Painter", "humans", "talker", "clip", "net", "Bare net"]
    page.get_by_role("button", name="Observer").click()
    assert shown(page) == ["net", "talker", "Bare net", "clip", "humans", "Painter"]


def test_search_and_filters_work_together(page):
    page.get_by_label("Search").fill("somebody mit")
    assert shown(page) == ["humans", "clip"]
    page.get_by_label("Family").select_option("Contrastive")
    assert shown(page) == ["clip"] and page.locator("output").inner_text() == "1 of 6 observers"
    page.get_by_label("Search").fill("")
    page.get_by_label("Family").select_option("")
    page.get_by_label("Source").select_option("as published")
    assert shown(page) == ["Bare net", "Painter"]
    page.get_by_label("Source").select_option("")
    page.get_by_label("Origin").select_option("run here")
    assert shown(page) == ["net"]


def test_a_link_leads_to_its_row(page):
    link = page.locator("[id='Bare net'] a.link")
    address = link.evaluate("link => link.href")
    link.click()
    assert page.url == address and address.endswith("#row=Bare+net")
    assert page.locator("tr.chosen").get_attribute("id") == "Bare net"
    page.get_by_label("Search").fill("humans")
    page.evaluate("location.hash = 'row=talker'")
    page.locator("tr.chosen#talker").wait_for()
    assert len(shown(page)) == 6
    page.goto(page.url.partition("#")[0] + "#row=net")
    page.reload()
    assert page.locator("tr.chosen").get_attribute("id") == "net"


def test_a_copied_link_reproduces_sort_search_filters_and_row(page):
    page.get_by_role("button", name="Shape bias").dblclick()
    page.get_by_label("Source").select_option("measured")
    page.get_by_label("Search").fill("a")
    page.locator("#net a.link").click()
    before, field = shown(page), page.get_by_label("Search")
    assert before == ["humans", "talker", "clip", "net"]
    page.get_by_role("button", name="Copy link").click()
    field.fill("")
    field.press("Control+V")
    address = field.input_value()
    assert address.startswith("file:///")
    other = page.context.new_page()
    other.goto(address)
    assert shown(other) == before and other.locator("tr.chosen").get_attribute("id") == "net"
    assert other.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    assert other.get_by_label("Search").input_value() == "a" and other.url == address
    other.close()


def test_an_address_that_names_what_is_not_there_shows_everything(page):
    page.goto(page.url + "#sort=beauty&family=Unknown&row=nobody")
    page.reload()
    assert len(shown(page)) == 6 and page.locator("tr.chosen, th[aria-sort]").count() == 0


def test_origins_of_a_study():
    found = origins(load({"study": "humans"}))
    assert found["humans"] == ("Geirhos et al. 2021", "https://arxiv.org/abs/2106.07411", "MIT")
    assert found["gpt-4-vision-gavrikov2024"] == (
        "Gavrikov et al. 2024",
        "https://arxiv.org/abs/2403.09193",
        "CC BY-SA 4.0",
    )
    assert found["alexnet-geirhos2019"].licence is None and found["clip"].origin == "Thieringer 2022"
    assert found["efficientnet-lite0"] == ("run here", None, "Apache-2.0")
    assert found["Imagen (860M)"].origin == "Jaini et al. 2023"
    assert origins(load({"study": "miniature"}))["simulated"].origin == "simulated here"
