"""Captions of every study are complete sentences in valid reStructuredText, with number and title."""

import re
from types import SimpleNamespace

import pytest
from docutils.core import publish_parts
from jinja2 import Environment

from conftest import ROOT
from generative_classifiers.figures.captions import title
from generative_classifiers.io.errors import InputError

CAPTIONS = ROOT / "docs/captions"
# As snakemake.report renders captions.
TEMPLATES = Environment(trim_blocks=True, lstrip_blocks=True)


@pytest.mark.parametrize("study", ["humans", "miniature", "paper", "lab", "lab-models", "low-pass"])
def test_captions_are_sentences_in_valid_restructured_text(study, planned, monkeypatch):
    jobs = {job.rule.name: job.params for job in planned(study)}
    parameters = {path.stem: jobs[path.stem] for path in CAPTIONS.glob("*.rst") if path.stem in jobs}
    assert len(parameters) >= (4 if study in ("lab", "lab-models", "low-pass") else 16)
    monkeypatch.chdir(ROOT)
    for name, params in parameters.items():
        snakemake = SimpleNamespace(params=params, config={"study": study})
        text = TEMPLATES.from_string((CAPTIONS / f"{name}.rst").read_text()).render(snakemake=snakemake)
        publish_parts(text, writer="html", settings_overrides={"halt_level": 2})
        assert text.startswith(f"**{name.split('_')[0].capitalize()}") and f"(study *{study}*)" in text, name
        words = " ".join(text.split())
        assert not re.search(r"[a-z)][.:;,][A-Z][a-z]", words), name  # a space that the template has swallowed


@pytest.mark.parametrize("path", sorted(CAPTIONS.glob("*_[0-9S]*.rst")), ids=lambda path: path.stem)
def test_titles_begin_with_the_number_of_the_file(path):
    assert title(path).startswith(f"{path.stem.rpartition('_')[2]:0>2}: ")


def test_error_names_a_caption_without_a_title(tmp_path):
    path = tmp_path / "figure_99.rst"
    path.write_text("Some boxes.")
    with pytest.raises(InputError, match=r"figure_99.rst: expected it to open with \*\*Figure N: title\*\*"):
        title(path)
