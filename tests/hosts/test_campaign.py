"""A part of the campaign (docs/reliability.md): one host, two faults, at moments of a seed."""

from __future__ import annotations

import pytest

from campaign import foreign
from campaign.__main__ import STATES, pairs
from campaign.experiment import experiment
from campaign.faults import FAULTS
from campaign.site import Site
from tests.hosts.conftest import OLDER_ENGINE

SEED = 34  # strikes a new host with a full /var/lib/containerd, and a builder with another certificate of the registry
SECONDS = {"fresh": 20.0, "change": 15.0}  # of a run, so that most moments are in it


@pytest.mark.thorough
def test_one_clean_run_makes_a_host_as_asked_whatever_struck() -> None:
    (pair,) = pairs(2, SEED, list(FAULTS))
    site = Site(OLDER_ENGINE)
    try:
        site.make()
        foreign.plant(site)
        for state, (fault, moment) in zip(STATES, pair.strikes, strict=True):
            outcome = experiment(site, fault, state, moment, SECONDS[state])
            assert (outcome.wrong, outcome.after, outcome.clean) == ([], [], 0), outcome.said
    finally:
        site.discard()
