# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the emulators, from states made by hand; the source is the real one, and installs nothing here."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import resource
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import EMULATORS, BinfmtState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import BrokenError
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import (
    FORMATS,
    ElfFormat,
    registration,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.gate import Canary, Rejection
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.image import folder_of
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.plan import DropHandler, KeepHandler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD, Former
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.resource import Binfmt
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import (
    Emulator,
    ImageSource,
    InstallEmulators,
    PackageSource,
    Source,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import program
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError, UnfinishedError
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Kind,
    Note,
    Plan,
)

ARM64, S390X = FORMATS["arm64"], FORMATS["s390x"]
NAME = "qemu-aarch64"
LINE = registration(ARM64, f"{EMULATORS}/8288bef2169d/{NAME}", "CFP") + "\n"
OURS = Handler(NAME, True, f"{EMULATORS}/8288bef2169d/{NAME}", "POCF", 0, ARM64.magic, ARM64.mask)
THEIRS = replace(OURS, interpreter="/opt/of-these-tests/qemu-aarch64")
FORMER = replace(OURS, interpreter=f"{EMULATORS}/25af7ab5f48f/{NAME}")
OWNED = frozenset({NAME})

NO_CANARY = " (each is tried with a tiny program only: no builder_binfmt_canary)"

LASTING = BinfmtState(Processor("x86_64"), {NAME: OURS}, {NAME: LINE}, {NAME: LINE}, OWNED, {})


def planned(
    state: BinfmtState,
    docker: Docker,
    platforms: tuple[str, ...] = ("linux/amd64", "linux/arm64"),
    *,
    source: Source | None = None,
    takeover: bool = False,
) -> Plan:
    chosen = source or ImageSource("tonistiigi/binfmt:v1", None, (), docker)
    return Binfmt(platforms, chosen, takeover).plan(state, NO_EFFECTS)


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        pytest.param(LASTING, [], id="registered, and lasting"),
        pytest.param(
            replace(LASTING, handlers={}, lines={}, configuration={}, owned=frozenset()),
            [InstallEmulators((ARM64,)), KeepHandler(ARM64, True)],
            id="a new host",
        ),
        pytest.param(replace(LASTING, handlers={}), [KeepHandler(ARM64, True)], id="lost until the next boot"),
        pytest.param(replace(LASTING, configuration={}), [KeepHandler(ARM64, False)], id="would not last"),
        pytest.param(
            replace(LASTING, configuration={NAME: "# edited\n" + LINE}), [KeepHandler(ARM64, False)], id="file edited"
        ),
        pytest.param(replace(LASTING, owned=frozenset()), [KeepHandler(ARM64, False)], id="memory lost"),
        pytest.param(
            replace(LASTING, lines={}),
            [InstallEmulators((ARM64,)), KeepHandler(ARM64, True)],
            id="the emulator's file was deleted",
        ),
        pytest.param(
            replace(LASTING, handlers={NAME: FORMER}, lines={}),
            [InstallEmulators((ARM64,)), KeepHandler(ARM64, True)],
            id="another image is asked for",
        ),
        pytest.param(
            replace(LASTING, handlers={NAME: THEIRS}, configuration={}, owned=frozenset()), [], id="theirs works"
        ),
        pytest.param(
            replace(LASTING, handlers={NAME: replace(THEIRS, flags="")}, configuration={}, owned=frozenset()),
            [KeepHandler(ARM64, True)],
            id="theirs does not work in containers",
        ),
        pytest.param(
            replace(LASTING, owned=OWNED | {"qemu-s390x"}),
            [DropHandler("qemu-s390x")],
            id="a platform that is not asked for any more",
        ),
        pytest.param(
            replace(LASTING, handlers={NAME: THEIRS}),
            [KeepHandler(ARM64, True)],
            id="somebody registered theirs over ours",
        ),
        pytest.param(
            replace(LASTING, handlers={NAME: THEIRS}, configuration={NAME: LINE.replace(EMULATORS, "/opt")}),
            [],
            id="the same, and for good: it works, so it is not removed",
        ),
        pytest.param(
            replace(LASTING, handlers={"my-arm64": replace(THEIRS, name="my-arm64")}),
            [KeepHandler(ARM64, True)],
            id="ours is gone, theirs of another name works",
        ),
    ],
)
def test_steps(state: BinfmtState, steps: list[object], no_docker: Docker) -> None:
    plan = planned(state, no_docker)
    assert [action.step for action in plan.actions] == steps
    assert plan.effects == NO_EFFECTS


def test_a_native_host_needs_nothing(no_docker: Docker) -> None:
    state = BinfmtState(Processor("aarch64"), {}, {}, {}, frozenset(), {})
    assert planned(state, no_docker, ("linux/arm64",)).actions == ()


def test_emulators_of_several_platforms_are_taken_at_once(no_docker: Docker) -> None:
    state = replace(LASTING, handlers={}, lines={}, configuration={}, owned=frozenset())
    plan = planned(state, no_docker, ("linux/arm64", "linux/s390x"))
    assert [action.step for action in plan.actions] == [
        InstallEmulators((ARM64, S390X)),
        KeepHandler(ARM64, True),
        KeepHandler(S390X, True),
    ]
    assert plan.actions[0].summary == f"take qemu-aarch64, qemu-s390x out of tonistiigi/binfmt:v1{NO_CANARY}"
    assert plan.actions[1].summary == "register handler qemu-aarch64 for linux/arm64"


def test_a_handler_that_is_left_alone_is_told(no_docker: Docker) -> None:
    plan = planned(replace(LASTING, handlers={NAME: THEIRS}, owned=frozenset()), no_docker)
    (note,) = plan.notes
    assert note.kind is Kind.LEFT_ALONE
    assert note.text.startswith("linux/arm64: handler qemu-aarch64 is not managed, works, and was not changed (")
    assert "interpreter /opt/of-these-tests/qemu-aarch64, flags POCF" in note.text


@pytest.mark.parametrize(
    ("owner", "told"),
    [
        pytest.param("qemu-user", "(of package qemu-user, interpreter ", id="of a package"),
        pytest.param("", "(interpreter ", id="nobody's"),
        pytest.param(None, "(out of a container, interpreter ", id="no file of this host"),
    ],
)
def test_whose_a_handler_is_that_is_left_alone(owner: str | None, told: str, no_docker: Docker) -> None:
    state = replace(LASTING, handlers={NAME: THEIRS}, owned=frozenset(), owners={THEIRS.interpreter: owner})
    (note,) = planned(state, no_docker).notes
    assert told in note.text


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        pytest.param(False, f"; {THEIRS.interpreter} is registered again, as before", id="there"),
        pytest.param(True, f"; {THEIRS.interpreter}, registered before us, is not on this host (a con", id="gone"),
    ],
)
def test_what_comes_back_in_place_of_ours(lost: bool, told: str, no_docker: Docker) -> None:
    former = Former(line=LINE, interpreter=THEIRS.interpreter)
    state = replace(LASTING, former={NAME: former}, lost=OWNED if lost else frozenset())
    (action,) = planned(state, no_docker, ("linux/amd64",)).actions
    assert action.step == DropHandler(NAME)
    assert told in action.summary


@pytest.mark.parametrize(
    ("release", "told"),
    [
        pytest.param({"ID": "debian", "VERSION_ID": "13"}, "install package qemu-user-binfmt, which", id="Debian 13"),
        pytest.param({"ID": "debian", "VERSION_ID": "12"}, "install package qemu-user-static, which", id="Debian 12"),
    ],
)
def test_the_package_is_that_of_the_release(release: dict[str, str], told: str, no_docker: Docker) -> None:
    state = replace(LASTING, handlers={}, lines={}, owned=frozenset(), release=release)
    assert planned(state, no_docker, source=PackageSource()).actions[0].summary.startswith(told)


def test_a_handler_that_took_the_place_of_ours_is_replaced(no_docker: Docker) -> None:
    plan = planned(replace(LASTING, handlers={NAME: THEIRS}), no_docker)
    assert [action.step for action in plan.actions] == [KeepHandler(ARM64, True)]
    assert plan.actions[0].summary == (
        "replace handler qemu-aarch64 for linux/arm64 (out of a container, "
        "/opt/of-these-tests/qemu-aarch64: it replaced our handler)"
    )
    assert plan.notes == ()


def test_takeover(no_docker: Docker) -> None:
    state = replace(LASTING, handlers={NAME: THEIRS}, configuration={}, owned=frozenset())
    plan = planned(state, no_docker, takeover=True)
    assert [action.step for action in plan.actions] == [KeepHandler(ARM64, True)]
    assert plan.actions[0].summary == (
        "replace handler qemu-aarch64 for linux/arm64 (out of a container, /opt/of-these-tests/qemu-aarch64: "
        "builder_binfmt_takeover)"
    )
    assert plan.notes == ()


RIGHTS = program(OURS.interpreter)
LOOSE = {RIGHTS: f"{RIGHTS.path} has mode 0644, not 0755"}
CONF = f"/etc/binfmt.d/{NAME}.conf"
MASK = {NAME: f"{CONF} is a link to /dev/null"}
LOST = "handlers are lost at the next reboot, as systemd-binfmt.service is masked"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        pytest.param(
            replace(LASTING, on=False),
            "turn on /proc/sys/fs/binfmt_misc/status, the switch of all handlers on this host, ours and others': it is "
            "off, so no program of another platform runs",
            id="the switch of all",
        ),
        pytest.param(
            replace(LASTING, loose=LOOSE),
            f"restore owner and mode of the handlers' files: {RIGHTS.path} has mode 0644, not 0755",
            id="an emulator that is no program",
        ),
        pytest.param(
            replace(LASTING, lines={}, damaged={NAME: f"{OURS.interpreter} is not as it was written"}),
            f"take {NAME} out of tonistiigi/binfmt:v1{NO_CANARY}\nreplace handler {NAME} for linux/arm64 (ours, "
            f"{OURS.interpreter}: {OURS.interpreter} is not as it was written)",
            id="an emulator with other bytes",
        ),
    ],
)
def test_what_is_told_of_quiet_drift(state: BinfmtState, told: str, no_docker: Docker) -> None:
    assert "\n".join(action.summary for action in planned(state, no_docker).actions) == told


def test_a_host_that_emulates_nothing_has_no_switch_to_turn_on(no_docker: Docker) -> None:
    assert planned(replace(LASTING, on=False, owned=frozenset()), no_docker, ("linux/amd64",)).actions == ()


WAYS_OUT = "or remove linux/arm64 from builder_platforms"


@pytest.mark.parametrize(
    ("state", "source", "told"),
    [
        pytest.param(replace(LASTING, boot=(LOST,)), None, LOST, id="it would not last"),
        pytest.param(replace(LASTING, boot=(LOST,)), PackageSource(), LOST, id="the package's would not last"),
        pytest.param(
            replace(LASTING, masked=MASK),
            None,
            f"handler {NAME} is masked: {CONF} is a link to /dev/null, which is how administrators disable one: set "
            f"builder_binfmt_takeover: true to replace that, {WAYS_OUT}",
            id="masked",
        ),
        pytest.param(
            replace(LASTING, masked=MASK, lines={}),
            PackageSource(),
            f"handler {NAME} is masked: {CONF} is a link to /dev/null, which is how administrators disable one: "
            f"remove that, "
            f"{WAYS_OUT}",
            id="the package's is masked",
        ),
        pytest.param(
            replace(LASTING, faults={NAME: "/usr/bin/qemu is not there"}, boot=(LOST,)),
            PackageSource(),
            f"/usr/bin/qemu is not there; {LOST}",
            id="the package's emulator is gone, and more",
        ),
    ],
)
def test_what_only_people_can_mend_is_refused(
    state: BinfmtState, source: Source | None, told: str, no_docker: Docker
) -> None:
    with pytest.raises(HostError) as caught:
        planned(state, no_docker, source=source)
    assert str(caught.value) == told


def test_a_mask_goes_where_ours_shall_take_over(no_docker: Docker) -> None:
    state = replace(LASTING, masked=MASK, configuration={})
    (action,) = planned(state, no_docker, takeover=True).actions
    assert action.step == KeepHandler(ARM64, False)
    assert action.summary == (
        f"write {CONF} in place of what masks it ({CONF} is a link to /dev/null), so that {NAME} is registered at boot"
    )


def test_what_becomes_of_somebody_elses_handler_at_boot_is_a_note(no_docker: Docker) -> None:
    state = replace(LASTING, handlers={NAME: THEIRS}, owned=frozenset(), boot=(LOST,), masked=MASK)
    plan = planned(state, no_docker)
    assert plan.actions == ()
    assert plan.notes[1:] == (Note(Kind.LIMIT, LOST),)


DEBIANS = "/usr/libexec/qemu-binfmt/aarch64-binfmt-P"
DEBIAN_LINE = f":{NAME}:M::magic:mask:{DEBIANS}:OPF"
PACKAGED = replace(
    LASTING,
    handlers={NAME: replace(OURS, interpreter=DEBIANS)},
    lines={NAME: DEBIAN_LINE},
    configuration={},
    owned=frozenset(),
)


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        pytest.param(PACKAGED, [], id="the package registered it"),
        pytest.param(replace(PACKAGED, handlers={}), [KeepHandler(ARM64, True)], id="lost until the next boot"),
        pytest.param(
            replace(LASTING, lines={NAME: DEBIAN_LINE}), [KeepHandler(ARM64, True)], id="from the image to the package"
        ),
        pytest.param(
            replace(PACKAGED, configuration={NAME: LINE}, owned=OWNED),
            [DropHandler(NAME)],
            id="a run was killed: our file still masks the package's",
        ),
    ],
)
def test_steps_with_the_distributions_package(state: BinfmtState, steps: list[object], no_docker: Docker) -> None:
    plan = planned(state, no_docker, source=PackageSource())
    assert [action.step for action in plan.actions] == steps


@pytest.mark.parametrize(
    ("state", "fact"),
    [
        pytest.param(LASTING, (NAME, OURS.interpreter, "POCF", "keep"), id="ours"),
        pytest.param(replace(LASTING, handlers={}), (None, None, None, "add"), id="none"),
        pytest.param(
            replace(LASTING, handlers={NAME: THEIRS}, owned=frozenset()),
            (NAME, THEIRS.interpreter, "POCF", "leave"),
            id="theirs",
        ),
        pytest.param(
            replace(LASTING, handlers={NAME: THEIRS}),
            (NAME, THEIRS.interpreter, "POCF", "replace"),
            id="theirs, in place of ours",
        ),
    ],
)
def test_facts(state: BinfmtState, fact: tuple[str | None, ...], no_docker: Docker) -> None:
    (found,) = planned(state, no_docker).facts["handlers"]
    assert found["platform"] == "linux/arm64"
    assert (found["handler"], found["interpreter"], found["flags"], found["verdict"]) == fact


CANARY = Canary("debian:1@sha256:0", None, ())


@pytest.mark.parametrize(
    ("source", "told"),
    [
        pytest.param(
            {"canary": CANARY},
            ["take qemu-aarch64, qemu-s390x out of v1 (each is tried with the canary of debian:1@sha256:0)"],
            id="a canary",
        ),
        pytest.param(
            {"images": {"s390x": "v0"}},
            [f"take qemu-aarch64 out of v1{NO_CANARY}", f"take qemu-s390x out of v0{NO_CANARY}"],
            id="an image of its own",
        ),
        pytest.param(
            {"images": {"s390x": "v1", "arm": "v0"}},
            [f"take qemu-aarch64, qemu-s390x out of v1{NO_CANARY}"],
            id="the same image, and one that is not needed",
        ),
    ],
)
def test_where_emulators_are_taken_from_and_how_they_are_tried(
    source: dict[str, t.Any], told: list[str], no_docker: Docker
) -> None:
    state = replace(LASTING, handlers={}, lines={}, configuration={}, owned=frozenset())
    chosen = ImageSource("v1", None, (), no_docker, **source)
    plan = planned(state, no_docker, ("linux/arm64", "linux/s390x"), source=chosen)
    assert [each.summary for each in plan.actions if isinstance(each.step, InstallEmulators)] == told


def test_each_emulator_is_looked_for_in_the_folder_of_its_own_image(no_docker: Docker, tmp_path: Path) -> None:
    for image, binary in (("v1", "qemu-aarch64"), ("v0", "qemu-s390x")):
        folder = tmp_path / folder_of(image).lstrip("/")
        folder.mkdir(parents=True)
        (folder / "image.json").write_text('{"flags": "CF", "version": "1"}')
        (folder / binary).write_bytes(b"x")
    source = ImageSource("v1", None, (), no_docker, {"s390x": "v0"})
    for fmt, image in ((ARM64, "v1"), (S390X, "v0")):
        line = source.emulator(fmt).line
        assert line is not None
        assert f":{folder_of(image)}/{fmt.binary}:" in line
    assert ImageSource("v1", None, (), no_docker).emulator(S390X).line is None


class OneFails(ImageSource):
    """All its emulators are installed, but for that of s390x, which does not work."""

    def install(self, formats: tuple[ElfFormat, ...]) -> tuple[Rejection, ...]:
        return tuple(Rejection(fmt, self.image, BrokenError("it died")) for fmt in formats if fmt is S390X)

    def emulator(self, fmt: ElfFormat) -> Emulator:
        return Emulator(LINE if fmt is ARM64 else None)


def test_what_was_there_stays_where_a_new_emulator_fails(
    no_docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, files = tmp_path / "proc/sys/fs/binfmt_misc", tmp_path / "etc/binfmt.d"
    registry.mkdir(parents=True)
    files.mkdir(parents=True)
    (registry / "register").touch()
    (files / "qemu-s390x.conf").write_text("as before")
    proven: list[str] = []
    monkeypatch.setattr(resource, "_prove", proven.append)  # there is no kernel to register with
    formats = (ARM64, S390X)
    steps = [InstallEmulators(formats), *(KeepHandler(fmt, True) for fmt in formats)]
    concern = Binfmt(("linux/arm64", "linux/s390x"), OneFails("v1", None, (), no_docker), takeover=False)
    with pytest.raises(UnfinishedError, match=r"not taken: linux/s390x \(qemu-s390x of v1\)"):
        concern.apply([Action("", step) for step in steps])
    assert (registry / "register").read_text() == LINE.strip()
    assert (files / f"{NAME}.conf").read_text() == LINE
    assert (files / "qemu-s390x.conf").read_text() == "as before"
    assert RECORD.read().handlers == {NAME}
    assert proven == ["linux/arm64"]


@pytest.mark.parametrize("target", ["../../usr/share/theirs.conf", "/dev/null"], ids=["a file", "a mask"])
def test_a_link_in_place_of_a_handlers_file_is_replaced_and_put_back(
    target: str, no_docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, file = tmp_path / "proc/sys/fs/binfmt_misc", tmp_path / f"etc/binfmt.d/{NAME}.conf"
    theirs = tmp_path / "usr/share/theirs.conf"
    for folder in (registry, file.parent, theirs.parent):
        folder.mkdir(parents=True)
    (registry / "register").touch()
    theirs.write_text("# für ein anderes Programm\n", encoding="latin-1")
    file.symlink_to(target)
    monkeypatch.setattr(resource, "_prove", lambda _platform: None)  # there is no kernel to register with
    concern = Binfmt(("linux/arm64",), OneFails("v1", None, (), no_docker), takeover=True)
    concern.observe()
    concern.apply([Action("", KeepHandler(ARM64, True))])
    assert (file.is_symlink(), file.read_text()) == (False, LINE)
    Binfmt((), OneFails("v1", None, (), no_docker), takeover=True).apply([Action("", DropHandler(NAME))])
    assert file.readlink() == Path(target)
    assert theirs.read_bytes() == "# für ein anderes Programm\n".encode("latin-1")
