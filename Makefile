# The commands of the house. Each one first brings what it needs, in silence when nothing changed.

PORT ?= 8000
ARGS ?=
JOBS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
BIN := .venv/bin

# A path that only this checkout decides.
unexport PYTHONPATH VIRTUAL_ENV DJANGO_SETTINGS_MODULE
# Some images ask for no bytecode: each of the processes that serve or test would compile the house again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check format bench fuzz kills walk mutants dev

help: ## montre cette liste
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## sert les deux sites de démonstration, ports 8000 et 8001 (PORT=8100, RESET=1 pour repartir à neuf)
	@scripts/bootstrap demo $(PORT)
	@exec $(BIN)/traitdunion demo --port $(PORT) $(if $(filter-out 0,$(RESET)),--reset)

test: dev ## lance tous les tests (ARGS="-k convention", JOBS=1)
	@exec $(BIN)/pytest -n $(JOBS) --dist worksteal $(ARGS)

check: dev ## vérifie forme, types, dépendances entre modules, gabarits et migrations
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy
	@$(BIN)/djlint --quiet --lint traitdunion
	@DJANGO_SETTINGS_MODULE=config.settings.test $(BIN)/python -m django check --fail-level WARNING
	@# The database is not needed: only its absence is noted, as a warning.
	@DJANGO_SETTINGS_MODULE=config.settings.test $(BIN)/python -W ignore::RuntimeWarning \
		-m django makemigrations --check --dry-run

format: dev ## met en forme le code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

bench: dev ## mesure pages, import et mémoire (bench/README.md)
	@exec $(BIN)/python -m bench $(ARGS)

fuzz: dev ## cherche longuement des contre-exemples (tests Hypothesis)
	@exec $(BIN)/pytest -n $(JOBS) -m hypothesis --hypothesis-profile=fuzz $(ARGS)

kills: dev ## tue 300 fois le worker au travail et compte ce que le serveur de messagerie a reçu (dix minutes)
	@exec $(BIN)/python bench/kill_worker.py $(ARGS)

mutants: dev ## change la loi un endroit à la fois et compte ce que ses tests voient (ARGS="--sample 0" : tout)
	@exec $(BIN)/python -m bench.mutants --out bench/results/mutants.txt $(ARGS)

walk: dev ## parcourt les pages sans script à 320 px, puis au clavier seul (plusieurs minutes)
	@exec $(BIN)/pytest -n $(JOBS) --dist worksteal -m walk $(ARGS)

dev:
	@scripts/bootstrap dev
	@$(BIN)/traitdunion assets --dev
