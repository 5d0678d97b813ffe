"""Settings that a user makes once for all blueprints: `$XDG_CONFIG_HOME/rohe/settings.toml`."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from rohe_iac.foundation.errors import ExitCode, RoheError


class InvalidSettings(RoheError):
    """The settings file cannot be read, is not TOML, or holds a value of the wrong type."""

    exit_code = ExitCode.USAGE


def settings_file() -> Path:
    """Returns `$XDG_CONFIG_HOME/rohe/settings.toml`, by default ~/.config/rohe/settings.toml, existing or not."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / "rohe" / "settings.toml"


def text_setting(table: str, key: str) -> str:
    """Returns the text of `key` in `[table]` of the user's settings, "" where the key is not set.

    Raises:
        InvalidSettings: The file exists and cannot be read, is not TOML, or the value is not text.
    """
    path = settings_file()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings(
            f"the settings in {path} cannot be read: {error}", hint=f"correct or remove {path}"
        ) from error
    section = content.get(table, {})
    value = section.get(key, "") if isinstance(section, dict) else section
    if not isinstance(value, str):
        raise InvalidSettings(
            f"{table}.{key} in {path} is no text",
            hint=f'write [{table}] and below it {key} = "..."',
        )
    return value
