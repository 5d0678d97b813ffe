"""A reading of Compose files of its own, which shares no code with the import, and what an import lost of a file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import yaml

from rohe_iac.importing.import_texts import ImportResult


class TextLoader(yaml.SafeLoader):
    """Reads every scalar as text, as it is written."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


TextLoader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile("^<<$"), ["<"])
TextLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(~|null|Null|NULL|)$"), ["~", "n", "N", ""])
TextLoader.add_multi_constructor("!", lambda loader, suffix, node: None)


def losses(text: str, result: ImportResult, known: Mapping[str, str] | None = None) -> list[str]:
    """Returns what a file says that is neither in the documents nor in the report, a line each.

    Args:
        text: The file, which neither includes nor extends another.
        result: The import, of all profiles.
        known: The values of variables.
    """
    report = _Report(result)
    found: list[str] = []
    for document in yaml.load_all(text, TextLoader):
        for key, service in _services(document).items():
            if isinstance(service, dict) and "extends" not in service:
                found += [f"{key}: {loss}" for loss in _losses_of(key, service, report, known or {})]
            elif not report.is_listed(f"services.{key}") and "extends" not in (service or ()):
                found.append(f"{key}: gone")
    return found


class _Report:
    """What an import made and listed."""

    def __init__(self, result: ImportResult) -> None:
        specs = [document["spec"] for document in result.documents if document["kind"] == "Pipeline"]
        self.services = {service["name"]: service for spec in specs for service in spec["services"]}
        self.flow = {(link["from"], link["to"]) for spec in specs for link in spec.get("flow", [])}
        self.dropped = {item.field for file in result.files for item in file.unmapped}
        self.mapped = {item.field for file in result.files for item in file.mapped}
        self.notes = "\n".join(text for file in result.files for _, text in file.notes)

    def is_listed(self, path: str) -> bool:
        """Checks whether a field is listed as not mapped, by itself or with one around it."""
        return any(path == field or path.startswith((f"{field}.", f"{field}[")) for field in self.dropped)

    def is_known(self, path: str) -> bool:
        """Checks whether anything is said of a field, or of a part of it."""
        return any(
            path == field or path.startswith((f"{field}.", f"{field}[")) or field.startswith((f"{path}.", f"{path}["))
            for field in self.dropped | self.mapped
        )


def _services(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        return {}
    if "services" in document or "include" in document:
        return document.get("services") or {}
    named = {key: part for key, part in document.items() if not key.startswith("x-")}
    is_first = all(isinstance(part, dict) and {"image", "build", "extends"} & {*part} for part in named.values())
    return named if is_first else {}


def _name(key: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")


def _losses_of(key: str, service: dict[str, Any], report: _Report, known: Mapping[str, str]) -> Iterator[str]:
    place = f"services.{key}"
    made = report.services.get(_name(key))
    if made is None:
        if not report.is_listed(place):
            yield "the service is gone"
        return
    for field, value in service.items():
        if value not in (None, "", [], {}) and not report.is_known(f"{place}.{field}"):
            yield f"nothing is said of {field}"
    image = service.get("image")
    if image and made.get("image") != filled(image, known) and not report.is_listed(f"{place}.image"):
        yield f"image {image} is {made.get('image')}"
    yield from _lost_environment(service, made, place, report, known)
    yield from _lost_words(service, made, place, report, known)
    yield from _lost_ports(service, made, place, report, known)
    yield from _lost_volumes(service, made, place, report, known)
    yield from _lost_dependencies(service, made, place, report)
    yield from _lost_amounts(service, made, place, report, known)


def _items(value: Any) -> list[tuple[str, Any]]:
    """Returns the entries of a list with their paths; one that is no list stands alone."""
    return [(f"[{index}]", item) for index, item in enumerate(value)] if isinstance(value, list) else [("", value)]


def _lost_environment(
    service: dict[str, Any], made: dict[str, Any], place: str, report: _Report, known: Mapping[str, str]
) -> Iterator[str]:
    environment = service.get("environment") or {}
    if isinstance(environment, dict):
        pairs = [(name, value, f".{name}") for name, value in environment.items()]
    else:
        pairs = []
        for path, item in _items(environment):
            name, sign, value = (item or "").partition("=")
            pairs.append((name, value if sign else None, path))
    for name, value, path in pairs:
        got = made.get("env", {}).get(name)
        listed = report.is_listed(f"{place}.environment{path}")
        if name and not isinstance(got, dict) and not listed and got != (filled(value, known) if value else ""):
            yield f"variable {name} of {value!r} is {got!r}"


def _lost_words(
    service: dict[str, Any], made: dict[str, Any], place: str, report: _Report, known: Mapping[str, str]
) -> Iterator[str]:
    for field, word in (("entrypoint", "command"), ("command", "args")):
        value = service.get(field)
        if not value or report.is_listed(f"{place}.{field}"):
            continue
        if isinstance(value, list):
            words = [filled(item or "", known) for item in value]
        else:
            words = shlex.split(filled(value, known))
        # What a replica gets: two signs are one, a backslash keeps a brace.
        got = [re.sub(r"\\(\{)", r"\1", text.replace("$$", "$")) for text in made.get(word, [])]
        if got != [text.replace("$$", "$") for text in words]:
            yield f"{field} {words} is {got}"


def _lost_ports(
    service: dict[str, Any], made: dict[str, Any], place: str, report: _Report, known: Mapping[str, str]
) -> Iterator[str]:
    inside = {port["containerPort"] for port in made.get("ports", [])}
    outside = {port.get("servicePort") for port in made.get("ports", [])}
    for path, item in _items(service.get("ports") or []):
        if not item or report.is_listed(f"{place}.ports{path}"):
            continue
        if isinstance(item, dict):
            target, published = filled(item.get("target") or "", known), filled(item.get("published") or "", known)
        else:
            target, published = (*reversed(filled(item, known).partition("/")[0].split(":")), "")[:2]
        for text, numbers in ((target, inside), (published, outside)):
            begin, _, end = text.partition("-")
            wanted = {*range(int(begin), int(end or begin) + 1)} if begin.isdigit() and (end or begin).isdigit() else {}
            if text == published and (len(wanted) != 1 or "0" in wanted):
                continue
            if not {*wanted} - {0} <= numbers:
                yield f"port {item} is none of {sorted(inside)} and {outside}"


def _lost_volumes(
    service: dict[str, Any], made: dict[str, Any], place: str, report: _Report, known: Mapping[str, str]
) -> Iterator[str]:
    paths = {volume["path"] for volume in made.get("volumes", [])} | {file["path"] for file in made.get("files", [])}
    for path, item in _items(service.get("volumes") or []):
        if not item or report.is_listed(f"{place}.volumes{path}"):
            continue
        parts = filled(item, known).split(":") if isinstance(item, str) else []
        inner = (parts[1] if len(parts) > 1 else parts[0]) if parts else filled(item.get("target") or "", known)
        if (inner.rstrip("/") or "/") not in {known_path.rstrip("/") or "/" for known_path in paths}:
            yield f"volume {item} is none of {sorted(paths)}"


def _lost_dependencies(service: dict[str, Any], made: dict[str, Any], place: str, report: _Report) -> Iterator[str]:
    dependencies = service.get("depends_on") or {}
    mapped = [(f".{name}", name) for name in dependencies]
    named = mapped if isinstance(dependencies, dict) else _items(dependencies)
    for path, name in [*named, *((path, item.partition(":")[0]) for path, item in _items(service.get("links") or []))]:
        told = report.is_listed(f"{place}.depends_on{path}") or report.is_listed(f"{place}.links{path}")
        if (
            name
            and not told
            and (made["name"], _name(name)) not in report.flow
            and _name(name) not in made.get("after", [])
        ):
            yield f"dependency {name} is lost"


def _lost_amounts(
    service: dict[str, Any], made: dict[str, Any], place: str, report: _Report, known: Mapping[str, str]
) -> Iterator[str]:
    deploy = service.get("deploy") or {}
    resources = deploy.get("resources") or {}
    limits, reserved = resources.get("limits") or {}, resources.get("reservations") or {}
    wanted = (
        ("deploy.replicas", deploy.get("replicas"), made.get("replicas")),
        ("deploy.resources.limits.cpus", limits.get("cpus"), made.get("limits", {}).get("cpu")),
        ("deploy.resources.limits.memory", limits.get("memory"), made.get("limits", {}).get("memory")),
        ("deploy.resources.reservations.cpus", reserved.get("cpus"), made.get("requests", {}).get("cpu")),
        (
            "deploy.resources.reservations.memory",
            reserved.get("memory"),
            made.get("requests", {}).get("memory", {}).get("rss"),
        ),
    )
    for path, value, got in wanted:
        listed = report.is_listed(f"{place}.{path}")
        if value and not listed and _amount(filled(value, known), path) != _amount(str(got), path, "m"):
            yield f"{path} {value} is {got}"


def _amount(text: str, path: str, milli: str = "") -> float | None:
    """Returns a number, of cores or bytes; None where the text is none. milli: the sign of a thousandth of a core."""
    match = re.fullmatch(r"([\d.]+)\s*([a-zA-Z]?)[a-zA-Z]*", text.strip())
    if match is None:
        return None
    if not path.endswith("memory"):
        return float(match[1]) * (0.001 if milli and match[2] == milli else 1.0)
    return float(match[1]) * 2.0 ** {"": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40}[match[2].lower()]


def filled(text: str, known: Mapping[str, str]) -> str:
    """Returns a text with its variables filled in, read from the left, sign by sign."""
    out, rest = "", text
    while rest:
        sign, rest = rest[0], rest[1:]
        if sign != "$" or not rest:
            out += sign
        elif rest[0] == "$":
            out, rest = f"{out}$", rest[1:]
        elif rest[0] == "{" and (inner := _braces(rest)) and re.match(r"[A-Za-z_]\w*(:?[-+?]|$)", inner):
            name = re.match(r"\w+", inner)
            assert name is not None
            out += _one(name[0], inner[name.end() :], known)
            rest = rest[len(inner) + 2 :]
        elif name := re.match(r"[A-Za-z_]\w*", rest):
            out, rest = out + known.get(name[0], ""), rest[name.end() :]
        else:
            out += sign
    return out


def _braces(text: str) -> str:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return text[1:place]
    return ""


def _one(name: str, rest: str, known: Mapping[str, str]) -> str:
    value = known.get(name)
    has = bool(value) if rest.startswith(":") else value is not None
    operator, other = rest.lstrip(":")[:1], rest.lstrip(":")[1:]
    if operator == "+":
        return filled(other, known) if has else ""
    if operator == "-" and not has:
        return filled(other, known)
    return value or ""
