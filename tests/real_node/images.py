"""Images of the tests, built from the project's Dockerfiles without a registry, and kept outside the checkout.

The base image is a Debian with Python, made by debootstrap. Its pip installs from a folder of wheels alone, which are
fetched once, by the hashes of the requirement files; so the Dockerfiles are those of users to the letter. Everything is
kept by the digest of what it was made of, in the folder of built tools.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from real_node.settings import SANDBOX_IMAGE
from real_node.store import import_images

ROOT = Path(__file__).parents[2]
"""The checkout."""
BASE = "rohe.test/python"
"""Name of the base image; its tag is the digest of its recipe."""
RELEASE = "bookworm"
"""The Debian of the base image."""
BASE_PACKAGES = "python3,python3-pip,ca-certificates"
PIP_SETTINGS = "[global]\nno-index = true\nfind-links = /wheels\ndisable-pip-version-check = true\n"
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(36, 4, -1)] + ["manylinux2014_x86_64"]
"""What the base image's pip takes wheels for."""
PYTHON = "3.11"
"""The Python of the base image."""
VERSION = "0.1.0"
"""Tag of the images, as blueprints name them."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image of the project.

    Attributes:
        name: Its name without the tag.
        dockerfile: Its Dockerfile, below the checkout.
        requirements: The file of pinned distributions that it installs, below the checkout.
    """

    name: str
    dockerfile: str
    requirements: str


RECIPES = (
    Recipe("rohe/agent", "images/agent/Dockerfile", "constraints-agent.txt"),
    Recipe("rohe/digits", "examples/digits/image/Dockerfile", "examples/digits/image/requirements.txt"),
)


def prepared_images(cache: Path) -> Path:
    """Builds what is not built yet, and returns the root folder of a container runtime that has all images.

    Args:
        cache: Folder of built tools, which grows by 2.2 GB.
    """
    folder = cache / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "lock"):
        builder = ImageBuilder(folder)
        digest, stamp = builder.digest(), folder / "digest"
        store = folder / "containerd"
        if not stamp.exists() or stamp.read_text() != digest:
            stamp.unlink(missing_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as archives:
                import_images(store, builder.build(Path(archives)))
            stamp.write_text(digest)
    return store


def offline_images(cache: Path) -> Path | None:
    """Returns what `prepared_images` does, where that needs no network; else None."""
    return prepared_images(cache) if ImageBuilder(cache / "images").has_ingredients() else None


class ImageBuilder:
    """Builds the images with buildah, in a storage of its own below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._base = f"{BASE}:{_digest_of([RELEASE, BASE_PACKAGES, PIP_SETTINGS])}"

    def digest(self) -> str:
        """Returns the digest of everything that the images are made of."""
        files = [
            ROOT / ".dockerignore",
            ROOT / "pyproject.toml",
            *_sources(ROOT / "rohe_iac"),
            *_sources(ROOT / "docs"),
        ]
        files += _sources(ROOT / "examples" / "digits" / "digits")
        files += [ROOT / path for recipe in RECIPES for path in (recipe.dockerfile, recipe.requirements)]
        parts = (f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)
        return _digest_of([self._base, *parts])

    def has_ingredients(self) -> bool:
        """Returns whether the base image and all wheels are there."""
        return all(self._wheels_folder(recipe).exists() for recipe in RECIPES) and self._has(self._base)

    def build(self, archives: Path) -> list[Path]:
        """Builds all images, and returns their archives, which it writes into a folder."""
        if not self._has(self._base):
            _say("making the base image of the tests with debootstrap")
            self._build_base()
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            context = Path(name)
            self._lay_out(context)
            tags = [SANDBOX_IMAGE]
            self._buildah("bud", "--pull-never", "-t", SANDBOX_IMAGE, "-f", str(context / "sandbox.Dockerfile"), name)
            for recipe in RECIPES:
                tag = f"{recipe.name}:{VERSION}"
                tags.append(tag)
                _say(f"building the image {tag}")
                self._buildah(
                    *("bud", "--pull-never", "--layers", "--build-arg", f"BASE={self._base}", "-t", tag),
                    *("--volume", f"{self._wheels(recipe)}:/wheels:ro", "-f", str(ROOT / recipe.dockerfile), name),
                )
        # A build that was killed leaves its container, which would keep the image that it began from.
        self._buildah("rm", "--all")
        # An image that lost its name to the one built now keeps its layers, and each build leaves another one.
        self._buildah("rmi", "--prune")
        return [self._archive(tag, archives) for tag in tags]

    def unnamed(self) -> list[str]:
        """Returns the images that no name leads to, not even as a layer."""
        return self._buildah("images", "--quiet", "--filter", "dangling=true").split()

    def added(self, tag: str) -> int:
        """Returns the bytes, unpacked, that an image has beyond those of the base image."""
        layers = [json.loads(self._buildah("inspect", "--type", "image", "--format", "{{.Manifest}}", image))["layers"]
                  for image in (tag, self._base)]  # fmt: skip
        return sum(layer["size"] for layer in layers[0][len(layers[1]) :])

    def _has(self, image: str) -> bool:
        return bool(self._buildah("images", "--quiet", "--filter", f"reference={image}"))

    def _archive(self, tag: str, folder: Path) -> Path:
        path = folder / f"{tag.replace('/', '-').replace(':', '-')}.tar"
        # A node knows an image without a registry by Docker's.
        name = tag if tag == SANDBOX_IMAGE else f"docker.io/{tag}"
        self._buildah("push", tag, f"docker-archive:{path}:{name}")
        return path

    def _build_base(self) -> None:
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            context = Path(name)
            system = context / "system"
            _run("debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", RELEASE, str(system))
            for used in ("var/cache/apt", "var/lib/apt/lists"):
                shutil.rmtree(system / used, ignore_errors=True)
            (system / "etc" / "pip.conf").write_text(PIP_SETTINGS)
            _run("tar", "-C", str(system), "--numeric-owner", "-cf", str(context / "system.tar"), ".")
            (context / "Dockerfile").write_text('FROM scratch\nADD system.tar /\nCMD ["python3"]\n')
            shutil.rmtree(system)
            self._buildah("bud", "-t", self._base, "-f", str(context / "Dockerfile"), name)

    def _lay_out(self, context: Path) -> None:
        """Copies what the Dockerfiles take from the checkout, and builds the wheel from a copy of the sources."""
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            sources = Path(name)
            for path in ("pyproject.toml", "README.md", "LICENSE"):
                shutil.copyfile(ROOT / path, sources / path)
            for folder in ("docs", "rohe_iac"):
                shutil.copytree(
                    ROOT / folder, sources / folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
                )
            wheel = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
            _run(*wheel, "-w", str(context / "dist"), name)
        for path in (".dockerignore", *(recipe.requirements for recipe in RECIPES)):
            (context / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, context / path)
        services = Path("examples") / "digits" / "digits"
        shutil.copytree(ROOT / services, context / services, ignore=shutil.ignore_patterns("__pycache__"))
        (context / "sandbox.Dockerfile").write_text(f'FROM {self._base}\nENTRYPOINT ["sleep", "infinity"]\n')

    def _wheels(self, recipe: Recipe) -> Path:
        """Returns a folder with the wheels of the recipe's requirements, which are fetched by their hashes."""
        requirements, folder = ROOT / recipe.requirements, self._wheels_folder(recipe)
        if not folder.exists():
            _say(f"fetching the wheels of {recipe.requirements}")
            with tempfile.TemporaryDirectory(dir=self._folder) as name:
                platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
                options = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "--python-version", PYTHON)
                download = (sys.executable, "-m", "pip", "download", "--quiet", *options, *platforms)
                _run(*download, "-r", str(requirements), "-d", f"{name}/wheels")
                os.rename(f"{name}/wheels", folder)
        return folder

    def _wheels_folder(self, recipe: Recipe) -> Path:
        requirements = (ROOT / recipe.requirements).read_text()
        return self._folder / f"wheels-{_digest_of([requirements, *PLATFORMS, PYTHON])}"

    def _buildah(self, verb: str, *arguments: str) -> str:
        storage = ("--root", str(self._folder / "storage"), "--runroot", str(self._folder / "run"))
        isolation = ("--isolation", "chroot") if verb == "bud" else ()
        return _run("buildah", *storage, "--storage-driver", "overlay", verb, *isolation, *arguments)


def _sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _digest_of(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _run(*command: str) -> str:
    environment = {**os.environ, "PATH": f"/usr/local/sbin:/usr/sbin:/sbin:{os.environ.get('PATH', '')}"}
    # Settings of this machine's pip, such as an index or a constraint, are not the tests'.
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command)[:300]}: {ended.stdout[-3000:]}{ended.stderr[-3000:]}")
    return ended.stdout.strip()


def _say(text: str) -> None:
    print(f"images: {text}", file=sys.stderr, flush=True)


@contextmanager
def _locked(path: Path) -> Iterable[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
