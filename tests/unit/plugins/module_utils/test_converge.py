"""What a module tells: words for people, without the credentials of URLs."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.credentials import shown


@pytest.mark.parametrize(
    ("text", "told"),
    [
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
def test_credentials_in_urls_are_not_told(text: str, told: str) -> None:
    assert shown(text) == told
