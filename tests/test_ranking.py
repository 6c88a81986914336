"""What the paper prints stands beside what was measured: as printed, in one ranking, told apart."""

import re
from io import StringIO

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from generative_classifiers.study.registry import BENCHMARK, load

import reference_metrics
from conftest import SHARED
from generative_classifiers.decisions.published_numbers import with_published
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.tables import escaped, latex, listing, markdown, printed
from generative_classifiers.metrics.ranking import ranking, ranking_table
from generative_classifiers.metrics.reproduction import reproduction
from generative_classifiers.metrics.tables import write_table
from small_studies import content

FAMILIES = content("registry/observers.yaml")["families"]
PAPER = content("registry/published.yaml")["observers"]
# The paper's order of the measures, and whether less is better.
TABLE_2 = {"accuracy_difference": True, "observed_consistency": False, "error_consistency": False}
# Human, two networks, one that saw one dataset only; the paper has the first network and two others.
MEASURED = {"humans": "human", "net-a": "published", "net-b": "published", "net-c": "published"}
VALUES = {
    "datasets": [2, 2, 2, 1],
    "ood_accuracy": [0.8, 0.6, 0.7, 0.9],
    "accuracy_difference": [0.01, 0.08, 0.05, 0.0],
    "observed_consistency": [0.9, 0.65, 0.7, 0.95],
    "error_consistency": [0.5, 0.2, 0.3, 0.9],
}
PUBLISHED = {
    "NetA": {"label": "Net A", "family": "discriminative", "observers": ["net-a"], "ood_accuracy": 0.599,
             "accuracy_difference": 0.080, "observed_consistency": 0.651, "error_consistency": 0.2},
    "50%_Net (1M)": {"label": "50%_Net (1M)", "family": "contrastive", "observers": [], "ood_accuracy": 0.7,
                     "accuracy_difference": 0.05, "observed_consistency": 0.8, "error_consistency": 0.1},
    "Painter": {"label": "Painter", "family": "diffusion", "observers": [], "shape_bias": 0.9},
}  # fmt: skip


@pytest.fixture
def summary():
    coords = {"observer": list(MEASURED), "bound": ["lower", "upper"]}
    coords["family"] = "observer", list(MEASURED.values())
    coords["is_reference"] = "observer", [name == "humans" for name in MEASURED]
    variables = {name: ("observer", values) for name, values in VALUES.items()}
    for name in BENCHMARK:
        values = np.array(VALUES[name])
        variables[f"{name}_interval"] = ("observer", "bound"), np.stack([values - 0.01, values + 0.02], axis=-1)
    return xr.Dataset(variables, coords, {"reference": "humans"})


@pytest.fixture
def table(summary):
    """By a table's name: its rows, and the cells that are printed."""

    def of(name):
        both = ranking(summary, PUBLISHED)
        rows = listing(both, plot_styles(both, {"net-b": "Net B", "50%_Net (1M)": "50%_Net (1M)"}, FAMILIES), name)
        return rows, printed(rows, name)

    return of


def paper_tables():
    """Tables 2 and 3 of the paper's text: numbers by model."""
    path = SHARED / "paper/appendix.txt"
    if not path.exists():
        pytest.skip(f"needs the paper's text: no {path}")
    lines = (re.sub(r"^(vgg\d+)\.", r"\1_", line) for line in path.read_text().splitlines())
    cells = [re.sub("^WSL", "SWSL", line).split("\t") for line in lines]
    rows = [(name, values) for name, *values in cells if values and all(re.fullmatch(r"\d+\.\d{3}", x) for x in values)]
    return tuple({name: list(map(float, values)) for name, values in rows if len(values) == n} for n in (4, 2))


def test_published_is_what_the_paper_prints():
    second, third = paper_tables()
    rows = {name: row for name, row in PAPER.items() if "ood_accuracy" in row}
    assert len(rows) == 58 and rows.keys() == second.keys() == third.keys()
    assert {name: [row[measure] for measure in TABLE_2] for name, row in rows.items()} == {
        name: values[:3] for name, values in second.items()
    }
    assert all(row["ood_accuracy"] == third[name][0] for name, row in rows.items())


def test_mean_ranks_that_the_paper_prints_are_possible():
    second, _ = paper_tables()
    for name, (*_, mean_rank) in second.items():
        best, worst = [], []
        for i, ascending in enumerate(TABLE_2.values()):
            column = np.array([row[i] for row in second.values()]) * (1 if ascending else -1)
            own = second[name][i] * (1 if ascending else -1)
            best.append(1 + np.sum(column < own))
            worst.append(np.sum(column <= own))
        # Rounding to three digits leaves open who of the equal ones is first.
        assert np.mean(best) - 1e-3 <= mean_rank <= np.mean(worst) + 1e-3, name


def test_published_families_and_text():
    generative = {name for name, row in PAPER.items() if FAMILIES[row["family"]]["group"] == "generative"}
    assert generative == {"Imagen (860M)", "StableDiffusion", "Parti"}
    assert sum(row["family"] == "contrastive" for row in PAPER.values()) == 2
    text = {name: row["shape_bias"] for name, row in PAPER.items() if "shape_bias" in row}
    assert text == {
        "humans": 0.96, "Parti": 0.92, "ResNet-50 with diffusion noise": 0.78, "Imagen (860M)": 0.99,
        "StableDiffusion": 0.93, "resnet50": 0.21,
    }  # fmt: skip


def test_every_observer_of_the_paper_is_a_row_that_says_so():
    observers = content("registry/observers.yaml")["observers"]
    named = {row["published"] for row in observers.values() if "published" in row}
    assert PAPER.keys() == named
    assert all(observers[name]["label"] == PAPER[row["published"]]["label"]
               for name, row in observers.items() if "published" in row and row["family"] != "diffusion")  # fmt: skip


def test_published_rows_of_a_study():
    humans = load({"study": "humans"}).published
    assert humans["resnet50"]["observers"] == ["resnet50"] and humans["Parti"]["observers"] == []
    assert load({"study": "paper"}).published["StableDiffusion"]["observers"] == ["stable-diffusion-1-4"]
    assert load({"study": "miniature"}).published == {}


def test_measured_rows_replace_published_ones(summary):
    both = with_published(summary, PUBLISHED, {name: name for name in BENCHMARK})
    assert both["observer"].values.tolist() == [*MEASURED, "50%_Net (1M)"]
    assert both["source"].values.tolist() == ["measured"] * 4 + ["as published"]
    new = both.isel(observer=-1)
    assert new["family"] == "contrastive" and not new["is_reference"] and new["observed_consistency"] == 0.8
    assert new["ood_accuracy_interval"].isnull().all() and new["datasets"].isnull()
    xr.testing.assert_equal(both.isel(observer=slice(4)).drop_vars("source"), summary.astype(float))
    bias = xr.Dataset({"bias": ("observer", [0.3])}, summary.isel(observer=[1]).coords)
    assert with_published(bias, PUBLISHED, {"bias": "shape_bias"})["observer"].values.tolist() == ["net-a", "Painter"]
    assert with_published(summary, {}, {})["source"].values.tolist() == ["measured"] * 4


def test_ranks_are_over_all_complete_models(summary):
    both = ranking(summary, PUBLISHED)
    # Accuracy difference: net-b and the published one tie (1.5, 1.5, 3); observed: 2 3 1; error: 1 2 3.
    expected = {"net-a": (3 + 3 + 2) / 3, "net-b": (1.5 + 2 + 1) / 3, "50%_Net (1M)": (1.5 + 1 + 3) / 3}
    ranks = both["mean_rank"].to_series()
    assert ranks.dropna().to_dict() == pytest.approx(expected)
    assert both["accuracy_rank"].to_series().dropna().to_dict() == {"net-a": 3, "net-b": 1.5, "50%_Net (1M)": 1.5}
    assert both["datasets"].values.tolist() == [2, 2, 2, 1, 2] and both["datasets"].dtype.kind == "i"
    columns = list(ranking_table(both).columns)
    assert columns[:2] == ["observer", "datasets"] and columns[-1] == "source"


def test_table_has_every_digit_and_is_in_order(table, tmp_path):
    rows, _ = table("table_2")
    write_table(rows, tmp_path / "table_2.csv")
    read = pd.read_csv(tmp_path / "table_2.csv")
    assert read["observer"].tolist() == ["humans", "net-b", "50%_Net (1M)", "net-a", "net-c"]
    assert read["mean_rank"].tolist()[1:4] == [4.5 / 3, 5.5 / 3, 8 / 3] and read["mean_rank"].isna().tolist()[::4]
    assert read["source"].tolist() == ["measured", "measured", "as published", "measured", "measured"]
    assert read.loc[1, ["error_consistency_lower", "error_consistency_upper"]].tolist() == [0.3 - 0.01, 0.3 + 0.02]
    assert read.loc[2, ["accuracy_difference_lower", "observed_consistency_upper"]].isna().all()
    assert list(table("table_3")[0].columns)[5:] == [
        "ood_accuracy", "ood_accuracy_lower", "ood_accuracy_upper", "accuracy_rank",
    ]  # fmt: skip


def test_markdown(table):
    head, rule, *body = markdown(table("table_3")[1]).splitlines()
    assert head == "| Model | OOD accuracy ↑ | Rank ↓ | Datasets | Source |"
    assert rule == "| :--- | ---: | ---: | ---: | :--- |"
    assert body[0] == "| Humans | 0.800 |  | 2 | measured |"
    assert "| 50%_Net (1M) | 0.700 | 1.500 | 2 | as published |" in body and len(body) == 5


def test_latex(table):
    text = latex(table("table_2")[1])
    assert r"50\%\_Net (1M) & 0.050 & 0.800 & 0.100 & 1.833 & 2 & as published \\" in text.splitlines()
    _, begin, top, head, middle, *body, bottom, end = text.splitlines()
    assert (begin, end) == (r"\begin{tabular}{lrrrrrl}", r"\end{tabular}")
    assert (top, middle, bottom) == (r"\toprule", r"\midrule", r"\bottomrule")
    for line in (head, *body):
        assert line.endswith(r" \\") and len(re.findall(r"(?<!\\)&", line)) == 6 and line.isascii()
        # What is left without commands and formulas has no character that TeX reads as more than itself.
        plain = re.sub(r"\$\\\w+\$|\\[%_]|&|\\\\$", "", line)
        assert not re.search(r"[\\${}#^~%_&]", plain)


def test_latex_special_characters():
    text = "a_b & 100% {x} $1 #2 ~ ^ \\"
    assert escaped(text) == (r"a\_b \& 100\% \{x\} \$1 \#2 \textasciitilde{} \textasciicircum{} \textbackslash{}")


def test_reproduction_compares_what_is_printed():
    measured = {
        "ood_accuracy": pd.Series({"net-a": 0.59949, "net-b": 0.1}),
        "error_consistency": pd.Series({"net-a": 0.1984}),
        "shape_bias": pd.Series({"net-a": 0.5}),
    }
    text = reproduction(PUBLISHED, measured).to_csv(index=False)
    assert text.splitlines() == [
        "observer,measure,measured,published,difference",
        "net-a,ood_accuracy,0.59949,0.599,0.000",
        "net-a,error_consistency,0.1984,0.200,-0.002",
    ]
    assert pd.read_csv(StringIO(reproduction({}, measured).to_csv(index=False))).empty


@pytest.mark.skipif(not reference_metrics.MIRROR.is_dir(), reason="needs the published decisions")
def test_the_paper_is_reproduced():
    trials = {dataset: reference_metrics.published_trials(dataset) for dataset in reference_metrics.CONDITIONS}
    kept = ("subject", "resnet50", "simclr_resnet50x1")
    trials = {
        dataset: {name: answers for name, answers in by.items() if name.startswith(kept) and "geirhos" not in name}
        for dataset, by in trials.items()
    }
    rows = reference_metrics.naive_benchmark(trials, "humans")
    measured = {name: pd.Series({who: row[i] for who, row in rows.items()}) for i, name in enumerate(BENCHMARK, 1)}
    biases = reference_metrics.naive_shape_bias(trials["cue-conflict"], "humans")
    overall = pd.Series({name: values[-1] for (name, category), values in biases.items() if category == "all"})
    table = reproduction(load({"study": "humans"}).published, measured | {"shape_bias": overall})
    assert (table["difference"].astype(float) == 0).all()
    assert table["observer"].value_counts().to_dict() == {"resnet50": 5, "simclr_resnet50x1": 4, "humans": 1}
    people = overall[overall.index.str.startswith("subject")].round(2)
    assert [people.min(), people.max()] == PAPER["humans"]["shape_bias_range"]
