# All that a contributor or CI does with this project. It needs Python 3.11 or newer and make; `make` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OLD := .venv-minimums
OLD_READY := $(OLD)/.ready
COLAB := .venv-colab
COLAB_READY := $(COLAB)/.ready
COLABS := ipython==7.34.0 ipykernel==6.17.1 ipywidgets==7.7.1 jupyter-client==7.4.9 traitlets==5.7.1
HYDRA_NEXT := hydra-core==1.4.0rc3 omegaconf==2.4.1rc1
OVERLAYS := $(CURDIR)/build/overlays
COLAB_SAMPLE := tests/magics/test_completion.py tests/magics/test_compare.py tests/session tests/kernel/test_native.py tests/kernel/test_configs.py
HYDRA_SAMPLE := tests/config tests/sweeps tests/kernel/test_configs.py tests/kernel/test_sweeps.py
SCRATCH := build/notebooks
OPTIONS ?=
PIP := python -m pip install --disable-pip-version-check -qq

.DEFAULT_GOAL := help
.PHONY: help demo lab ui test coverage kills web pictures lint bench test-minimums test-colab test-colab-sample test-hydra test-speed test-replay test-install constraints secret-rules clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## execute the quickstart notebook and show its runs
	@$(BIN)/mlmagic demo

lab: $(READY) ## open JupyterLab on copies of the notebooks in demo/ (OPTIONS=... go to JupyterLab)
	@$(BIN)/mlmagic lab -- $(OPTIONS)

ui: $(READY) ## serve the runs of demo/ in the MLflow UI on port 5000
	@$(BIN)/mlmagic ui

test: lint ## run everything: lint, types, unit, kernel and property tests, doctests, notebooks
	@$(MAKE) --no-print-directory $(SCRATCH)
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbmake tests mlmagic $(SCRATCH)/*.ipynb
	@$(MAKE) --no-print-directory test-colab-sample

coverage: $(READY) ## run the tests and show which lines they do not reach (takes longer than `make test`)
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov tests mlmagic

kills: $(READY) ## kill 120 kernels at random moments of load, tracked cells, loops, unload and reload (some minutes)
	MLMAGIC_TEST_KILLS=60 $(BIN)/python -m pytest -n 2 --dist loadfile tests/kernel/test_killed_anywhere.py tests/kernel/test_losses.py

web: $(READY) ## bundle the comparison's TypeScript again, after a change
	@$(BIN)/python tools/build_web.py

pictures: $(READY) ## make README's pictures anew, from a notebook that is executed (needs Chromium)
	@$(BIN)/python tools/pictures.py

lint: $(READY) ## check style, spelling, types and the import contract; types and tests of the TypeScript
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/mypy tests/typing/public_api.py
	$(BIN)/lint-imports
	$(BIN)/python tools/build_web.py --check

bench: $(READY) ## run every benchmark, side by side with plain MLflow
	@$(BIN)/python -m benchmarks

test-minimums: $(OLD_READY) ## run the tests with the oldest versions that pyproject.toml declares
	@$(MAKE) --no-print-directory $(SCRATCH)
	$(OLD)/bin/python -m pytest --nbmake tests mlmagic $(SCRATCH)/*.ipynb

test-colab: $(COLAB_READY) ## run the kernel tests as on Colab and Kaggle, with their IPython (PYTHON=... is a Python 3.12)
	$(COLAB)/bin/python -m pytest -n 2 --dist loadfile $(or $(TESTS),tests/kernel tests/magics tests/session)

# Both take the other versions from a folder before those of the environment.
test-colab-sample: $(READY) ## run a sample of the kernel tests with the IPython of Colab and Kaggle (a part of `make test`)
	@rm -rf $(OVERLAYS)/colab
	@$(BIN)/$(PIP) --target $(OVERLAYS)/colab --no-deps $(COLABS) backcall decorator ipython-genutils pickleshare nest-asyncio entrypoints
	PYTHONPATH=$(OVERLAYS)/colab $(BIN)/python -m pytest -n 2 --dist loadfile $(COLAB_SAMPLE)

test-hydra: $(READY) ## run the tests of configs and sweeps with the release candidates of Hydra 1.4 and OmegaConf 2.4
	@rm -rf $(OVERLAYS)/hydra
	@$(BIN)/$(PIP) --target $(OVERLAYS)/hydra --no-deps $(HYDRA_NEXT)
	PYTHONPATH=$(OVERLAYS)/hydra $(BIN)/python -m pytest -n 2 --dist loadfile $(HYDRA_SAMPLE)

test-speed: $(READY) ## try on hostile texts that redaction takes linear time: alone on a machine (some minutes)
	$(BIN)/python -m pytest -m speed tests/snapshot/secrets

test-replay: $(READY) ## replay all session histories in real kernels, not the sample alone (ten minutes alone on a machine)
	$(BIN)/python -m pytest -n 2 -m "not speed" tests/kernel/replay

test-install: $(READY) ## install the wheel as 'mlmagic[notebook]' into an empty environment, and run two notebooks in it
	MLMAGIC_TEST_INSTALL=1 $(BIN)/python -m pytest tests/test_install.py

constraints: ## renew constraints.txt from today's releases, all but torch's
	$(check_python)
	rm -rf $(VENV)-constraints
	$(PYTHON) -m venv $(VENV)-constraints
	$(VENV)-constraints/bin/$(PIP) "$$(grep '^torch==' constraints.txt)" -e '.[dev]'
	$(VENV)-constraints/bin/python tools/versions.py constraints > constraints.new
	mv constraints.new constraints.txt
	rm -rf $(VENV)-constraints

secret-rules: $(READY) ## renew the rules of secrets (RULES=gitleaks.toml of a release of Gitleaks, RELEASE=its number)
	@$(BIN)/python tools/secret_rules.py $(RULES) $(RELEASE)

clean: ## remove virtual environments, builds and caches; demo/ with its runs is left
	rm -rf $(VENV) $(OLD) $(COLAB) $(VENV)-constraints build dist mlmagic/comparison/static mlmagic/comparison/web/node_modules .coverage .coverage.* .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find mlmagic tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

define check_python
@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is not found: make PYTHON=/path/to/python3.11"; exit 1; }
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "mlmagic needs Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	echo "Name another one: make PYTHON=/path/to/python3.11"; exit 1; }
endef

$(READY): pyproject.toml constraints.txt
	$(check_python)
	@echo "Installing into $(VENV), once: one to three minutes"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/$(PIP) -c constraints.txt -e '.[dev]'
	@touch $@

$(OLD_READY): pyproject.toml tools/versions.py
	$(check_python)
	@echo "Installing the oldest versions into $(OLD)"
	@rm -rf $(OLD) && $(PYTHON) -m venv $(OLD)
	@$(PYTHON) tools/versions.py minimums > $(OLD)/minimums.txt
	@grep '^torch==' constraints.txt >> $(OLD)/minimums.txt
	@$(OLD)/bin/$(PIP) -c $(OLD)/minimums.txt -e '.[all,test]'
	@touch $@

# Without torch, whose tests are skipped: outside of Colab its wheels bring several GB of CUDA libraries.
$(COLAB_READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' || { \
		echo "Colab and Kaggle have Python 3.12: make test-colab PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Installing the IPython of Colab and Kaggle into $(COLAB)"
	@rm -rf $(COLAB) && $(PYTHON) -m venv $(COLAB)
	@grep -Ev '^(ipykernel|ipython|ipywidgets|jupyter-client|jupyterlab-widgets|nbclient|torch|traitlets|widgetsnbextension)==' constraints.txt > $(COLAB)/constraints.txt
	@$(COLAB)/bin/$(PIP) --prefer-binary -c $(COLAB)/constraints.txt $(COLABS) -e '.[sweeps,plots,dask,test]' anywidget matplotlib nbclient nbformat scikit-learn
	@touch $@

# Notebooks are executed in a copy, so that their stores and checkpoints do not lie in the source tree.
.PHONY: $(SCRATCH)
$(SCRATCH):
	@rm -rf $@ && mkdir -p $@ && cp notebooks/*.ipynb $@
