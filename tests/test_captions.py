"""Captions of every study are complete sentences in valid reStructuredText, with number and title."""

import re
from functools import cache
from types import SimpleNamespace

import pytest
from docutils.core import publish_parts
from jinja2 import Environment
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings

from conftest import ROOT
from generative_classifiers.figures.captions import title
from generative_classifiers.io.errors import InputError

CAPTIONS = ROOT / "docs/captions"
# As snakemake.report renders captions.
TEMPLATES = Environment(trim_blocks=True, lstrip_blocks=True)


@cache
def parameters(study):
    """The parameters of the rules of all figures and tables of a study, by name."""
    with SnakemakeApi(OutputSettings(dryrun=True)) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(config={"study": study}),
            snakefile=ROOT / "Snakefile",
        )
        workflow.dag(DAGSettings(forceall=True)).execute_workflow(executor="dryrun")
        jobs = {job.rule.name: job.params for job in workflow._workflow.dag.jobs}
    return {path.stem: jobs[path.stem] for path in CAPTIONS.glob("*.rst") if path.stem in jobs}


@pytest.mark.parametrize("study", ["humans", "miniature", "paper"])
def test_captions_are_sentences_in_valid_restructured_text(study, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert len(parameters(study)) >= 16
    for name, params in parameters(study).items():
        snakemake = SimpleNamespace(params=params, config={"study": study})
        text = TEMPLATES.from_string((CAPTIONS / f"{name}.rst").read_text()).render(snakemake=snakemake)
        publish_parts(text, writer="html", settings_overrides={"halt_level": 2})
        assert text.startswith(f"**{name.split('_')[0].capitalize()}") and f"(study *{study}*)" in text, name
        words = " ".join(text.split())
        assert not re.search(r"[a-z)][.:;,][A-Z][a-z]", words), name  # a space that the template has swallowed


@pytest.mark.parametrize("path", sorted(CAPTIONS.glob("*_[0-9]*.rst")), ids=lambda path: path.stem)
def test_titles_begin_with_the_number_of_the_file(path):
    assert title(path).startswith(f"{int(path.stem.rpartition('_')[2]):02}: ")


def test_error_names_a_caption_without_a_title(tmp_path):
    path = tmp_path / "figure_99.rst"
    path.write_text("Some boxes.")
    with pytest.raises(InputError, match=r"figure_99.rst: expected it to open with \*\*Figure N: title\*\*"):
        title(path)
