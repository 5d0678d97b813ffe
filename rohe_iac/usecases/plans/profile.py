"""`rohe profile`: profiles from a folder of measured CSV files; and the profiles that a blueprint names."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rohe_iac.blueprint.linked.blueprint import Blueprint, Source
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.errors import ExitCode, RoheError, UsageError
from rohe_iac.foundation.names import is_name
from rohe_iac.planning.sizing.interference import Interference
from rohe_iac.planning.sizing.profile import InvalidProfile, Profile
from rohe_iac.planning.sizing.profile_fitting import Columns, ServiceMeasurements, fit_profiles
from rohe_iac.planning.sizing.profile_yaml import read_profile, write_profile

if TYPE_CHECKING:
    from _csv import Reader

APPLICATION = ("applications_extracted", "applications_extraced")
PROCESS = ("resources_proc_metric", "resource_proc_metric")
SYSTEM = ("resources_sys_metric", "resource_sys_metric")
"""Names of the three folders of a service, in every spelling that the published study has."""

MAX_BYTES = 256 * 2**20
"""The size of the largest CSV file that is read."""

LEAST_ROWS = 20
"""The fewest rows of a CSV file that has a meaningful 95th percentile."""

LARGEST = 1e12
"""The first value that is too large for a measurement."""


class UnwritableProfile(RoheError):
    """A profile cannot be written."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True)
class Measurements:
    """What a folder of measurements gives.

    Attributes:
        profiles: the profile of each service.
        interference: how much services slow each other down, as learned from services measured alone and together.
    """

    profiles: tuple[Profile, ...]
    interference: Interference

    @property
    def text(self) -> str:
        """The profiles as one YAML stream."""
        return "---\n".join(write_profile(profile) for profile in self.profiles)


def profile_folder(folder: Path, device_names: Mapping[str, str] | None = None) -> Measurements:
    """Returns the profile of every service that is measured under a folder.

    Args:
        folder: the folder of a service, a pipeline or a whole run.
        device_names: names of device types in the inventory, by their names in the files where these differ.

    Raises:
        UsageError: there is no such folder, or no file measures a named device type.
        InvalidProfile: the folder has no measurements, or malformed ones.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="name the folder of a service, a pipeline or a run")
    services = [
        path
        for path in (folder, *sorted(path for path in folder.rglob("*") if path.is_dir()))
        if any((path / name).is_dir() for name in (*APPLICATION, *PROCESS, *SYSTEM))
    ]
    if not services:
        raise InvalidProfile(
            f"no measurements under {folder}",
            hint=f"a service's folder holds {APPLICATION[0]}/, {PROCESS[0]}/ or {SYSTEM[0]}/ with CSV files",
        )
    names: dict[str, Path] = {}
    for path in services:
        name = _name(path.resolve().name)
        if name in names:
            raise InvalidProfile(f"{names[name]} and {path} both measure '{name}'", hint="name the folder of one run")
        names[name] = path
    renamed, devices = device_names or {}, set[str]()
    measured = [_read_service(name, path, renamed, devices) for name, path in names.items()]
    unknown = next((name for name in renamed if name not in devices and _name(name) not in devices), None)
    if unknown is not None:
        found = f"measured are: {', '.join(sorted(devices))}" if devices else "no core was measured by device type"
        raise UsageError(f"no file measures a device type '{unknown}'", hint=found)
    profiles, learned = fit_profiles(measured)
    return Measurements(profiles, learned)


def write_profiles(measurements: Measurements, out: Path) -> tuple[Path, ...]:
    """Writes one profile to the file `out`, or several into the folder `out`, each as SERVICE.yaml.

    Returns:
        The files that were written.

    Raises:
        UnwritableProfile: a file cannot be written.
        UsageError: several profiles would go into one file.
    """
    profiles = measurements.profiles
    folder = out.is_dir() or len(profiles) > 1
    if len(profiles) > 1 and (out.is_file() or out.suffix in (".yaml", ".yml")):
        raise UsageError(
            f"{len(profiles)} services do not go into one file", hint=f"name a folder in place of {out}, or one service"
        )
    written = []
    for profile in profiles:
        path = out / f"{profile.service}.yaml" if folder else out
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(write_profile(profile), encoding="utf-8")
        except OSError as error:
            fault = UnwritableProfile(f"cannot write {path}: {error.strerror}", hint="name another file")
            raise fault.caused_by(error) from error
        written.append(path)
    return tuple(written)


def load_profiles(blueprint: Blueprint) -> tuple[dict[str, Profile], tuple[Source, ...]]:
    """Reads the profiles that the services, members and variants of a stack name.

    Returns:
        The profiles by path, and the files that were read.

    Raises:
        InvalidProfile: a file cannot be read, or is no profile.
    """
    paths = {
        path
        for workload in workloads_of(blueprint)
        for path in (workload.service.profile, *(variant.profile for variant in workload.alternatives))
        if path
    }
    found: dict[str, Profile] = {}
    sources = []
    for path in sorted(paths):
        try:
            content = (blueprint.root / path).read_bytes()
            text = content.decode("utf-8")
        except OSError as error:
            raise InvalidProfile(f"cannot read the profile {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise InvalidProfile(f"the profile {path} is not UTF-8 text", detail=str(error)) from error
        found[path] = read_profile(text, path)
        sources.append(Source(path, sha256_hex(content)))
    return found, tuple(sources)


def _read_service(name: str, folder: Path, renamed: Mapping[str, str], devices: set[str]) -> ServiceMeasurements:
    """Returns what is measured of one service.

    Args:
        name: the name of the service.
        folder: the folder of the service.
        renamed: names of device types in the inventory, by their names in the files.
        devices: takes the names of device types in the files.
    """
    process = _read_process(folder)
    system = _read_system(folder, renamed, devices)
    times = _read_times(folder)
    if not process and not system and not times:
        raise InvalidProfile(f"there is no CSV file in {folder}")
    return ServiceMeasurements(name, process, system, times.get("alone", ()), times.get("shared", ()))


def _read_process(folder: Path) -> dict[float, Columns]:
    """Returns the cpu and memory of the process by the offered load in requests a second."""
    process: dict[float, Columns] = {}
    for path in _files(folder, PROCESS):
        match = re.search(r"_f(\d+(?:\.\d+)?)\Z", path.stem)
        if match is None or float(match[1]) <= 0:
            raise InvalidProfile(
                f"{path} does not say its offered load", hint="a file of 10 requests a second is NAME_f10.csv"
            )
        process[float(match[1])] = read_columns(path, ("cpu_usage", "memory_usage"), lambda column: column in _PROCESS)
    return process


def _read_system(folder: Path, renamed: Mapping[str, str], devices: set[str]) -> dict[str, Columns]:
    """Returns the use of cores, memory and gpu by device type; adds the device types of the files to `devices`."""
    system: dict[str, Columns] = {}
    for path in _files(folder, SYSTEM):
        stem = _device(path.stem, folder)
        devices.add(_name(stem))
        device = renamed.get(stem, renamed.get(_name(stem), _name(stem)))
        if not is_name(device):
            raise UsageError(f"'{device}' is not a name of a device type", hint="a-z, 0-9 and inner hyphens")
        if device in system:
            raise InvalidProfile(
                f"{path} measures the device type '{device}' again", hint="give each a name of its own"
            )
        system[device] = read_columns(path, ("core1",), lambda column: column in ("mem", "gpu") or bool(_CORE(column)))
    return system


def _read_times(folder: Path) -> dict[str, Sequence[float]]:
    """Returns the response times in seconds where the service was alone on its node, and where it shared it."""
    times: dict[str, Sequence[float]] = {}
    for path in _files(folder, APPLICATION):
        kind = "alone" if "without_shared" in path.stem else "shared" if "shared" in path.stem else ""
        if not kind or kind in times:
            raise InvalidProfile(
                f"{path} does not say whether the node was shared, or says it again",
                hint="name the files NAME_shared_resource.csv and NAME_without_shared_resource.csv",
            )
        times[kind] = read_columns(path, ("response_time",), lambda column: column == "response_time", positive=True)[
            "response_time"
        ]
    return times


def _device(stem: str, folder: Path) -> str:
    """Returns the device type in a file's name: what follows the name of the service, its folder or its other files."""
    services = [folder.resolve().name]
    services += [path.stem.rpartition("_f")[0] for path in _files(folder, PROCESS)]
    services += [re.sub(r"_(without_)?shared.*", "", path.stem) for path in _files(folder, APPLICATION)]
    prefix = max((f"{name}_" for name in services if name and stem.startswith(f"{name}_")), key=len, default="")
    return stem.removeprefix(prefix)


_PROCESS = frozenset({"cpu_usage", "memory_usage", "gpu_usage", "child_cpu", "child_memory"})
_CORE = re.compile(r"core[1-9]\d{0,3}\Z").match


def _files(folder: Path, names: Sequence[str]) -> list[Path]:
    """Returns the CSV files in the subfolders of these names, sorted."""
    return sorted(path for name in names for path in (folder / name).glob("*.csv"))


def read_columns(
    path: Path, needed: Sequence[str], wanted: Callable[[str], bool], *, positive: bool = False
) -> dict[str, list[float]]:
    """Returns columns of a CSV file with a header, without blank lines.

    Args:
        path: the file.
        needed: columns that the file has to have.
        wanted: whether a column is to be read.
        positive: whether values have to be above 0, not only at least 0.

    Raises:
        InvalidProfile: the file cannot be read, lacks a column, has fewer than LEAST_ROWS rows, or has a value that is
            no number of the range.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidProfile(f"{path} is larger than {MAX_BYTES >> 20} MiB")
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _columns(path, csv.reader(file), needed, wanted, positive)
    except OSError as error:
        raise InvalidProfile(f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidProfile(f"{path} is not a CSV file in UTF-8", detail=str(error)) from error


def _columns(
    path: Path, rows: Reader, needed: Sequence[str], wanted: Callable[[str], bool], positive: bool
) -> dict[str, list[float]]:
    header = [name.strip() for name in next(rows, [])]
    absent = [name for name in needed if name not in header]
    if absent:
        raise InvalidProfile(
            f"{path}:1: there is no column {' or '.join(absent)}",
            detail=f"columns: {', '.join(header)[:200] or 'none'}",
        )
    if len(set(header)) < len(header):
        raise InvalidProfile(f"{path}:1: a column's name is there twice")
    places = [(place, name) for place, name in enumerate(header) if wanted(name)]
    found: dict[str, list[float]] = {name: [] for _, name in places}
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise InvalidProfile(f"{path}:{rows.line_num}: {len(row)} values in a table of {len(header)} columns")
        for place, name in places:
            found[name].append(_number(path, rows.line_num, name, row[place], positive))
    if len(next(iter(found.values()))) < LEAST_ROWS:
        raise InvalidProfile(f"{path} has fewer than {LEAST_ROWS} rows, too few for a percentile")
    return found


def _number(path: Path, line: int, name: str, text: str, positive: bool) -> float:
    """Returns the number that a cell has; raises InvalidProfile with the place where it is none of the range."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (0 < value < LARGEST if positive else 0 <= value < LARGEST):
        wanted = "a number above 0" if positive else "a number of at least 0"
        raise InvalidProfile(f"{path}:{line}: {name} is '{text[:40]}', expected {wanted}")
    return value


def _name(text: str) -> str:
    """Returns a text of a file's name as a name of the blueprint: lower case, digits and hyphens."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-")
    return name or "service"
