"""The workflow as a text and as a plan: nothing runs here."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from functools import cache

import pytest

from conftest import ROOT
from generative_classifiers.study.load import load
from small_studies import content, snakemake

SCRIPTS = ROOT / "scripts"
RULES = {
    name: body
    for path in sorted((ROOT / "rules").glob("*.smk"))
    for name, body in re.findall(r"^rule (\w+):\n((?:(?:    .*)?\n)+)", path.read_text(), re.M)
}
FIGURES = [name for name in RULES if name.startswith("figure_")]


@pytest.mark.parametrize("study", ["miniature", "humans", "paper"])
def test_dry_run(study):
    run = snakemake(ROOT, "-n", "--forceall", study=study)
    assert run.returncode == 0, run.stdout
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", run.stdout, re.M))
    assert {"decisions": "17", "accuracy": "1", "benchmark": "1", "figure_12": "1"}.items() <= jobs.items()
    models = len(load({"study": study}).models)
    evidence = {"evidence": str(models * 17)} if study == "paper" else {"evidence_together": str(models)}
    assert {name: count for name, count in jobs.items() if name.startswith("evidence")} == evidence
    assert ("render" in jobs) == (study == "miniature") != ("read_archive" in jobs)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"stduy": "humans"},
            "config.yaml or --config: stduy: unknown key, did you mean 'study'? Known keys: ",
        ),
        (
            {"study": "human"},
            "study: 'human' is unknown, did you mean 'humans'? Expected one of humans",
        ),
        (
            {"mirror": 3},
            "config.yaml or --config: mirror: expected a text (numbers and true or false",
        ),
    ],
)
def test_wrong_config(config, message):
    run = snakemake(ROOT, "-n", **config)
    assert run.returncode != 0
    assert run.stdout.count(message) == 1 and "Traceback" not in run.stdout


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_says_what_it_needs(rule):
    body = RULES[rule]
    for part in ("    log:", "    conda:", "    resources:", "        mem_mb=.+", r"        runtime=\d+,"):
        assert len(re.findall(f"^{part}$", body, re.M)) == 1, part
    # Whoever looks for what a rule does finds it by its name.
    assert f'"../scripts/{rule}.py"' in body and (SCRIPTS / f"{rule}.py").exists()


def test_every_script_has_a_rule():
    assert {path.stem for path in SCRIPTS.glob("*.py")} == set(RULES)


@pytest.mark.parametrize("rule", FIGURES)
def test_every_figure_has_a_caption(rule):
    assert f'drawing("{rule}"' in RULES[rule]
    assert len((ROOT / f"docs/captions/{rule}.rst").read_text()) > 100


def test_every_caption_has_a_figure():
    assert [path.stem for path in sorted((ROOT / "docs/captions").glob("figure_*"))] == sorted(FIGURES)


@pytest.mark.parametrize("rule", ["table_2", "table_3", "reproduction"])
def test_every_table_has_a_caption(rule):
    assert f'listing("{rule}")' in RULES[rule]
    assert len((ROOT / f"docs/captions/{rule}.rst").read_text()) > 100


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
def environment(name):
    *_, pip = content(f"envs/{name}.yaml")["dependencies"]
    return pins(pip["pip"])


@pytest.mark.parametrize("name", ["analysis", "models"])
def test_conda_files_repeat_the_versions_tested(name):
    assert environment(name).items() <= constraints().items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    python = next(one for one in content(f"envs/{name}.yaml")["dependencies"] if str(one).startswith("python"))
    assert project["requires-python"].startswith(python.replace("python =", ">="))


def test_versions_of_all_that_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {normal(name) for name in project["dependencies"]} <= constraints().keys()
    assert {normal(name) for name in project["optional-dependencies"]["test"]} <= constraints().keys()


def source(module):
    """The file of one of our own modules, or None."""
    path = SCRIPTS.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imports(path):
    """Names of what a file imports when it is run; of modules that are imported by name: all there are."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
    if path.parts[-2:] == ("models", "__init__.py"):
        yield from (f"generative_classifiers.models.{file.stem}" for file in path.parent.glob("[a-z]*.py"))


def packages(path):
    """Top-level packages of others that a script needs, through whatever of our modules."""
    found, left = {path}, [path]
    others = set()
    while left:
        for module in imports(left.pop()):
            own = source(module)
            if own is None and not module.startswith("generative_classifiers"):
                others.add(module.partition(".")[0])
            elif own and own not in found:
                found.add(own)
                left.append(own)
    return others - sys.stdlib_module_names


@pytest.mark.parametrize("rule", RULES)
def test_the_rules_environment_has_what_its_script_imports(rule):
    (name,) = re.findall(r'"\.\./envs/(\w+)\.yaml"', RULES[rule])
    distributions = importlib.metadata.packages_distributions()
    needed = {normal(distributions[package][0]) for package in packages(SCRIPTS / f"{rule}.py")}
    assert needed <= environment(name).keys()
