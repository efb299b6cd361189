# The linters; `make lint` runs them side by side, from the top of the checkout.
BUILDERS := ansible_collections.multiarch.builders
TYPED := lab campaign benchmarks release verification tests.browser tests.hosts tests.matrix tests.readme \
	tests.real tests.tools $(BUILDERS).plugins $(BUILDERS).tests.unit

.PHONY: all python-style python-types yaml ansible documentation
all: ansible python-types documentation python-style yaml

python-style:
	@ruff check .
	@ruff format --check .
	@# Managed hosts run Python 3.9; ruff knows its syntax, vermin its standard library. The tests run there, too.
	@vermin --quiet --no-tips --violations -t=3.9- plugins/module_utils plugins/modules tests/unit/plugins/module_utils

python-types:
	@MYPYPATH=.ansible/collections mypy $(addprefix -p ,$(TYPED))

yaml:
	@yamllint --strict .

ansible:
	@ansible-lint

documentation:
	@antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
	@python tests/tools/docs_lint.py
