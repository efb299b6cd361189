"""No text of a result has the credentials of a URL, however deep it is."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.credentials import masked, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("http://ci:s3cret@proxy:3128", "http://***@proxy:3128", id="password"),
        pytest.param('absent → "http://ci:a%2Fb@proxy"', 'absent → "http://***@proxy"', id="quoted, in words"),
        pytest.param("ssh://ops@arm-1", "ssh://ops@arm-1", id="ssh has a user and no password"),
        pytest.param("https://proxy:3128", "https://proxy:3128", id="none"),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_data_of_any_depth() -> None:
    secret = "proxies.http-proxy: absent → http://ci:s3cret@proxy"
    facts = {"daemon": {"restart": [secret], "pairs": (secret, 1, None, True)}}
    assert "s3cret" not in str(masked(facts))
    assert masked(facts)["daemon"]["pairs"][1:] == [1, None, True]
