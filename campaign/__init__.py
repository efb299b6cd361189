"""Faults at random moments of real runs on the lab's hosts, and what is left of the hosts: docs/reliability.md."""
