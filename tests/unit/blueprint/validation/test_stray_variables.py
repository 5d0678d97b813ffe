"""Variables of a shell in values are told where nothing replaces them, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.loading import check
from rohe_iac.blueprint.validation.stray_variables import MAX_STRAYS

DOCUMENT = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: shop, annotations: {{was: "${{HOME}}"}}}}
spec:
  services:
    - name: camera
      {fields}
"""


def found(folder: Path, fields: str) -> list[tuple[int, str, str]]:
    (folder / "rohe.yaml").touch()
    (folder / "shop.yaml").write_text(DOCUMENT.format(fields=fields))
    return [(item.place.line, item.message, item.hint) for item in check([folder]).diagnostics if item.code == "R252"]


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ("env: {SOURCE: 'rtsp://${CAMERA}/1'}\n      command: [x]", "{secret: 'env:CAMERA'}"),
        ("env: {SOURCE: '${CAMERA:-a}'}\n      command: [x]", "{secret: 'env:CAMERA'}"),
        ("command: [run, --host, '${CAMERA}']", "write $(CAMERA) for a variable of the replica"),
        (
            "workingDir: '/${CAMERA}'\n      command: [x]",
            'write "/{{ values.camera }}", and values: {camera: ...} in the stack',
        ),
    ],
)
def test_a_variable_that_stays_is_told(tmp_path: Path, fields: str, hint: str) -> None:
    [(_, message, said)] = found(tmp_path, fields)
    assert message == "'${CAMERA}' stays as it is written: nothing replaces variables here"
    assert hint in said


def test_a_variable_in_the_name_of_an_image_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "shop.yaml").write_text(DOCUMENT.format(fields="image: 'shop/a:${TAG}-${ARCH:-arm}'"))
    (fault,) = check([tmp_path]).diagnostics
    hint = 'write "shop/a:{{ values.tag }}-{{ values.arch }}", and values: {tag: ..., arch: ...} in the stack'
    assert (fault.code, fault.hint) == ("R134", hint)


@pytest.mark.parametrize(
    "fields",
    [
        "command: [sh, -c, 'exec run ${CAMERA}']",
        "command: [/bin/bash, -c]\n      args: ['${CAMERA}']",
        "image: a\n      args: ['${CAMERA}']",
        "command: [run, '$${CAMERA}', '$(ROHE_NODE)']",
    ],
)
def test_what_a_shell_replaces_is_not(tmp_path: Path, fields: str) -> None:
    assert found(tmp_path, fields) == []


def test_very_many_are_not_all_told(tmp_path: Path) -> None:
    env = ", ".join(f"A{number}: '${{A}}'" for number in range(MAX_STRAYS + 5))
    assert len(found(tmp_path, f"command: [x]\n      env: {{{env}}}")) == MAX_STRAYS
