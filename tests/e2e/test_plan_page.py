"""Claims about the page of `rohe plan --html`, looked at by a real headless Chromium."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from rohe_iac.foundation.canonical import canonical_json

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--allow-file-access-from-files", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip

Rohe = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The surveillance example, with links between its sites."""
    folder = tmp_path / "cctvs"
    shutil.copytree(ROOT / "examples" / "cctvs", folder)
    inventory = folder / "blueprints" / "inventory.yaml"
    if "links:" not in inventory.read_text():
        link = "{name: backhaul, between: [zone/site-1, zone/site-2], latency: 8ms, bandwidth: 100Mbps}"
        inventory.write_text(inventory.read_text().rstrip() + f"\n  links:\n    - {link}\n")
    return folder


@pytest.fixture
def rohe(repository: Path, tmp_path: Path) -> Rohe:
    """Runs `rohe ARGUMENTS` in the repository."""

    def run(*arguments: str, folder: Path = repository) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(Path(sys.executable).parent / "rohe"), *arguments],
            cwd=folder,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser, or a loud skip."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    if not found:
        pytest.skip("there is no Chromium to look at the page with (Debian: apt-get install chromium)")
    return found


def dumped(chromium: str, page: Path, folder: Path, *flags: str) -> str:
    """Returns the document of the page after it was loaded, as text."""
    done = subprocess.run(
        [chromium, *FLAGS, f"--user-data-dir={folder / 'browser'}", *flags, "--dump-dom", page.as_uri()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def measured(chromium: str, page: Path, folder: Path, width: int) -> dict[str, int]:
    """Returns how wide the page is in a frame of that width, and how many lines of replicas can be seen."""
    frame = folder / "frame.html"
    frame.write_text(
        f"""<iframe id="f" src="{page.as_uri()}" style="width:{width}px;height:800px;border:0"></iframe>
<pre id="result"></pre>
<script>
addEventListener("load", () => {{
  const page = document.getElementById("f").contentDocument;
  const seen = [...page.querySelectorAll("#nodes article li")].filter(item => {{
    const box = item.getBoundingClientRect();
    return box.width > 20 && box.height > 8 && box.right <= {width} && box.left >= 0;
  }});
  document.getElementById("result").textContent = JSON.stringify({{
    wide: Math.max(page.documentElement.scrollWidth, page.body.scrollWidth),
    seen: seen.length,
    scripts: page.scripts.length,
  }});
}});
</script>"""
    )
    text = dumped(chromium, frame, folder)
    found = re.search(r'<pre id="result">(\{.*?\})</pre>', text)
    assert found, text
    sizes: dict[str, int] = json.loads(html.unescape(found[1]))
    return sizes


CONTRASTS = """
const page = document.getElementById("f").contentDocument, view = page.defaultView;
const channels = text => (text.match(/[0-9.]+/g) || []).map(Number);
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map(part => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const behind = item => {
  for (; item; item = item.parentElement) {
    const style = view.getComputedStyle(item), colour = channels(style.backgroundColor);
    if (style.backgroundImage !== "none") return channels(style.backgroundImage).slice(1, 4);
    if (colour.length === 3 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const ratios = {};
for (const item of page.querySelectorAll("body *")) {
  const own = [...item.childNodes].filter(node => node.nodeType === 3 && node.textContent.trim());
  if (!own.length || !item.getClientRects().length || item.namespaceURI.endsWith("svg")) continue;
  const [text, ground] = [light(channels(view.getComputedStyle(item).color)), light(behind(item))];
  const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  const name = `${item.tagName.toLowerCase()}.${item.className}`;
  ratios[name] = Math.min(ratios[name] || 99, ratio);
}
"""
"""The least ratio of contrast by element, as WCAG 2.2 defines it (relative luminance; 1.4.3 asks for 4.5)."""


def contrasts(chromium: str, page: Path, folder: Path) -> dict[str, float]:
    """Returns the least contrast of the texts of each kind of element."""
    frame = folder / "contrast.html"
    frame.write_text(
        f"""<iframe id="f" src="{page.as_uri()}" style="width:1280px;height:800px;border:0"></iframe>
<pre id="result"></pre>
<script>addEventListener("load", () => {{ {CONTRASTS}
document.getElementById("result").textContent = JSON.stringify(ratios); }});</script>"""
    )
    text = dumped(chromium, frame, folder)
    found = re.search(r'<pre id="result">(\{.*?\})</pre>', text)
    assert found, text
    ratios: dict[str, float] = json.loads(html.unescape(found[1]))
    return ratios


class Texts(HTMLParser):
    """All text of a page that is not style."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.texts.append(data)


def read(text: str) -> Texts:
    parser = Texts()
    parser.feed(text)
    return parser


def test_every_replica_is_on_the_page_and_nothing_leaves_a_phone_to_the_right(
    rohe: Rohe, repository: Path, chromium: str, tmp_path: Path
) -> None:
    done = rohe("plan", "--html", "plan.html", "-o", "json")
    assert done.returncode == 0, done.stderr
    placements = json.loads(done.stdout)["plan"]["placements"]
    page = repository / "plan.html"
    shown = " ".join(read(dumped(chromium, page, tmp_path)).texts)
    for place in placements:
        assert place["replica"].removeprefix("replica/") in shown
        assert place["node"] in shown
    for width in (390, 1280):
        sizes = measured(chromium, page, tmp_path, width)
        assert sizes["wide"] <= width, f"{sizes['wide']} pixels wide in a window of {width}"
        # Replicas of a node that are there for the same reason share a line, which lists them.
        assert sizes["seen"] == len({(place["node"], place["workload"], place["reason"]) for place in placements})
        assert sizes["scripts"] == 0


def test_words_stand_out_from_what_is_behind_them_by_day_and_by_night(
    rohe: Rohe, repository: Path, chromium: str, tmp_path: Path
) -> None:
    pipeline = next(path for path in (repository / "blueprints").glob("*.yaml") if "kind: Pipeline" in path.read_text())
    pipeline.write_text(pipeline.read_text().replace("      replicas: auto", "      replicas: 300"))
    done = rohe("plan", "--html", "plan.html")
    assert done.returncode in (0, 4), done.stderr
    day = repository / "plan.html"
    night = tmp_path / "night.html"
    night.write_text(day.read_text().replace("(prefers-color-scheme: dark)", "all"))
    assert night.read_text() != day.read_text()
    for page in (day, night):
        ratios = contrasts(chromium, page, tmp_path)
        assert any("bad" in name for name in ratios)
        assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}, page.name


def hosts_asked(chromium: str, page: Path, folder: Path) -> set[str]:
    """Returns the hosts that the browser asked, or wanted to ask, while it showed the page."""
    log = folder / "net.json"
    dumped(chromium, page, folder, f"--log-net-log={log}")
    return set(re.findall(r'"url":"(?:https?|wss?|ftp)://([^/"]+)', log.read_text(errors="replace")))


def test_the_page_asks_for_nothing_from_anywhere(rohe: Rohe, repository: Path, chromium: str, tmp_path: Path) -> None:
    assert rohe("plan", "--html", "plan.html").returncode == 0
    (tmp_path / "empty.html").write_text("<p>nothing</p>")
    (tmp_path / "asking.html").write_text('<img src="http://127.0.0.1:9/picture.png">')
    # The browser asks hosts of its own accord; an empty page shows which.
    by_itself = hosts_asked(chromium, tmp_path / "empty.html", tmp_path)
    assert "127.0.0.1:9" in hosts_asked(chromium, tmp_path / "asking.html", tmp_path)
    assert hosts_asked(chromium, repository / "plan.html", tmp_path) <= by_itself
    text = (repository / "plan.html").read_text()
    assert not re.search(r'(?:src|href|action|data|poster)\s*=\s*"(?!#|data:,)', text)
    assert "@import" not in text
    assert "url(" not in text.replace("url(#tip)", "")
    assert "default-src 'none'" in text


def test_texts_of_a_blueprint_are_shown_and_never_taken_for_markup(
    rohe: Rohe, repository: Path, chromium: str, tmp_path: Path
) -> None:
    inventory = repository / "blueprints" / "inventory.yaml"
    evil = "<script>document.title='broken'</script><img src=x onerror=alert(1)>"
    inventory.write_text(
        inventory.read_text().replace("zone: site-1", f'zone: "{evil}"').replace("zone/site-1", f"zone/{evil}")
        .replace("model: maxwell", "model: '\"><b id=broken>'")
    )  # fmt: skip
    done = rohe("plan", "--html", "plan.html")
    assert done.returncode in (0, 4), done.stderr
    parser = read(dumped(chromium, repository / "plan.html", tmp_path))
    tags = [tag for tag, _ in parser.tags]
    assert "script" not in tags
    assert "img" not in tags
    assert not any(attributes.get("id") == "broken" for _, attributes in parser.tags)
    assert evil in " ".join(parser.texts)


def test_predicted_response_times_stand_beside_what_contracts_allow(rohe: Rohe, repository: Path) -> None:
    assert rohe("plan", "--html", "plan.html").returncode == 0
    section = (repository / "plan.html").read_text().partition('id="flow"')[2].partition("</section>")[0]
    shown = " ".join(read(section).texts)
    assert "cctvs-sla/fast-answers" in shown
    assert "image-ingestion to object-detection" in shown
    assert re.search(r"\d+ ms .*1200 ms .*% slack", shown)


def test_what_did_not_fit_is_told_with_its_reason_and_place(rohe: Rohe, repository: Path) -> None:
    inventory = repository / "blueprints" / "inventory.yaml"
    inventory.write_text(inventory.read_text().replace("capacity: 100%", "capacity: 10%"))
    done = rohe("plan", "--html", "plan.html", "-o", "json")
    assert done.returncode == 4
    unplaced = json.loads(done.stdout)["plan"]["unplaced"]
    section = (repository / "plan.html").read_text().partition('id="missing"')[2].partition("</section>")[0]
    shown = " ".join(read(section).texts)
    for item in unplaced:
        assert item["replica"].removeprefix("replica/") in shown
    assert unplaced[0]["closest"][0]["missing"] in shown
    assert re.search(r"blueprints/pipeline\.yaml:\d+:\d+", shown)


def test_a_failure_that_is_not_survived_is_told_on_the_page_and_on_the_screen(rohe: Rohe, repository: Path) -> None:
    stack = repository / "blueprints" / "stack.yaml"
    inventory = repository / "blueprints" / "inventory.yaml"
    value = yaml.safe_load(stack.read_text())
    value["spec"].setdefault("planner", {})["survive"] = 1
    stack.write_text(yaml.safe_dump(value))
    nodes = yaml.safe_load(inventory.read_text())
    for node in nodes["spec"]["nodes"]:
        node["status"] = (
            "running" if node["name"] in ("jetson-nano-01", "raspberry-pi-01", "raspberry-pi-02") else "down"
        )
    inventory.write_text(yaml.safe_dump(nodes))
    done = rohe("plan", "--html", "plan.html")
    losses = json.loads(rohe("plan", "-o", "json").stdout)["plan"]["losses"]
    section = (repository / "plan.html").read_text().partition('id="losses"')[2].partition("</section>")[0]
    assert losses
    assert "survive: 1 does not hold" in done.stdout
    for loss in losses:
        assert f"the failure of {loss['node']} leaves" in done.stdout
        assert loss["node"] in section


def test_before_and_after_are_held_against_the_record(rohe: Rohe, repository: Path, tmp_path: Path) -> None:
    assert rohe("plan", "--out", "one.plan").returncode == 0
    before = json.loads((repository / "one.plan").read_bytes())
    record = {"serial": 3, "digest": before["digest"], "complete": True, "plan": before}
    (tmp_path / "record.json").write_bytes(canonical_json(record) + b"\n")
    used = next(item for item in before["plan"]["placements"] if item["service"] == "object-detection")["node"]
    inventory = repository / "blueprints" / "inventory.yaml"
    inventory.write_text(re.sub(rf"(name: {used},.*)}}\n", r"\1, status: down}\n", inventory.read_text()))
    done = rohe("plan", "--html", "plan.html", "--against", str(tmp_path / "record.json"), "-o", "json")
    after = {item["replica"]: item["node"] for item in json.loads(done.stdout)["plan"]["placements"]}
    section = (repository / "plan.html").read_text().partition('id="change"')[2].partition("</section>")[0]
    shown = " ".join(read(section).texts)
    moved = [item for item in before["plan"]["placements"] if after.get(item["replica"]) != item["node"]]
    assert moved
    for item in moved:
        assert item["replica"].removeprefix("replica/") in shown
        assert after[item["replica"]] in shown
    assert f"{len(moved)} moved" in shown
    assert "record 3" in shown


def test_a_page_names_its_parts_to_those_who_do_not_see_it(rohe: Rohe, repository: Path) -> None:
    assert rohe("plan", "--html", "plan.html").returncode == 0
    parser = read((repository / "plan.html").read_text())
    tags = dict(parser.tags[::-1])
    assert tags["html"]["lang"] == "en"
    named = {attributes.get("name"): attributes for tag, attributes in parser.tags if tag == "meta"}
    assert "width=device-width" in (named["viewport"]["content"] or "")
    for tag, attributes in parser.tags:
        if attributes.get("role") == "img":
            assert attributes.get("aria-label"), tag
    headings = [int(tag[1]) for tag, _ in parser.tags if re.fullmatch(r"h[1-6]", tag)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))


def test_a_page_of_thousands_of_replicas_stays_small_and_shows_the_fullest_nodes(
    rohe: Rohe, chromium: str, tmp_path: Path
) -> None:
    fleet = tmp_path / "fleet"
    made = subprocess.run(
        [sys.executable, str(ROOT / "examples/fleet/generate.py"), str(fleet), "--nodes", "1000", "--replicas", "2000"],
        timeout=60,
        check=False,
    )
    assert made.returncode == 0
    done = rohe("plan", "--html", "plan.html", folder=fleet)
    assert done.returncode in (0, 4), done.stderr
    page = fleet / "plan.html"
    assert page.stat().st_size < 1_000_000
    assert "1,000 nodes by device type and zone" in page.read_text()
    assert measured(chromium, page, tmp_path, 390)["wide"] <= 390
