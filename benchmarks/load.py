"""So many requests a second for the files of a folder, each when its time has come: `python load.py PORT FOLDER RATE`.

A process of its own, of the standard library alone, so that it is there at once. A request does not wait for those
of the other connections; a late answer counts from the time at which it was due to be asked for.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from urllib.parse import quote

LINES = 50  # connections, which are kept


async def load(port: int, folder: Path, rate: int) -> None:
    """Ask until standard input ends, then tell as JSON how it went."""
    files = sorted(quote(p.relative_to(folder).as_posix()) for p in folder.rglob("*") if p.is_file())
    times: list[float] = []
    failed, size, ended, used = 0, 0, asyncio.Event(), time.process_time()
    print("ready", flush=True)
    began = time.perf_counter()

    async def line(number: int) -> None:
        nonlocal failed, size
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        due = began + number / rate
        while not ended.is_set():
            await asyncio.sleep(due - time.perf_counter())
            writer.write(f"GET /{files[number % len(files)]} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(head.lower().split("content-length: ")[1].split()[0])
            size += len(await reader.readexactly(length))
            failed += " 200 " not in head.splitlines()[0]
            times.append(time.perf_counter() - due)
            number, due = number + LINES, due + LINES / rate
        writer.close()

    lines = [asyncio.create_task(line(number)) for number in range(LINES)]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    ended.set()
    await asyncio.gather(*lines)
    times.sort()
    told = {
        "requests": len(times),
        "failed": failed,
        "MB": size / 1e6,
        "seconds": time.perf_counter() - began,
    }
    told |= {"median": 1000 * times[len(times) // 2], "p95": 1000 * times[int(0.95 * len(times))]}
    print(json.dumps(told | {"cpu": time.process_time() - used}))


if __name__ == "__main__":
    asyncio.run(load(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
