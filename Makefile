# make               the default study, from nothing to figures/miniature/
# make STUDY=humans  another study of studies/
# make lab_models    trains the networks of the lab's figures S6 and S7, many hours, and writes the archive of their evidence
# make figures       only the figures, and what they need
# make report        all of it, and one page that shows it: data/miniature/report.html
# make test          the tests
# make test-all      the tests, also those that take minutes
# make quick         the tests that need no models, in an environment of their own, .venv-quick
# make docs          the page that is written from docstrings: docs/api.md
# make hashes        what the study humans is tested against: the list of figures, and the networks' evidence
# make clean         removes what the pipeline made; downloads, the cache of evidence and .venv stay
STUDY ?= miniature
CORES ?= all
# The newest tested Python that runs on this machine; `make PYTHON=<path>` takes another.
PYTHON ?= $(shell for version in 3.13 3.12 3.11; do \
	python$$version -c "" 2> /dev/null && command -v python$$version && break; done)

VENV := .venv
QUICK := .venv-quick
SNAKEMAKE = $(VENV)/bin/snakemake --config study=$(STUDY) --cores $(CORES)
# Each process of a run imports much; without stored bytecode, it would compile all of that first.
unexport PYTHONDONTWRITEBYTECODE
install = $(1)/bin/uv pip install --quiet --compile-bytecode --python $(1)/bin/python --constraint envs/constraints.txt

.PHONY: all lab_models figures report test test-all quick docs hashes clean

all: $(VENV)/installed
	$(SNAKEMAKE)

# Prints the forecast first. An interrupted training continues from its last checkpoint.
lab_models: STUDY = lab-models
lab_models: $(VENV)/installed
	$(SNAKEMAKE) plan
	$(SNAKEMAKE)
	$(VENV)/bin/generative-classifiers archive $(STUDY) --out weights/$(STUDY).zip

figures: $(VENV)/installed
	$(SNAKEMAKE) figures

report: all
	$(SNAKEMAKE) --report data/$(STUDY)/report.html

# Two processes, each of which computes with one thread.
PYTEST = python -m pytest --numprocesses=2 --dist=loadfile --durations=20
test test-all quick: export OMP_NUM_THREADS = 1
test test-all: $(VENV)/installed-test
	$(VENV)/bin/$(PYTEST) $(WHICH)

test-all: WHICH = -m "slow or not slow"

quick: $(QUICK)/installed
	$(QUICK)/bin/$(PYTEST)

docs: $(VENV)/installed
	$(VENV)/bin/python docs/make_api.py

hashes: STUDY = humans
hashes: figures
	sha256sum figures/humans/* | LC_ALL=C sort -k 2 > tests/humans.sha256
	cd data/evidence && tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cJf ../../tests/humans_evidence.tar.xz efficientnet-lite*

clean:
	rm -rf figures/*/ .snakemake
	find data -mindepth 1 -maxdepth 1 -type d ! -name downloads ! -name evidence -exec rm -rf {} +

# uv installs packages several times faster than pip.
$(VENV)/bin/uv $(QUICK)/bin/uv: %/bin/uv:
	@test -n "$(PYTHON)" || { echo "no Python 3.13, 3.12 or 3.11 runs here: install one, or make PYTHON=<path>" >&2; false; }
	test -x $*/bin/python || $(PYTHON) -m venv $*
	@echo "installing into $* with $$($*/bin/python --version), found as $(PYTHON): some minutes"
	$*/bin/python -m pip --disable-pip-version-check install --quiet --constraint envs/constraints.txt uv

# Two packages are wanted for their fonts alone, without the packages that these would bring along.
FONTS := qtawesome rinoh-typeface-symbola

$(VENV)/installed: envs/constraints.txt pyproject.toml | $(VENV)/bin/uv
	$(call install,$(VENV)) --editable .[models]
	$(call install,$(VENV)) --no-deps $(FONTS)
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(call install,$(VENV)) --editable .[models,test]
	touch $@

$(QUICK)/installed: envs/constraints.txt pyproject.toml | $(QUICK)/bin/uv
	$(call install,$(QUICK)) --editable .[test]
	$(call install,$(QUICK)) --no-deps $(FONTS)
	touch $@
