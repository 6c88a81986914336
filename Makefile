# make               the default study, from nothing to figures/miniature/
# make STUDY=humans  another study of studies/
# make figures       only the figures, and what they need
# make report        all of it, and one page that shows it: data/miniature/report.html
# make test          the tests
# make hashes        the list that the figures of the study humans are tested against
# make clean         removes what the pipeline made; downloads and .venv stay
STUDY ?= miniature
CORES ?= all
PYTHON ?= python3.11

VENV := .venv
# Without compiling: of the thousands of modules, the pipeline imports few.
PIP := $(VENV)/bin/pip --disable-pip-version-check install --quiet --no-compile --constraint envs/constraints.txt
SNAKEMAKE = $(VENV)/bin/snakemake --config study=$(STUDY) --cores $(CORES)

.PHONY: all figures report test hashes clean

all: $(VENV)/installed
	$(SNAKEMAKE)

figures: $(VENV)/installed
	$(SNAKEMAKE) figures

report: all
	$(SNAKEMAKE) --report data/$(STUDY)/report.html

test: $(VENV)/installed-test
	$(VENV)/bin/python -m pytest

hashes: STUDY = humans
hashes: figures
	sha256sum figures/humans/* | LC_ALL=C sort -k 2 > tests/humans.sha256

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
