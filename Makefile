# One command for each thing that is done with a checkout; `make help` lists them.
# Needs python3 (3.11 or newer, with venv) and, for the engine, the network or Go; everything else is installed here.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.stamp
CONSTRAINED := constraints-dev.txt pyproject.toml
ENGINE_VERSION := $(shell sed -n 's|.*pulumi/pkg/v3 v||p' tools/pulumi/go.mod)
PIP := $(BIN)/python -m pip --disable-pip-version-check
BASE ?= python:3.13-slim
PYTEST := $(BIN)/python -m pytest -n 3
SEED ?=
MINUTES ?= 10

.PHONY: help demo test lint bench bench-kubernetes hunt soak images reporting constraints pictures engine programs cluster cluster-down nodes venv clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

demo: engine ## plan, apply, observe, break and mend the digits pipeline, and take it away again
	@$(BIN)/python examples/digits/demo.py

test: programs lint ## all checks and all tests, except the long campaigns
	@$(PYTEST) -m "not soak" tests

lint: venv ## style, types and the floors
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: programs ## figures, printed and never asserted; OPENB=FOLDER holds the openb trace; the search is last and takes an hour
	@$(BIN)/python -m compileall -q rohe_iac
	@$(BIN)/python tests/benchmarks/bench_cli.py
	@for bench in plan plan_command validate agent loop transport amqp agent_memory agents reporter sizing stand_ins; do $(BIN)/python "tests/benchmarks/bench_$$bench.py"; done
	@$(BIN)/python tests/benchmarks/bench_kubernetes.py
	@$(BIN)/python tests/benchmarks/bench_openb.py $(OPENB)
	@$(BIN)/python tests/benchmarks/bench_search.py

bench-kubernetes: programs ## of those figures, the ones of applies to a cluster alone
	@$(BIN)/python tests/benchmarks/bench_kubernetes.py

hunt: venv ## tests that draw examples, with fresh seeds for MINUTES=10; SEED=N repeats one round
	@seed="$(SEED)"; until=$$((SECONDS + 60 * $(MINUTES))); \
	while seed=$${seed:-$$((RANDOM * 32768 + RANDOM))}; do \
	  echo "hunt: seed $$seed"; \
	  ROHE_HUNT=$$seed nice $(PYTEST) -q -x -m "hunt and not soak" --hypothesis-seed=$$seed tests \
	    || { echo "hunt: found with seed $$seed; make hunt SEED=$$seed repeats it" >&2; exit 1; }; \
	  [ -z "$(SEED)" ] && [ $$SECONDS -lt $$until ] || break; \
	  seed=; \
	done

soak: engine ## the long campaigns, with a fresh seed; SEED=N repeats one
	@seed="$(SEED)"; seed=$${seed:-$$((RANDOM * 32768 + RANDOM))}; echo "soak: seed $$seed"; \
	ROHE_HUNT=$$seed $(BIN)/python -m pytest -m soak --hypothesis-seed=$$seed tests \
	  || { echo "soak: failed with seed $$seed; make soak SEED=$$seed repeats it" >&2; exit 1; }

pictures: engine ## the pictures of docs/pictures anew, of what the commands print (needs Chromium)
	@$(BIN)/python tools/make_pictures.py

engine: venv ## find the Pulumi engine, or install it
	@$(BIN)/rohe engine install

programs: engine ## what tests start beside the engine: its Kubernetes provider and a control plane (built once, about 20 minutes)
	@$(BIN)/rohe engine install --target kubernetes
	@$(BIN)/python -m rohe_iac.trial_cluster build
	@$(BIN)/python tests/toxiproxy.py
	@$(BIN)/python tests/qoa4ml_environment.py

cluster: venv ## a Kubernetes control plane with simulated nodes on this machine (builds it first, about ten minutes, once)
	@$(BIN)/python -m rohe_iac.trial_cluster start

cluster-down: venv ## end it, with all its objects
	@$(BIN)/python -m rohe_iac.trial_cluster stop

images: venv ## the container images rohe/agent and rohe/digits, with docker, podman or buildah (BASE=python:3.13-slim)
	@tool=$$(command -v docker || command -v podman || command -v buildah) \
	  || { echo "images are built by docker, podman or buildah, and none of them is here" >&2; exit 1; }; \
	rm -f dist/rohe_iac-*.whl; \
	$(PIP) wheel --quiet --no-deps --no-build-isolation -w dist .; \
	version=$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml); \
	"$$tool" build --build-arg BASE=$(BASE) -f images/agent/Dockerfile -t "rohe/agent:$$version" .; \
	"$$tool" build --build-arg BASE=$(BASE) -f examples/digits/image/Dockerfile -t "rohe/digits:$$version" .

reporting: venv ## the library of services alone, as the wheel dist/rohe_reporting-*.whl
	@rm -f dist/rohe_reporting-*.whl
	@$(PIP) wheel --quiet --no-deps --no-build-isolation -w dist distributions/rohe-reporting
	@ls dist/rohe_reporting-*.whl

nodes: venv ## what tests on real nodes need: programs, a base image, wheels (needs root; about ten minutes, once)
	@$(BIN)/python tests/real_node/prepare.py

venv: ## the virtual environment .venv of developers, as constraints-dev.txt pins it
	@wanted=$$({ pwd; cat $(CONSTRAINED); } | cksum); \
	if [ "$$(cat $(STAMP) 2>/dev/null || true)" != "$$wanted" ] || ! $(BIN)/python -c '' 2>/dev/null; then \
	  command -v $(PYTHON) >/dev/null || { echo "rohe needs Python 3.11 or newer, and there is no '$(PYTHON)'; name one with: make PYTHON=python3.12" >&2; exit 1; }; \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "rohe needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1); name another with: make PYTHON=python3.12" >&2; exit 1; }; \
	  $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "'$(PYTHON)' has no venv module; install it (Debian: apt-get install python3-venv) or name another with: make PYTHON=..." >&2; exit 1; }; \
	  echo "installing into .venv what constraints-dev.txt pins"; \
	  if ! $(BIN)/pip --version >/dev/null 2>&1; then rm -rf .venv; $(PYTHON) -m venv .venv; fi; \
	  rm -f $(STAMP); \
	  $(PIP) install --quiet --require-hashes -r constraints-dev.txt; \
	  $(PIP) install --quiet --no-deps --no-build-isolation -e .; \
	  $(BIN)/python -m compileall -q rohe_iac; \
	  echo "$$wanted" > $(STAMP); \
	fi

constraints: ## pin anew what pyproject.toml asks for, for users and for developers (UPGRADE=1 takes the newest of everything)
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder/venv"; \
	"$$folder/venv/bin/pip" --disable-pip-version-check install --quiet 'uv==0.13.9'; \
	compile() { "$$folder/venv/bin/uv" --quiet pip compile --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$$@" >/dev/null; }; \
	[ -n "$(UPGRADE)" ] || for name in constraints constraints-dev; do cp $$name.txt "$$folder/$$name.txt" 2>/dev/null || true; done; \
	compile --upgrade-package 'pulumi==$(ENGINE_VERSION)' --output-file "$$folder/constraints.txt" pyproject.toml; \
	echo 'setuptools>=77' | compile --group dev --all-extras --constraint "$$folder/constraints.txt" \
	  --upgrade-package 'pulumi==$(ENGINE_VERSION)' --output-file "$$folder/constraints-dev.txt" pyproject.toml -; \
	head='for every Python from 3.11 on; written by: make constraints'; \
	{ echo "# What an installed rohe needs, pinned $$head"; cat "$$folder/constraints.txt"; } > constraints.txt; \
	{ echo "# What developers need, rohe's extras and constraints.txt included, pinned $$head"; \
	  cat "$$folder/constraints-dev.txt"; } > constraints-dev.txt; \
	compile --group agent --constraint "$$folder/constraints.txt" --output-file "$$folder/constraints-agent.txt"; \
	{ echo "# What the image of agents and brokers needs, a part of constraints.txt, pinned $$head"; \
	  cat "$$folder/constraints-agent.txt"; } > constraints-agent.txt; \
	compile --group digits-image --constraint "$$folder/constraints-dev.txt" --output-file "$$folder/digits-image.txt"; \
	{ echo "# What the image of the digits services needs, a part of constraints-dev.txt, pinned $$head"; \
	  cat "$$folder/digits-image.txt"; } > examples/digits/image/requirements.txt; \
	cp tools/qoa4ml/requirements.txt "$$folder/qoa4ml.txt"; \
	echo 'qoa4ml==0.3.18' | compile --output-file "$$folder/qoa4ml.txt" -; \
	{ echo "# What the tests' environment of QoA4ML's client needs, pinned $$head"; cat "$$folder/qoa4ml.txt"; } > tools/qoa4ml/requirements.txt
	@for file in constraints-agent.txt examples/digits/image/requirements.txt; do \
	  folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	  $(BIN)/python -m pip download --quiet --no-deps --require-hashes --only-binary :all: --python-version 3.11 \
	    $$(for minor in 39 36 34 31 28 27 17; do echo "--platform manylinux_2_$${minor}_aarch64"; done) --platform manylinux2014_aarch64 \
	    -d "$$folder" -r "$$file"; \
	  echo "$$file has wheels for arm64"; \
	done
	@for name in constraints constraints-dev constraints-agent; do echo "$$name.txt pins $$(grep -c '==' $$name.txt) distributions"; done

clean: ## remove what was installed and cached in this folder; the engine's cache outside it stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info distributions/*/*/ distributions/*/LICENSE
