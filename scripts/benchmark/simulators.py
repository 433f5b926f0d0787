"""Two simulated providers over TLS, in a process of their own. Ends when its standard input does.

    simulators.py FOLDER_WITH_PEM_FILES

Says {dialect: {url, requests, handshakes}} in one line: at the start, then for each line it reads.
"""

import asyncio
import json
import sys
from pathlib import Path

from turnout.demo.pki import HOST, Pki
from turnout.demo.provider import SimProvider


async def main(folder: Path) -> None:
    tls = Pki(folder / "ca.pem", folder / "server.pem").server
    async with (
        SimProvider("anthropic", ssl=tls, host=HOST, strict=False) as home,
        SimProvider("openai_chat", ssl=tls, host=HOST, strict=False) as other,
    ):
        counts = {"anthropic": home, "openai_chat": other}
        while True:
            said = {
                name: {
                    "url": sim.base_url,
                    "requests": len(sim.completions()),
                    "handshakes": sim.handshakes,
                }
                for name, sim in counts.items()
            }
            print(json.dumps(said), flush=True)
            if not await asyncio.to_thread(sys.stdin.readline):
                return


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
