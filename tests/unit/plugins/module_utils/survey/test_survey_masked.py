"""Nothing that a survey returns has the credentials of a URL."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import masked


def test_credentials_at_any_depth() -> None:
    given = {"a": [{"why": "proxy http://me:s3cret@proxy:3128"}, 7, None, True], "b": "ssh://ci@host"}
    assert masked(given) == {"a": [{"why": "proxy http://***@proxy:3128"}, 7, None, True], "b": "ssh://ci@host"}
