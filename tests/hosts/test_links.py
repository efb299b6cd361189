"""Where root writes into a user's folder, the user's links lead nowhere."""

from __future__ import annotations

from tests.hosts.lab import on, playbook


def test_a_link_of_a_user_to_a_file_of_root_is_not_followed(spare: str) -> None:
    on(spare, "install -d -o ci -m 700 ~ci/.docker; echo '{}' > /etc/of-root; chmod 600 /etc/of-root")
    on(spare, "runuser -u ci -- ln -s /etc/of-root /home/ci/.docker/config.json")
    run = playbook("provision-builders", limit=spare)
    assert run.recap(spare)["failed"] == 1
    assert run.says("/home/ci/.docker/config.json cannot be read")
    assert on(spare, "cat /etc/of-root").strip() == "{}"
