"""camera: takes the test images one after the other at the pipeline's load, and tells what they really show.

LOAD is images a second. NOISE_KIND and NOISE_LEVEL say what its sensor does when it goes bad, and NOISE_AFTER when:
so many seconds after the first image; unset, it stays good until `python -m digits.noise` says otherwise.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from digits.images import Images, Noise, load
from digits.peers import Replicas, only, peers
from digits.wire import Body, Server, Unreachable, own_port
from rohe_iac.reporting import Reporter

AT_ONCE = 8
WAITING = 64
"""Images that may wait to be sent; beyond them, one is not taken."""


class Camera:
    """One replica. load: images a second; noise_after: seconds, or None for never."""

    def __init__(
        self,
        images: Images,
        replicas: Replicas,
        reporter: Reporter,
        load: float,
        noise: Noise,
        noise_after: float | None = None,
    ) -> None:
        self._images = images
        self._replicas = replicas
        self._reporter = reporter
        self._load = load
        self._bad = noise
        self._noise_after = noise_after
        self._noise: Noise | None = None
        self._boot = f"{int(time.time() * 1000):x}"
        self._room = threading.BoundedSemaphore(WAITING)
        self._end = threading.Event()
        self.taken = 0

    def noise(self, body: Body) -> Body:
        """Takes {kind, level} (each optional), and the sensor goes bad; {level: 0} and it is good again."""
        noise = Noise(str(body.get("kind", self._bad.kind)), float(body.get("level", self._bad.level)))
        self._noise = noise if noise.level > 0 else None
        return {"kind": noise.kind, "level": noise.level, "from": self.taken}

    def run(self) -> None:
        """Takes images until `stop`, from the moment that the pipeline is ready."""
        while not self._replicas.ready():
            if self._end.wait(0.2):
                return
        begun = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE, "send") as senders:
            while not self._end.wait(max(0.0, begun + self.taken / self._load - time.monotonic())):
                if self._noise_after is not None and time.monotonic() - begun >= self._noise_after:
                    self._noise, self._noise_after = self._bad, None
                number = self.taken
                self.taken += 1
                if self._room.acquire(blocking=False):
                    senders.submit(self._send, number)

    def stop(self) -> None:
        """Takes no further image."""
        self._end.set()

    def _send(self, number: int) -> None:
        try:
            start = time.time()
            index = number % len(self._images.truth)
            pixels = self._images.pixels[index]
            noise = self._noise
            if noise is not None:
                pixels = noise.on(pixels, number)
            request = f"{self._boot}-{number:06d}"
            body = {"request": request, "pixels": [round(float(value), 2) for value in pixels]}
            # Told before it is sent: what was sent is known even when nothing comes of it.
            truth = int(self._images.truth[index])
            self._reporter.report(request=request, start=start, end=time.time(), fields={"truth": truth})
            self._replicas.call("/images", body, timeout=5.0)
        except Unreachable:
            pass  # The agent sees that no answer came.
        finally:
            self._room.release()


def main() -> None:
    _, following = only(peers())
    _, test = load()
    reporter = Reporter.from_environment()
    noise = Noise(os.environ.get("NOISE_KIND", "gaussian"), float(os.environ.get("NOISE_LEVEL", "0.2")))
    after = os.environ.get("NOISE_AFTER", "")
    camera = Camera(
        test,
        following[""],
        reporter,
        load=float(os.environ.get("LOAD", "40")),
        noise=noise,
        noise_after=float(after) if after else None,
    )
    thread = threading.Thread(target=camera.run, name="camera", daemon=True)
    thread.start()
    Server({"/noise": camera.noise}).run(own_port())
    camera.stop()
    thread.join(6.0)
    reporter.close()


if __name__ == "__main__":
    main()
