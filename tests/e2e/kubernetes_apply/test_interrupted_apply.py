"""An apply to a cluster that is killed or ended at ten moments, and two at once: nothing twice, no stuck lock."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from shop import INSTANCES

if TYPE_CHECKING:
    from collections.abc import Callable

    from shop import Shop

pytestmark = pytest.mark.engine


def _folder(shop: Shop) -> Path:
    return shop.state / "rohe" / "market" / "shop"


def _wrote(pattern: str) -> Callable[[Shop], bool]:
    return lambda shop: any(_folder(shop).glob(pattern))


def _journal(count: int, event: str) -> Callable[[Shop], bool]:
    """Returns a check that so many steps of a kind are in the journal."""

    def seen(shop: Shop) -> bool:
        try:
            return (_folder(shop) / "journal.jsonl").read_text().count(f'"{event}"') >= count
        except FileNotFoundError:
            return False

    return seen


def _leased(shop: Shop) -> bool:
    path = "jsonpath={.spec.holderIdentity}"
    found = shop.cluster.kubectl("get", "lease", "rohe-shop", "-n", shop.namespace, "-o", path, check=False)
    return found.returncode == 0 and bool(found.stdout)


MOMENTS: dict[str, tuple[Callable[[Shop], bool], signal.Signals]] = {
    "the lock of this machine is taken": (_wrote("lock"), signal.SIGKILL),
    "the lease is there": (_leased, signal.SIGKILL),
    "the record is written": (_wrote("record.json"), signal.SIGKILL),
    "the engine has a folder": (_wrote("engine/*/Pulumi.yaml"), signal.SIGTERM),
    "the engine holds its own lock": (_wrote("engine/backend/.pulumi/locks/**/*.json"), signal.SIGKILL),
    "the first object is begun": (_journal(1, "begins"), signal.SIGKILL),
    "the first object is made": (_journal(1, "ended"), signal.SIGTERM),
    "half of the objects are begun": (_journal(5, "begins"), signal.SIGKILL),
    "half of the objects are made": (_journal(4, "ended"), signal.SIGKILL),
    "the last object is made": (_journal(7, "ended"), signal.SIGTERM),
}


SHORT = ("the lease is there", "half of the objects are begun", "the first object is made")
"""The moments that every run of the tests tries; `make soak` tries all."""


@pytest.mark.parametrize(
    "moment", [pytest.param(name, marks=() if name in SHORT else pytest.mark.soak) for name in MOMENTS]
)
def test_an_interrupted_apply_is_continued_by_the_next(shop: Shop, moment: str) -> None:
    seen, number = MOMENTS[moment]
    process = shop.start("apply", "--yes")
    deadline = time.monotonic() + 120
    while not (reached := seen(shop)) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert reached, "the moment did not come"
    assert process.poll() is None, "the apply had ended before it was interrupted"
    process.send_signal(number)
    process.communicate(timeout=120)
    ended_in_order = {143, 0} if moment == "the last object is made" else {143}
    assert process.returncode in ({-signal.SIGKILL} if number == signal.SIGKILL else ended_in_order)

    shop.run("apply", "--yes")
    assert shop.names("deployments") == INSTANCES
    assert shop.names("services") == ["back", "front", "rohe-shop"]
    assert not _leased(shop)
    revisions = {
        item["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
        for item in shop.cluster.objects("deployments", shop.namespace)
        if "deployment.kubernetes.io/revision" in item["metadata"]["annotations"]
    }
    assert revisions <= {"1"}, "a replica was made twice"
    shop.run("destroy", "--yes")
    assert not shop.exists()


def test_of_two_applies_at_once_one_is_told_who_holds_the_lock(shop: Shop, tmp_path: Path) -> None:
    shop.run("apply", "--yes")
    shop.write(tag="2")
    first = shop.start("apply", "--yes", "--allow-interruption")
    assert shop.cluster.until(lambda: _leased(shop) or first.poll() is not None)
    first.send_signal(signal.SIGSTOP)
    assert first.poll() is None, "the first apply had ended before it could be stopped"
    second = shop.start("destroy", "--yes")
    other_machine = shop.start("apply", "--yes", state=tmp_path / "other")
    codes, words = [], ""
    for process in (second, other_machine):
        words += process.communicate(timeout=120)[1]
        codes.append(process.returncode)
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=120)
    assert first.returncode == 0
    assert codes == [8, 8], words
    assert words.count("the stack is locked by `rohe apply shop` of ") == 2
