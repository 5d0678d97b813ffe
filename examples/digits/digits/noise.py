"""noise: makes a running camera's sensor go bad, or good again: python -m digits.noise URL [KIND LEVEL]."""

from __future__ import annotations

import sys

from digits.wire import Unreachable, call


def main() -> None:
    if len(sys.argv) not in (2, 4) or sys.argv[1].startswith("-"):
        raise SystemExit(
            "usage: python -m digits.noise URL [gaussian|salt|dim LEVEL]   (LEVEL 0 to 1; 0 ends the noise)"
        )
    body = {"kind": sys.argv[2], "level": float(sys.argv[3])} if len(sys.argv) == 4 else {}
    try:
        answer = call(sys.argv[1].rstrip("/"), "/noise", body)
    except Unreachable as error:
        raise SystemExit(f"digits.noise: {error}") from error
    what = f"{answer['kind']} noise of {answer['level']:g} of the scale" if answer["level"] else "no noise"
    print(f"camera: {what}, from image {answer['from']} on")


if __name__ == "__main__":
    main()
