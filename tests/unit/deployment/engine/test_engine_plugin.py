"""Claims about the search for a plugin of the engine; here a plugin is a script, or a server that answers like one."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.deployment.engine import plugin as plugins
from rohe_iac.deployment.engine.plugin import EnginePlugin, find_plugin, plugin_version
from rohe_iac.deployment.programs.cache import InstallFailed, InstallProgress, download_home
from rohe_iac.deployment.programs.download import watch_download
from rohe_iac.deployment.programs.go_module import GoModule
from rohe_iac.deployment.programs.search import NoSuitableProgram, ProgramOrigin, Unsuitable, compatible
from rohe_iac.foundation.errors import ExitCode

SERVER = f"""#!{sys.executable}
from concurrent import futures
import grpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="VERSION")
server = grpc.server(futures.ThreadPoolExecutor(1))
provider_pb2_grpc.add_ResourceProviderServicer_to_server(Plugin(), server)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
server.wait_for_termination()
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EnginePlugin:
    """Returns a plugin whose module requires 4.2.0, on a machine that has none."""
    for variable, folder in (("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache"), ("PULUMI_HOME", "pulumi")):
        monkeypatch.setenv(variable, str(tmp_path / folder))
    monkeypatch.delenv("ROHE_PULUMI_CLOUD", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    monkeypatch.setenv("ROHE_OFFLINE", "1")
    # Scripts are cheap; the test of the server below asks a real one.
    monkeypatch.setattr(plugins, "plugin_version", lambda path: path.read_text().strip())
    sources = tmp_path / "module"
    sources.mkdir()
    (sources / "go.mod").write_text("require example.org/cloud v4.2.0\n")
    (sources / "go.sum").write_text("")
    module = GoModule("cloud", "cloud", "example.org/cloud", {"pulumi-resource-cloud": "."}, {}, 1, sources)
    return EnginePlugin("cloud", "cloud provider", "ROHE_PULUMI_CLOUD", module)


def executable(path: Path, version: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(version)
    path.chmod(0o755)
    return path


def test_the_version_is_the_one_that_the_running_plugin_answers_with(tmp_path: Path) -> None:
    server = executable(tmp_path / "server", SERVER.replace("VERSION", "v4.2.1"))
    assert plugin_version(server) == "4.2.1"


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 3\n", "#!/bin/sh\necho hello\n", "#!/bin/sh\necho 1\nsleep 9\n", ""])
def test_a_file_that_does_not_answer_as_a_plugin_is_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(Unsuitable):
        plugin_version(executable(tmp_path / "plugin", text))


def test_the_places_are_tried_in_their_order(
    plugin: EnginePlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = plugin.executable
    executable(plugin.module.executable(name), "4.2.0")
    assert find_plugin(plugin).origin is ProgramOrigin.CACHE
    executable(tmp_path / "pulumi" / "plugins" / "resource-cloud-v4.2.9" / name, "4.2.9")
    executable(tmp_path / "pulumi" / "plugins" / "resource-cloud-v4.12.0" / name, "4.12.0")
    executable(tmp_path / "pulumi" / "plugins" / "resource-cloud-v5.0.0" / name, "5.0.0")
    found = find_plugin(plugin)
    assert (found.origin, found.version) == (ProgramOrigin.PLUGINS, "4.12.0")
    executable(tmp_path / "path" / name, "4.3.0")
    assert find_plugin(plugin).origin is ProgramOrigin.PATH
    (tmp_path / "config" / "rohe").mkdir(parents=True)
    (tmp_path / "config" / "rohe" / "settings.toml").write_text(
        f'[engine]\ncloud = "{executable(tmp_path / "set", "4.2.0")}"\n'
    )
    assert find_plugin(plugin).origin is ProgramOrigin.SETTINGS
    monkeypatch.setenv("ROHE_PULUMI_CLOUD", str(executable(tmp_path / "named", "4.2.0")))
    assert (find_plugin(plugin).origin, find_plugin(plugin).place) == (ProgramOrigin.ENVIRONMENT, "ROHE_PULUMI_CLOUD")


def test_a_named_plugin_that_does_not_serve_is_an_error_and_never_passed_over(
    plugin: EnginePlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tmp_path / "path" / plugin.executable, "4.2.0")
    monkeypatch.setenv("ROHE_PULUMI_CLOUD", str(executable(tmp_path / "named", "4.1.9")))
    with pytest.raises(NoSuitableProgram, match="ROHE_PULUMI_CLOUD") as raised:
        find_plugin(plugin)
    assert raised.value.exit_code is ExitCode.UNREACHABLE
    assert "4.1.9" in raised.value.detail


def test_the_settings_ask_for_another_version_which_is_downloaded_and_never_built(
    plugin: EnginePlugin, tmp_path: Path
) -> None:
    executable(plugin.module.executable(plugin.executable), "4.2.0")
    (tmp_path / "config" / "rohe").mkdir(parents=True)
    (tmp_path / "config" / "rohe" / "settings.toml").write_text('[engine]\ncloud-version = "4.5.0"\n')
    with pytest.raises(NoSuitableProgram) as raised:
        find_plugin(plugin)
    assert "only version 4.2.0 can be built, and the settings ask for 4.5.0" in raised.value.detail
    executable(download_home() / "cloud-4.5.0" / "bin" / plugin.executable, "4.5.0")
    assert find_plugin(plugin).version == "4.5.0"


def test_where_the_download_fails_the_plugin_is_built(
    plugin: EnginePlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROHE_OFFLINE")
    monkeypatch.setenv("ROHE_PULUMI", str(fake_engine(tmp_path, "exit 1")))
    monkeypatch.setattr(
        plugins, "build", lambda module, _: executable(module.executable(plugin.executable), "4.2.0").parent
    )
    assert find_plugin(plugin).origin is ProgramOrigin.BUILD


def test_the_engine_downloads_the_plugin_into_the_cache(
    plugin: EnginePlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROHE_OFFLINE")
    folder = '"$PULUMI_HOME/plugins/resource-$5-v$6"'
    install = f"mkdir -p {folder}; echo $6 > {folder}/pulumi-resource-$5"
    monkeypatch.setenv("ROHE_PULUMI", str(fake_engine(tmp_path, install)))
    found = find_plugin(plugin)
    assert (found.origin, found.version) == (ProgramOrigin.DOWNLOAD, "4.2.0")
    assert found.path == download_home() / "cloud-4.2.0" / "bin" / plugin.executable
    assert find_plugin(plugin).origin is ProgramOrigin.CACHE


def test_nothing_is_installed_where_it_is_only_looked_for(plugin: EnginePlugin) -> None:
    with pytest.raises(NoSuitableProgram) as raised:
        find_plugin(plugin, install=False)
    assert "rohe engine install --target cloud" in raised.value.hint
    assert not download_home().exists()


def test_a_newer_version_of_the_same_major_number_is_compatible() -> None:
    assert compatible("4.3.0", "4.2.9")
    assert not compatible("5.0.0", "4.2.9")
    assert not compatible("4.2.8", "4.2.9")


def test_a_download_of_which_nothing_arrives_is_ended(tmp_path: Path) -> None:
    lines: list[str] = []
    progress: InstallProgress = lines.append
    with pytest.raises(InstallFailed, match="nothing arrived"):
        watch_download("cloud", ["/bin/sh", "-c", "sleep 600"], tmp_path, progress, patience=0.3)
    assert lines[0].startswith("downloading cloud: ")


def fake_engine(tmp_path: Path, install: str) -> Path:
    """Returns an engine that prints a version and installs plugins by a line of shell."""
    path = tmp_path / "engine"
    path.write_text(f'#!/bin/sh\nif [ "$1" = version ]; then echo v3.999.0; exit 0; fi\n{install}\n')
    path.chmod(0o755)
    return path


def test_two_plugins_do_not_share_their_folder(plugin: EnginePlugin) -> None:
    other = replace(plugin, name="edge")
    assert (plugin.executable, other.executable) == ("pulumi-resource-cloud", "pulumi-resource-edge")
