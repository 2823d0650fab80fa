# The README gives the plain commands behind each target, for machines without make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SITE_READY := $(VENV)/.site-ready
TEST_READY := $(VENV)/.test-ready

.PHONY: lab test build site clean

# JupyterLab refuses to run as root (as in many containers) unless told that it may.
ROOT_FLAG := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)

lab: $(READY)  ## open JupyterLab on the first lesson
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb $(ROOT_FLAG)

# Two processes at a time, each with one thread: sharing two cores among four threads takes half as long again.
# The Chinese solutions hold the same code (a test says so); some are compared to show that their outputs can be.
test: export OMP_NUM_THREADS = 1
test: $(TEST_READY)  ## run the whole test suite
	$(BIN)/python -m pytest tests -n 2 --dist loadgroup
	$(BIN)/python -m pytest --nbval notebooks/solutions notebooks/zh/solutions/0[0-2]_*.ipynb -n 2 --dist loadscope

build: $(READY)  ## bring the notebooks up to date with their sources
	$(BIN)/course build

site: $(SITE_READY)  ## build the web pages in both languages into build/site, links checked
	$(BIN)/course site --out build/site

# Installed once, and again only when the dependencies change. Each holds what `make lab` needs.
$(READY): pyproject.toml
	$(call install,.)

$(SITE_READY): pyproject.toml
	$(call install,.[site])

$(TEST_READY): pyproject.toml
	$(call install,.[test])

define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try: make lab PYTHON=python3.12")'
test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
@echo "Installing the course's packages: about 5 GB with PyTorch, two minutes or more."
$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -e '$(1)'
@touch $(READY) $@
endef

clean:  ## remove the environment; your notebooks and your progress stay
	rm -rf $(VENV)
