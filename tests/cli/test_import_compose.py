"""Claims about `rohe import` of Compose projects: variables, profiles, several files, and where faults are told."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., "subprocess.CompletedProcess[str]"]

FILES = {
    "site/compose.yaml": """include:
  - sub/db.yaml
  - {path: [sub/cache.yaml, sub/over.yaml], env_file: sub/cache.env}
services:
  web: {image: "web:${TAG}", environment: {LEVEL: "${LEVEL:-{}}", HOST: "${NOWHERE}"}, ports: ["localhost:80:80"]}
  debug: {image: tools, profiles: [dev]}
""",
    "site/.env": "TAG=1.2\n",
    "site/sub/db.yaml": "services: {db: {image: 'pg:${PG}', env_file: db.env, volumes: ['a:/a', 'a:/b']}}\n",
    "site/sub/.env": "PG=16\nTAG=of-the-included-file\n",
    "site/sub/db.env": "VERSION=${PG}-${TAG}\n",
    "site/sub/cache.yaml": "services: {cache: {image: 'redis:${R}', command: [a]}}\n",
    "site/sub/over.yaml": "services: {cache: {command: !override [b]}}\n",
    "site/sub/cache.env": "R=7\n",
    "lab/o.yaml": "name: lab\nservices: {web: {image: other, env_file: here.env, ports: !reset []}}\n",
    "site/here.env": "HERE=site\n",
    "lab/here.env": "HERE=lab\n",
    "old.yml": "web:\n  image: nginx\n  links: [db]\n  ports: ['80:80']\ndb: {image: pg}\n",
    "broken.yaml": "include: [bad.yaml]\nservices:\n  web:\n    image: a\n    mem_limit: lots\n",
    "bad.yaml": "services:\n  b:\n    image: [\n",
}


@pytest.fixture
def sites(repository: Path) -> Path:
    """The repository with Compose files in it."""
    for name, text in FILES.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    return repository


def services(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Returns the services of a printed document by name."""
    assert done.returncode == 0, done.stderr
    return {service["name"]: service for service in yaml.safe_load(done.stdout)["spec"]["services"]}


@pytest.mark.usefixtures("sites")
def test_a_project_has_what_it_includes_with_variables_and_paths_of_its_own(rohe: Run) -> None:
    done = rohe("import", "site/compose.yaml")
    found = services(done)
    assert yaml.safe_load(done.stdout)["metadata"]["name"] == "site"
    assert set(found) == {"web", "db", "cache"}
    assert (found["web"]["image"], found["db"]["image"], found["cache"]["image"]) == ("web:1.2", "pg:16", "redis:7")
    assert found["web"]["env"] == {"LEVEL": "{}", "HOST": ""}
    assert found["db"]["env"] == {"VERSION": "16-1.2"}
    assert [volume["path"] for volume in found["db"]["volumes"]] == ["/a", "/b"]
    assert found["cache"]["args"] == ["b"]
    assert "starts it with --profile dev (site/compose.yaml:6:" in done.stderr
    assert "the variable NOWHERE has no value" in done.stderr


@pytest.mark.usefixtures("sites")
def test_variables_and_profiles_are_given_on_the_command_line(rohe: Run) -> None:
    done = rohe("import", "site/compose.yaml", "--env", "TAG=2", "--env", "NOWHERE=here", "--profile", "dev")
    found = services(done)
    assert (found["web"]["image"], found["web"]["env"]["HOST"], found["debug"]["image"]) == ("web:2", "here", "tools")
    found = services(rohe("import", "site/compose.yaml", "--env-file", "site/sub/cache.env", "--env", "TAG=3"))
    assert found["web"]["image"] == "web:3"
    refused = rohe("import", "site/compose.yaml", "--env", "hunter22")
    assert refused.returncode == 64
    assert "hunter22" not in refused.stderr


@pytest.mark.usefixtures("sites")
def test_files_of_one_project_are_merged_in_order_with_paths_from_the_first(rohe: Run) -> None:
    done = rohe("import", "-f", "site/compose.yaml", "--file", "lab/o.yaml")
    web = services(done)["web"]
    assert yaml.safe_load(done.stdout)["metadata"]["name"] == "lab"
    assert (web["image"], web["env"]["HERE"]) == ("other", "site")
    assert "ports" not in web
    assert rohe("import").returncode == 64


@pytest.mark.usefixtures("sites")
def test_files_of_version_1_are_read(rohe: Run) -> None:
    done = rohe("import", "old.yml", "-o", "json")
    assert done.returncode == 0
    (document,) = json.loads(done.stdout)["documents"]
    assert document["spec"]["flow"] == [{"from": "web", "to": "db"}]


@pytest.mark.usefixtures("sites")
def test_every_fault_is_told_at_its_place_in_the_file_that_has_it(rohe: Run) -> None:
    done = rohe("import", "broken.yaml")
    assert done.returncode == 3
    assert "broken.yaml:5:16: services.web.mem_limit" in done.stderr
    assert "bad.yaml:4:1: not YAML" in done.stderr
