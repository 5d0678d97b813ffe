"""Claims about where the values of variables are from."""

from __future__ import annotations

from rohe_iac.importing.compose.project.known_variables import included_variables, known_variables
from rohe_iac.importing.foreign.project_settings import ProjectSettings, Variables
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles


class DotEnv(ReferencedFiles):
    """A folder with a file .env and no other."""

    def text(self, file: str, path: str) -> str | None:
        """Returns the text of .env."""
        del file
        return "TAG=7\nUSER=file\nFULL=v${TAG}-${USER}\n" if path == ".env" else None


def test_the_user_counts_more_than_the_shell_and_the_shell_more_than_dot_env() -> None:
    settings = ProjectSettings(shell={"USER": "me", "TERM": "x"}, variables={"TAG": "8"})
    known = known_variables("compose.yaml", DotEnv(), settings)
    assert known.values == {"TAG": "8", "USER": "me", "TERM": "x", "FULL": "v8-me"}
    assert (known.passed("TERM"), known.passed("USER"), known.passed("TAG"), known.passed("NONE")) == (
        None,
        "me",
        "8",
        None,
    )


def test_files_of_variables_replace_dot_env_and_the_last_counts() -> None:
    settings = ProjectSettings(variable_files=("A=1\nB=1\n", "B=2\nC=$A$B\n"))
    assert known_variables("compose.yaml", DotEnv(), settings).values == {"A": "1", "B": "2", "C": "12"}


def test_an_included_file_has_defaults_of_its_own() -> None:
    inner = included_variables(["A=inner\nB=inner\n"], Variables({"A": "outer", "S": "x"}, frozenset({"S"})))
    assert inner.values == {"A": "outer", "B": "inner", "S": "x"}
    assert inner.passed("S") is None
