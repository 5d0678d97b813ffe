"""What all tests share: the engine is found once, nothing of the user's is touched, and no skip stays unseen."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from rohe_iac.cli.log import leave_log

ROOT = Path(__file__).parent.parent
TOGETHER = (
    "tests/e2e/kubernetes/",
    "tests/e2e/test_digits_demo.py",
    "tests/integration/amqp/",
    "tests/integration/observation/test_light_distribution.py",
)
"""Beginnings of the names of tests that one worker runs: they share real nodes, ports, RabbitMQ, or a distribution."""

STRICT = os.environ.get("CI") == "true"
"""Under CI a test that skips is a test that failed, unless it is marked `platform`."""

sys.path.insert(0, str(Path(__file__).parent))
from drawing import HUNT, generator  # noqa: E402 - what all tests share lies beside this file
from shared_cluster import OWNER, cluster, cluster_engine, control_plane, own_control_plane  # noqa: E402

__all__ = ["cluster", "cluster_engine", "control_plane", "own_control_plane"]

# What decides on a change never depends on chance: every run tries the same examples, a hunt those of its seed.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.register_profile("hunt", derandomize=False, deadline=None, database=None)
hypothesis.settings.load_profile("hunt" if HUNT else "fixed")


def pytest_configure(config: pytest.Config) -> None:
    """Finds the engine before the workers start, so that they inherit it; tests move the cache away from it."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    os.environ[OWNER] = str(os.getpid())
    if os.environ.get("ROHE_PULUMI"):
        return
    from rohe_iac.deployment.engine.find import EngineMissing, find_engine

    try:
        os.environ["ROHE_PULUMI"] = str(find_engine(install=False).path)
    except EngineMissing:
        return


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Gives tests that share what takes long to make to one worker, which makes it once.

    Marks of xdist_group do this no longer: xdist 3.8 writes the group into a field that pytest 9.2 does not read.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):  # type: ignore[misc, unused-ignore]
        def _split_scope(self, nodeid: str) -> str:
            return next((name for name in TOGETHER if nodeid.startswith(name)), nodeid)

    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks for the hunt what draws its examples: tests of hypothesis, and modules that use the generator."""
    for item in items:
        drawn = getattr(getattr(item, "module", None), "generator", None) is generator
        if drawn or item.get_closest_marker("hypothesis") is not None:
            item.add_marker("hunt")


@pytest.fixture(autouse=True)
def whole_log() -> None:
    """Every record is seen: the log that a command began here is left, and loggers that a library put out are on."""
    leave_log()
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name.split(".")[0] == "rohe":
            logger.disabled = False


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Lets the processes of a test make files that everybody could read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(scope="session", autouse=True)
def private_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """State and settings of the user who runs the tests are neither read nor written."""
    home = tmp_path_factory.mktemp("home")
    wanted = {"XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config")}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(scope="session")
def engine_path() -> Path:
    """A real Pulumi engine; without one the test is skipped, loudly."""
    named = os.environ.get("ROHE_PULUMI")
    if not named:
        pytest.skip("there is no Pulumi engine; `make engine` installs one")
    return Path(named)


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI a skip fails."""
    report = yield
    if STRICT and report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("platform") is None:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true does not allow: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Under CI a module that skips itself fails."""
    report = yield
    if STRICT and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true does not allow: {_reason(report)}"
    return report


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Lists what was skipped, each with its reason."""
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    terminalreporter.section(f"NOT RUN: {len(skipped)} skipped", sep="!", yellow=True, bold=True)
    for report in skipped:
        terminalreporter.line(f"{report.nodeid}: {_reason(report)}")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    told = report.longrepr
    return str(told[2]).removeprefix("Skipped: ") if isinstance(told, tuple) else str(told)
