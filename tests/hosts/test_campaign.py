"""A part of the campaign (docs/reliability.md): two hosts, two faults each, at moments of a seed."""

from __future__ import annotations

import pytest

from campaign import foreign
from campaign.__main__ import STATES, Pair, pairs
from campaign.experiment import experiment
from campaign.faults import FAULTS
from campaign.site import Site
from tests.hosts.conftest import OLDER_ENGINE

# Strikes with a full disk and another certificate, with Ctrl-C and no room under /etc.
SEED = 34
SECONDS = {"fresh": 20.0, "change": 15.0}  # of a run, so that most moments are in it


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param(pair, id=", ".join(f"{fault.title} at {moment:.0%}" for fault, moment in pair.strikes))
        for pair in pairs(4, SEED, list(FAULTS))
    ],
)
def test_one_clean_run_makes_a_host_as_asked_whatever_struck(pair: Pair) -> None:
    site = Site(OLDER_ENGINE)
    try:
        site.make()
        foreign.plant(site)
        for state, (fault, moment) in zip(STATES, pair.strikes, strict=True):
            outcome = experiment(site, fault, state, moment, SECONDS[state])
            assert (outcome.wrong, outcome.after, outcome.clean) == ([], [], 0), outcome.said
    finally:
        site.discard()
