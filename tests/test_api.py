"""The public interface: light to import, typed, documented, and as the docs show it."""

import doctest
import importlib
import inspect
import re

import pytest

import generative_classifiers
from conftest import needs_models
from imports import LIBRARY, SCRIPTS, packages
from small_studies import ROOT, python

FUNCTIONS = [name for name in generative_classifiers.__all__ if name != "InputError"]
# Lines of examples that run.
EXAMPLE = re.compile(r"^ +>>> (?!.*doctest: \+SKIP)", re.M)
WITH_EXAMPLES = [path for path in sorted(LIBRARY.rglob("*.py")) if EXAMPLE.search(path.read_text())]


def test_import_loads_nothing_heavy():
    code = "import sys, generative_classifiers; print(*sys.modules)"
    loaded = python(SCRIPTS, "-c", code, fresh=True).stdout.split()
    assert "generative_classifiers" in loaded
    assert not {"numpy", "pandas", "torch", "xarray", "zarr"}.intersection(loaded)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_functions_are_typed_and_documented(name):
    if name == "classify":
        needs_models()
    signature = inspect.signature(getattr(generative_classifiers, name))
    assert signature.return_annotation is not signature.empty
    assert all(one.annotation is not signature.empty for one in signature.parameters.values())
    documented = inspect.getdoc(getattr(generative_classifiers, name))
    assert all(f"{parameter} : " in documented for parameter in signature.parameters)
    assert "\nReturns\n-------\n" in documented


def test_page_has_every_public_name(api):
    shown = [name for names in api.TOPICS.values() for name in names]
    assert sorted(shown) == generative_classifiers.__all__


def test_page_is_current(api):
    needs_models()
    assert api.PAGE.read_text(encoding="utf-8") == api.page(), "docs/api.md is out of date: make docs"


@pytest.fixture
def api(monkeypatch):
    """The script that writes the page."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    return importlib.import_module("make_api")


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_examples_in_docstrings(path):
    if {"torch", "transformers"} & packages(path):
        needs_models()
    module = importlib.import_module(".".join(path.relative_to(SCRIPTS).with_suffix("").parts))
    found = doctest.testmod(module)
    assert found.attempted and not found.failed
