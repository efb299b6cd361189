"""How long a fleet takes, with this project and with others: docs/performance.md."""
