"""The workflow as a text and as a plan: nothing runs here."""

import importlib.metadata
import re
import tomllib
from collections import Counter
from functools import cache

import pytest
from packaging.specifiers import SpecifierSet

from conftest import ROOT, needs_models
from generative_classifiers.study.figures import load_figures
from generative_classifiers.study.load import load
from generative_classifiers.study.trainings import replicates
from generative_classifiers.study.views import without_views
from imports import SCRIPTS, packages
from small_studies import content, snakemake

PUBLISHED = load_figures()
PLOTS = {f"plot_{figure.plot}" for figure in PUBLISHED.figures.values()}
# The text of each rule, of each loop that makes rules, and of the rule of each script.
RULES = {
    name: body
    for path in sorted((ROOT / "rules").glob("*.smk"))
    for name, body in re.findall(r"^rule (\w+):\n((?:(?:    .*)?\n)+)", path.read_text(), re.M)
}
LOOPS = {
    name: re.search(r"^    rule:\n((?:(?:    .*)?\n)+)", (ROOT / f"rules/{name}.smk").read_text(), re.M)[1]
    for name in ("figures", "lab", "tables")
}
LOSS_METRICS = ["noise_levels", "weightings", "draw_numbers", "spent_evaluations"]
BY_SCRIPT = RULES | dict.fromkeys(sorted(PLOTS), LOOPS["figures"]) | {"write_benchmark_table": LOOPS["tables"]}
BY_SCRIPT |= dict.fromkeys(LOSS_METRICS, LOOPS["lab"])


@pytest.mark.parametrize("study", ["miniature", "humans", "paper"])
def test_dry_run(study, planned):
    jobs = Counter(job.rule.name for job in planned(study))
    assert {"decisions": 17, "accuracy": 1, "benchmark": 1, "figure_12": 1}.items() <= jobs.items()
    models = len(load({"study": study}).models)
    evidence = {"evidence": models * 17} if study == "paper" else {"evidence_together": models}
    assert {name: count for name, count in jobs.items() if name.startswith("evidence")} == evidence
    assert ("render" in jobs) == (study == "miniature") != ("read_archive" in jobs)


def test_dry_run_of_the_networks_that_the_lab_trains(planned):
    jobs = Counter(job.rule.name for job in planned("lab-models"))
    trained = jobs["train_on_world"] + jobs["train_generative"]
    assert trained == len(replicates(load({"study": "lab-models"}).settings.trainings))
    assert {"dose_response": 1, "matched_models": 1, "figure_S6": 1, "figure_S7": 1}.items() <= jobs.items()
    assert not jobs["trained_models"]


@pytest.mark.parametrize("study", ["lab", "low-pass"])
def test_dry_run_of_the_lab(study, planned):
    jobs = Counter(job.rule.name for job in planned(study))
    names = {job.rule.name for job in planned(study) if job.rule.name.startswith("figure_")}
    assert names == set(content(f"studies/{study}.yaml")["figures"])
    assert {*LOSS_METRICS} & jobs.keys() == ({*LOSS_METRICS} if study == "lab" else set()) and jobs["views"] == 1
    models = load({"study": study}).models
    assert jobs["evidence_together"] == len(without_views(models))
    assert jobs["evidence_through_views"] == len(models) - len(without_views(models))
    assert [jobs["channels"], jobs["worlds"]] == ([1, 1] if study == "lab" else [0, 0])
    assert not jobs["train_on_world"]  # the weights are there


def test_figures_of_the_lab_need_losses_that_answer_for_any_weighting():
    run = snakemake(ROOT, "-n", "figure_S1", study="paper")
    needs = "needs cue-conflict and a diffusion model with all draws of every category on it"
    assert run.returncode != 0 and run.stdout.count(f"studies/paper.yaml: figure_S1 {needs}") == 1, run.stdout
    run = snakemake(ROOT, "-n", "figure_S2", study="lab")
    assert run.returncode == 0 and "weightings" in run.stdout, run.stdout


def test_a_dry_run_prints_a_page():
    run = snakemake(ROOT, "-n", study="paper")
    assert run.returncode == 0 and re.search(r"^evidence +986$", run.stdout, re.M), run.stdout
    assert len(run.stdout.splitlines()) < 80
    assert "output files have to be generated" in run.stdout


def test_a_wrong_setting_is_told_once_without_a_traceback():
    run = snakemake(ROOT, "-n", stduy="humans")
    assert run.returncode != 0
    assert run.stdout.count("config.yaml or --config: stduy: unknown key, did you mean 'study'? Known keys: ") == 1
    assert "Traceback" not in run.stdout


@pytest.mark.parametrize("body", (RULES | LOOPS).values(), ids=RULES | LOOPS)
def test_every_rule_says_what_it_needs(body):
    for part in (
        "log:",
        "conda:",
        "resources:",
        "mem_mb=.+",
        r"runtime=(?:lambda wildcards, attempt: attempt \* )?\d+,",
    ):
        assert len(re.findall(f"^ +{part}$", body, re.M)) == 1, part


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_the_name_of_its_script(rule):
    assert f'"../scripts/{rule}.py"' in RULES[rule]


def test_every_script_is_that_of_a_rule_and_every_plot_has_a_script():
    assert {path.stem for path in SCRIPTS.glob("*.py")} == set(BY_SCRIPT)


def test_every_figure_and_table_has_a_caption_and_every_caption_a_figure_or_table():
    captions = {path.stem: path.read_text() for path in (ROOT / "docs/captions").glob("*.rst")}
    assert captions.keys() == {*PUBLISHED.figures, *PUBLISHED.tables, "leaderboard", "reproduction", "workflow"}
    assert all(len(text) > 100 for text in captions.values())


def test_figures_show_datasets_of_the_registry():
    known = content("registry/datasets.yaml")["datasets"]
    for figure in PUBLISHED.figures.values():
        assert known.keys() >= {*figure.datasets, *([figure.dataset] if figure.dataset else [])}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lines):
    """Version by distribution."""
    pairs = [line.split("==") for line in map(str.strip, lines) if line and not line.startswith(("#", "-"))]
    return {normal(name): version for name, version in pairs}


@cache
def constraints():
    return pins((ROOT / "envs/constraints.txt").read_text().splitlines())


@cache
def distributions():
    """Distributions by package."""
    return importlib.metadata.packages_distributions()


@cache
def environment(name):
    *_, pip = content(f"envs/{name}.yaml")["dependencies"]
    return pins(pip["pip"])


@pytest.mark.parametrize("name", ["analysis", "models"])
def test_conda_files_repeat_the_versions_tested(name):
    assert environment(name).items() <= constraints().items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    python = next(one for one in content(f"envs/{name}.yaml")["dependencies"] if str(one).startswith("python"))
    assert python.removeprefix("python =") in SpecifierSet(project["requires-python"])


def test_versions_of_all_that_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = sum(project["optional-dependencies"].values(), project["dependencies"])
    assert {normal(name) for name in wanted} <= constraints().keys()


@pytest.mark.parametrize("script", BY_SCRIPT)
def test_environment_of_a_rule_has_the_packages_that_its_script_imports(script):
    (name,) = re.findall(r'"\.\./envs/(\w+)\.yaml"', BY_SCRIPT[script])
    if name == "models":  # the names of distributions are known of installed packages only
        needs_models()
    needed = {normal(distributions()[package][0]) for package in packages(SCRIPTS / f"{script}.py")}
    assert needed <= environment(name).keys()


def test_environment_of_tables_has_the_packages_that_pandas_writes_them_with():
    assert {"tabulate", "jinja2"} <= environment("analysis").keys()
