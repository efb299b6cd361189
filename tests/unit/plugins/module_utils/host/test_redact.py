"""No text of a result has the credentials of a URL, however deep it is."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import masked, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("http://ci:s3cret@proxy:3128", "http://***@proxy:3128", id="password"),
        pytest.param('absent → "http://ci:a%2Fb@proxy"', 'absent → "http://***@proxy"', id="quoted, in words"),
        pytest.param("ssh://ops@arm-1", "ssh://ops@arm-1", id="ssh has a user and no password"),
        pytest.param("https://proxy:3128", "https://proxy:3128", id="none"),
        pytest.param('"http-proxy": "http://me:s3cret@proxy:3128"', '"http-proxy": "http://***@proxy:3128"', id="JSON"),
        pytest.param(
            "env.HTTP_PROXY absent → http://token@proxy", "env.HTTP_PROXY absent → http://***@proxy", id="words"
        ),
        pytest.param("https://mirror.example.com/a@b", "https://mirror.example.com/a@b", id="an @ in a path is none"),
        pytest.param("http://u:se@cret@proxy:3128", "http://***@proxy:3128", id="an @ in the password"),
        pytest.param("http://u:p@a http://v:q@b", "http://***@a http://***@b", id="two of them"),
        pytest.param("image a/b@sha256:0123", "image a/b@sha256:0123", id="a digest is none"),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_data_of_any_depth() -> None:
    secret = "proxies.http-proxy: absent → http://ci:s3cret@proxy"
    facts = {"daemon": {"restart": [secret], "pairs": (secret, 1, None, True)}}
    assert "s3cret" not in str(masked(facts))
    assert masked(facts)["daemon"]["pairs"][1:] == [1, None, True]
