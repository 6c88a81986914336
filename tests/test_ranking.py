"""Published numbers stand next to measured ones: as the paper prints them, in one ranking, with their source."""

import re
from io import StringIO

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import reference_metrics
from conftest import SHARED
from generative_classifiers.decisions.published_numbers import with_published
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.tables import benchmark_table, latex, markdown, rounded
from generative_classifiers.metrics.ranking import ranking, ranking_table
from generative_classifiers.metrics.reproduction import reproduction
from generative_classifiers.metrics.tables import write_table
from generative_classifiers.study.families import FAMILIES
from generative_classifiers.study.figures import load_figures
from generative_classifiers.study.load import load
from generative_classifiers.study.measures import HUMAN_LIKENESS, MEASURES
from small_studies import content

PAPER = content("registry/published.yaml")["observers"]
# Humans, two networks, and a network that saw only one dataset. The paper has the first network and two other models.
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
    "Imager": {"label": "Imager", "family": "diffusion", "observers": [], "shape_bias": 0.9},
}  # fmt: skip


@pytest.fixture
def summary():
    coords = {"observer": list(MEASURED), "bound": ["lower", "upper"]}
    coords["family"] = "observer", list(MEASURED.values())
    coords["is_reference"] = "observer", [name == "humans" for name in MEASURED]
    variables = {name: ("observer", values) for name, values in VALUES.items()}
    for name in MEASURES:
        values = np.array(VALUES[name])
        variables[f"{name}_interval"] = ("observer", "bound"), np.stack([values - 0.01, values + 0.02], axis=-1)
    return xr.Dataset(variables, coords, {"reference": "humans"})


@pytest.fixture
def table(summary):
    """The rows of a table by its name, and the same as people read them."""

    def of(name):
        both, columns = ranking(summary, PUBLISHED), load_figures().tables[name]
        styles = plot_styles(both, {"net-b": "Net B", "50%_Net (1M)": "50%_Net (1M)"})
        rows = benchmark_table(both, styles, columns.measures, columns.rank)
        return rows, rounded(rows, columns.measures, columns.rank)

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


def test_registry_has_the_numbers_that_the_paper_prints():
    second, third = paper_tables()
    rows = {name: row for name, row in PAPER.items() if "ood_accuracy" in row}
    assert len(rows) == 58 and rows.keys() == second.keys() == third.keys()
    assert {name: [row[measure] for measure in HUMAN_LIKENESS] for name, row in rows.items()} == {
        name: values[:3] for name, values in second.items()
    }
    assert all(row["ood_accuracy"] == third[name][0] for name, row in rows.items())


def test_printed_mean_ranks_are_possible_given_the_rounded_measures():
    second, _ = paper_tables()
    for name, (*_, mean_rank) in second.items():
        best, worst = [], []
        for i, measure in enumerate(HUMAN_LIKENESS.values()):
            sign = 1 if measure.better == "lower" else -1
            column, own = sign * np.array([row[i] for row in second.values()]), sign * second[name][i]
            best.append(1 + np.sum(column < own))
            worst.append(np.sum(column <= own))
        # Rounding to three digits hides the order of equal values.
        assert np.mean(best) - 1e-3 <= mean_rank <= np.mean(worst) + 1e-3, name


def test_registry_has_the_families_and_the_shape_biases_that_the_paper_prints():
    generative = {name for name, row in PAPER.items() if FAMILIES[row["family"]].group == "generative"}
    assert generative == {"Imagen (860M)", "StableDiffusion", "Parti"}
    assert sum(row["family"] == "contrastive" for row in PAPER.values()) == 2
    text = {name: row["shape_bias"] for name, row in PAPER.items() if "shape_bias" in row}
    assert text == {
        "humans": 0.96, "Parti": 0.92, "ResNet-50 with diffusion noise": 0.78, "Imagen (860M)": 0.99,
        "StableDiffusion": 0.93, "resnet50": 0.21,
    }  # fmt: skip


def test_every_observer_of_the_paper_is_a_row_of_the_registry_with_the_same_label():
    observers = content("registry/observers.yaml")["observers"]
    published = [row for row in observers.values() if "published_as" in row]
    assert PAPER.keys() == {row["published_as"] for row in published}
    for row in published:
        assert row["family"] == "diffusion" or row["label"] == PAPER[row["published_as"]]["label"]


def test_published_rows_name_the_studys_own_observers():
    humans = load({"study": "humans"}).published
    assert humans["resnet50"]["observers"] == ["resnet50"] and humans["Parti"]["observers"] == []
    assert load({"study": "paper"}).published["StableDiffusion"]["observers"] == ["stable-diffusion-1-4"]
    assert load({"study": "miniature"}).published == {}


def test_published_observers_are_left_out_if_they_were_measured(summary):
    both = with_published(summary, PUBLISHED, {name: name for name in MEASURES})
    assert both["observer"].values.tolist() == [*MEASURED, "50%_Net (1M)"]
    assert both["source"].values.tolist() == ["measured"] * 4 + ["as published"]
    new = both.isel(observer=-1)
    assert new["family"] == "contrastive" and not new["is_reference"] and new["observed_consistency"] == 0.8
    assert new["ood_accuracy_interval"].isnull().all() and new["datasets"].isnull()
    xr.testing.assert_equal(both.isel(observer=slice(4)).drop_vars("source"), summary.astype(float))
    bias = xr.Dataset({"bias": ("observer", [0.3])}, summary.isel(observer=[1]).coords)
    assert with_published(bias, PUBLISHED, {"bias": "shape_bias"})["observer"].values.tolist() == ["net-a", "Imager"]
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


def test_csv_has_every_digit_and_is_sorted_by_rank(table, tmp_path):
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


def test_markdown_aligns_numbers_on_the_right_and_escapes_bars(table):
    text = table("table_3")[1]
    head, rule, *body = [re.sub(" *[|] *", "|", line) for line in markdown(text).splitlines()]
    assert head == "|Model|OOD accuracy ↑|Rank ↓|Datasets|Source|"
    assert re.fullmatch(r"[|]:-+[|]-+:[|]-+:[|]-+:[|]:-+[|]", rule)
    assert body[0] == "|Humans|0.800||2|measured|"
    assert "|50%_Net (1M)|0.700|1.500|2|as published|" in body and len(body) == 5
    assert r"a\|b" in markdown(text.replace("Humans", "a|b"))


def test_latex_is_a_tabular_of_booktabs_without_unescaped_characters(table):
    text = latex(table("table_2")[1])
    assert r"50\%\_Net (1M) & 0.050 & 0.800 & 0.100 & 1.833 & 2 & as published \\" in text.splitlines()
    _, begin, top, head, middle, *body, bottom, end = text.splitlines()
    assert (begin, end) == (r"\begin{tabular}{lrrrrrl}", r"\end{tabular}")
    assert (top, middle, bottom) == (r"\toprule", r"\midrule", r"\bottomrule")
    assert head.startswith(r"Model & Accuracy difference $\downarrow$ & Observed consistency $\uparrow$ & ")
    for line in (head, *body):
        assert line.endswith(r" \\") and len(re.findall(r"(?<!\\)&", line)) == 6 and line.isascii()
        # Without commands and formulas, no character is left that TeX does not print.
        plain = re.sub(r"\$\\\w+\$|\\[%_]|&|\\\\$", "", line)
        assert not re.search(r"[\\${}#^~%_&]", plain)


def test_latex_escapes_special_characters():
    text = latex(pd.DataFrame({"Model": ["a_b & 100% {x} $1 #2 ~ ^ \\"]})).splitlines()
    special = r"a\_b \& 100\% \{x\} \$1 \#2 \textasciitilde \space \textasciicircum \space \textbackslash  \\"
    assert text[5] == special


def test_reproduction_compares_at_the_printed_precision():
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
def test_measured_numbers_equal_the_papers():
    trials = {dataset: reference_metrics.published_trials(dataset) for dataset in reference_metrics.CONDITIONS}
    kept = ("subject", "resnet50", "simclr_resnet50x1")
    trials = {
        dataset: {name: answers for name, answers in by.items() if name.startswith(kept) and "geirhos" not in name}
        for dataset, by in trials.items()
    }
    rows = reference_metrics.naive_benchmark(trials, "humans")
    measured = {name: pd.Series({who: row[i] for who, row in rows.items()}) for i, name in enumerate(MEASURES, 1)}
    biases = reference_metrics.naive_shape_bias(trials["cue-conflict"], "humans")
    overall = pd.Series({name: values[-1] for (name, category), values in biases.items() if category == "all"})
    table = reproduction(load({"study": "humans"}).published, measured | {"shape_bias": overall})
    assert (table["difference"].astype(float) == 0).all()
    assert table["observer"].value_counts().to_dict() == {"resnet50": 5, "simclr_resnet50x1": 4, "humans": 1}
    people = overall[overall.index.str.startswith("subject")].round(2)
    assert [people.min(), people.max()] == PAPER["humans"]["shape_bias_range"]
