# The linters; `make lint` runs them side by side, from the top of the checkout.
.PHONY: all python-style python-types yaml ansible documentation
all: ansible python-types documentation python-style yaml

python-style:
	@ruff check .
	@ruff format --check .
	@# Managed hosts run Python 3.9; ruff knows its syntax, vermin its standard library.
	@vermin --quiet --no-tips --violations -t=3.9- plugins/module_utils plugins/modules

python-types:
	@MYPYPATH=.ansible/collections mypy -p lab -p campaign -p ansible_collections.multiarch.builders.plugins

yaml:
	@yamllint --strict .

ansible:
	@ansible-lint

documentation:
	@antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
	@python tests/tools/docs_lint.py
