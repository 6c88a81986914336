# make               the default study, from nothing to figures/miniature/
# make STUDY=humans  another study of studies/
# make figures       only the figures, and what they need
# make test          the tests
# make clean         removes what the pipeline made; downloads and .venv stay
STUDY ?= miniature
CORES ?= all
PYTHON ?= python3.11

VENV := .venv
# Without compiling: of the thousands of modules, the pipeline imports few.
PIP := $(VENV)/bin/pip --disable-pip-version-check install --quiet --no-compile --constraint envs/constraints.txt
SNAKEMAKE := $(VENV)/bin/snakemake --config study=$(STUDY) --cores $(CORES)

.PHONY: all figures test clean

all: $(VENV)/installed
	$(SNAKEMAKE)

figures: $(VENV)/installed
	$(SNAKEMAKE) figures

test: $(VENV)/installed-test
	$(VENV)/bin/python -m pytest

clean:
	rm -rf figures/*/ .snakemake
	find data -mindepth 1 -maxdepth 1 -type d ! -name downloads -exec rm -rf {} +

$(VENV)/installed: envs/constraints.txt pyproject.toml
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV): some minutes"
	$(PIP) --editable .
	@# Two packages are wanted for their fonts alone, without the packages that these would bring along.
	$(PIP) --no-deps qtawesome rinoh-typeface-symbola
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(PIP) --editable .[test]
	touch $@
