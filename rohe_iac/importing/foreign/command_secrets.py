"""Secrets in command lines, which everybody on the machine can read: passwords, keys and tokens in their words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from rohe_iac.blueprint.text.secret_text import has_secret_name, is_plain, looks_secret

READABLE = "{} holds a secret, which others can read in a command line: let the program read it from a variable"
"""The reason why a command line is left out. {}: what `secret_in_command` returned."""

_REFERENCE = re.compile(r"\$\$?(\([^()]*+\)|\{[^{}]*+\}|[A-Za-z_]\w*)")
"""A variable in a command line: $NAME, ${NAME} or $(NAME); of nested ones the inner. None is read twice."""

_OPTION = re.compile(r"(?P<name>-{0,2}[A-Za-z_][\w.:\[\]/-]*)=(?P<value>.*)", re.DOTALL)

_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")

_PASSWORDS = re.compile(r"(?i)(^|_)(requirepass|masterauth|(admin|db|key|root|store|user)pass|pw|apikeys?)$")
"""Names of options that hold secrets beside those of variables."""

_HARMLESS_NAMES = re.compile(
    r"(?i)(^|_)(algorithm|allow|audience|begin|bos|cls|disable|enable|end|eos|file|from|header|id|ids|image|issuer|mask"
    r"|method|mode|no|pad|prompt|require|required|sep|skip|special|start|stdin|stop|store|unk|without)(_|$)"
)
"""Words in the name of an option that is about secrets, or about the tokens of a text, and holds no secret."""

_PATH = re.compile(r"@?(\.{1,2}|~)?(/[\w.@-]+)+/?|@.*|<.*>|file:.*")
"""A value that says where a secret is, and the marks that divide a text, such as `</s>`."""

_USER_AND_PASSWORD = re.compile(r"(?P<user>[^:\s/=]+):(?P<password>[^\s/:]+)")

_LOGIN_OPTIONS = ("-u", "--user", "--auth", "--basic-auth", "--proxy-user", "--creds", "--credentials")
"""Options whose value may be USER:PASSWORD."""

_HEADER = re.compile(r"(?i)\b(basic|bearer)\s+[A-Za-z0-9+/._~-]{6,}=*|\b(x-)?(api-key|auth-token)\s*:\s*[^\s'\"]{4,}")
"""A header of HTTP with a secret in it."""

LONGEST_LINE = 131_072
"""The most characters of a command line in one text, as Linux bounds one argument: shlex is slow on longer ones."""

_SHORT = (
    (re.compile(r"(maria|mysql)[a-z-]*"), re.compile(r"-p(?P<value>.+)")),
    (re.compile(r"redis-cli|valkey-cli"), re.compile(r"-a(?P<value>.*)")),
    (re.compile(r"sshpass|mongo(sh|dump|restore|import|export)?"), re.compile(r"-p(?P<value>.*)")),
    (re.compile(r"mosquitto_(pub|sub|rr)"), re.compile(r"-P(?P<value>.*)")),
)
"""Programs with an option of one letter for a password. A value that may be empty may be the next word."""


def secret_in_command(words: Sequence[str]) -> str:
    """Returns what of a command line holds a secret, such as `--api-key` or `an address`, never its value; "" for none.

    A word with blanks is read as a line of a shell, too. Variables are no secrets themselves.

    Args:
        words: The words of the command line, the program first where it is known.
    """
    plain = [_REFERENCE.sub("", word) for word in words]
    return next(_found(plain), "")


def _found(words: Sequence[str]) -> Iterator[str]:
    programs: set[int] = set()
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        if _HEADER.search(word):
            yield "a header"
        if option := _OPTION.fullmatch(word):
            if _holds(option["name"], option["value"]):
                yield option["name"]
        elif _FLAG.fullmatch(word) and not following.startswith("-") and _holds(word, following):
            yield word
        if looks_secret(word):
            yield "an address, a key or a setting"
        programs.update(number for number, (name, _) in enumerate(_SHORT) if name.fullmatch(word.rpartition("/")[2]))
        for number in programs:
            match = _SHORT[number][1].fullmatch(word)
            if match is not None and not is_plain(match["value"] or following):
                yield word[:2]
        if len(inner := _line(word)) > 1:
            yield from _found(inner)


def _holds(option: str, value: str) -> bool:
    """Checks whether the value of an option is a secret."""
    if is_plain(value) or _PATH.fullmatch(value):
        return False
    if option in _LOGIN_OPTIONS:
        login = _USER_AND_PASSWORD.fullmatch(value)
        return login is not None and login["user"] != login["password"] and not login["password"].isdecimal()
    name = re.sub(r"[-.:\[\]/]+", "_", option).strip("_")
    return (has_secret_name(name) or _PASSWORDS.search(name) is not None) and _HARMLESS_NAMES.search(name) is None


def _line(word: str) -> list[str]:
    """Returns the words of a line of a shell; quotes of a line longer than any shell is given are not looked at."""
    if not re.search(r"\s", word):
        return [word]
    if len(word) > LONGEST_LINE:
        return word.split()
    try:
        return shlex.split(re.sub(r"[;&|]+", " ", word))
    except ValueError:
        return word.split()
