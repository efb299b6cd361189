"""Real build hosts and a registry on one machine, for tests: see README.md in this folder."""
