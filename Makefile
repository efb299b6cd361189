# `make help` lists the targets. Set PYTHON to choose the interpreter of .venv.
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
ifeq ($(PYTHON),)
$(error Python 3.11 or newer is needed, and neither python3 nor python3.11 to python3.13 is one: install it, or name it with PYTHON=…)
endif

BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# The stages of `make test`, in order, those joined by + side by side; each is a target of this file too.
STAGES := packages venv-tests sanity+lab+unit+lint molecule+browser+controllers hosts readme
# The kinds of Debian packages that are installed where they are missing: lab, browser.
PACKAGES ?= lab

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help benchmark campaign demo verify lab lab-down lab-list test thorough lint lint-python lint-yaml lint-ansible lint-docs \
	sanity unit controllers matrix pins browser picture molecule hosts real readme release venv venv-tests machine packages clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

demo: lab ## provision the lab, then build, push and run an image for every platform
	$(BIN)/ansible-playbook playbooks/provision-builders.yml --skip-tags proof  # which comes next, with its tables
	$(BIN)/ansible-playbook playbooks/verify-builders.yml

verify: venv-tests ## check your own fleet, for CI too: INVENTORY=inventory/fleet [HOSTS=ci-1] [RESULTS=DIR]
	@test -n "$(INVENTORY)" || { echo "Which fleet? make verify INVENTORY=inventory/fleet" >&2; exit 2; }
	@$(BIN)/pytest verification --ansible-inventory='$(INVENTORY)' --hosts='ansible://$(or $(HOSTS),builders)' \
		--results='$(or $(RESULTS),.build/verification)' --numprocesses=4

lab: machine packages venv ## start the lab's hosts; IMAGES=DIR: with the real images there
	@$(BIN)/python -m lab up $(if $(IMAGES),--images '$(IMAGES)')

lab-down: venv ## stop the lab's hosts and remove what they left
	@$(BIN)/python -m lab down

lab-list: venv ## list the lab's hosts
	@$(BIN)/python -m lab list

test: export MULTIARCH_LAB_DISKS ?= memory
test: ## every check and test below, with a summary
	@$(PYTHON) tests/tools/stages.py $(STAGES)

thorough: lab venv-tests ## what takes too long for make test: each test with both engines, many examples, the campaign
	@HYPOTHESIS_PROFILE=thorough $(BIN)/pytest tests/unit/properties
	@$(MAKE) hosts ENGINES=all
	@$(MAKE) campaign

lint: venv-tests ## ruff, vermin, mypy, yamllint, ansible-lint, documentation
	@$(MAKE) --jobs=2 --keep-going --output-sync=target -f tests/tools/lint.mk

sanity: venv-tests ## ansible-test sanity
	@tests/tools/sanity

unit: venv-tests ## unit tests, no host needed
	@MULTIARCH_QEMU_DIR=$$(tests/tools/emulators) MULTIARCH_PROMTOOL=$$(tests/tools/promtool) $(BIN)/pytest

controllers: ## unit tests of what meets ansible-core, with the oldest and the newest that run here
	@$(PYTHON) -m tests.matrix --quick

matrix: venv-tests ## unit tests and sanity with each ansible-core and Python: an hour; ONLY=2.21 for some of them
	@MULTIARCH_QEMU_DIR=$$(tests/tools/emulators) MULTIARCH_PROMTOOL=$$(tests/tools/promtool) $(PYTHON) -m tests.matrix --only='$(ONLY)'

pins: venv-tests ## images newer than those that are pinned; WRITE=1 pins them, MIRROR=HOST is asked in place of Docker Hub
	@$(BIN)/python -m tests.tools.pins $(if $(filter 1 yes true,$(WRITE)),--write) $(if $(MIRROR),--mirror='$(MIRROR)')

browser: venv-tests ## the report in headless Chromium; screenshots stay in .build/browser
	@$(BIN)/pytest tests/browser

picture: lab venv-tests ## the pictures in docs: the report of a test on lab hosts, and of a made-up fleet
	@$(BIN)/pytest tests/hosts/test_report.py -k test_a_fleet_in_all_states
	@PYTHONPATH=.:.ansible/collections $(BIN)/python -m tests.browser.picture

molecule: lab venv-tests ## check, converge, idempotence and verify on fresh lab hosts
	@$(BIN)/molecule test --all

hosts: lab venv-tests ## behaviour on lab hosts; ENGINES=all: each test with both engines; CONTROLLER=DIR: another venv
	@test "$(ENGINES)" = all || echo "Where both engines do the same, one is tried; with both: make hosts ENGINES=all"
	@PATH="$(abspath $(or $(CONTROLLER),.venv))/bin:$$PATH" ENGINES=$(ENGINES) \
		python tests/tools/hosts.py $(or $(TESTS),tests/hosts)

real: machine packages venv-tests ## all tests on hosts with the real images of IMAGES=DIR; BESIDE=1: only those that need them
	@test -n "$(IMAGES)" || { echo "Which images? make real IMAGES=DIR; lab/README.md says how to save them" >&2; exit 2; }
	@$(BIN)/python -m tests.real --images='$(IMAGES)' $(if $(BESIDE),--beside) $(TESTS)

readme: lab venv-tests ## run every command of README.md
	@$(BIN)/python -m tests.readme

release: venv-tests ## tarball, SBOM and checksums of this commit in .build/release; KEY=FINGERPRINT signs
	@PYTHONPATH=.:.ansible/collections $(BIN)/python -m release --key='$(KEY)'

benchmark: machine packages venv-tests .build/benchmarks/.stamp ## how long a fleet takes, with this project and with others; hours
	@.build/benchmarks/bin/python -m benchmarks $(BENCHMARK)

campaign: lab venv-tests ## faults at random moments of real runs, and what is left of the hosts; half an hour
	@$(BIN)/python -m campaign $(CAMPAIGN)

.build/benchmarks/.stamp: requirements.txt tests/requirements.txt tests/matrix/controller.txt benchmarks/requirements.txt
	@$(PYTHON) -m venv --clear .build/benchmarks
	@.build/benchmarks/bin/pip install -qq -r benchmarks/requirements.txt
	@touch $@

venv: .venv/.stamp ## .venv from requirements.txt: what runs on a controller
	@:

venv-tests: .venv/.stamp-tests ## the same, with what the tests need (tests/requirements.txt)
	@:

.venv/.stamp: requirements.txt
	@echo "Installing requirements.txt into .venv"
	@$(PYTHON) -m venv --clear .venv || { echo "$(PYTHON) cannot make a virtual environment: apt-get install python3-venv" >&2; exit 1; }
	@$(call install,$<)

.venv/.stamp-tests: tests/requirements.txt tests/matrix/controller.txt .venv/.stamp
	@echo "Installing tests/requirements.txt into .venv (half a minute)"
	@$(call install,$<)

# Compiled on all processors, as pip does not; not all of it is Python 3.
install = $(BIN)/pip install -qq --no-compile -r $(1) && { $(BIN)/python -m compileall -qq -j 0 .venv/lib || :; } && touch $@

machine:
	@$(PYTHON) -m lab.requirements

packages: ## Debian packages that are missing: PACKAGES="lab browser", or one of them
	@$(PYTHON) tests/tools/packages.py $(PACKAGES)

clean: ## remove .venv, caches and build results; the lab stays (make lab-down)
	@rm -rf .venv .cache .build .hypothesis .ruff_cache .mypy_cache .pytest_cache *.tar.gz
	@find . -name __pycache__ -prune -exec rm -rf {} +
