"""Passes connections on: `forwarder.py LISTEN HOST PORT` listens on LISTEN:PORT and connects each to HOST:PORT."""

from __future__ import annotations

import asyncio
import contextlib
import sys

CHUNK = 64 * 1024
"""Bytes that are read at a time."""


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Writes everything that is read, until the end."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def main(listen: str, host: str, port: int) -> None:
    """Serves until the process ends."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pass_on(reader, upstream_writer), pass_on(upstream_reader, writer))

    server = await asyncio.start_server(connected, listen, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
