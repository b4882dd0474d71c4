"""The limit of Socket Mode: a WebSocket that makes the transaction for each envelope, and answers it."""

import argparse
import json

import aiohttp
import uvloop

from benchmarks.contenders.transaction import Log


async def echo(address: str, log: Log) -> None:
    """Answer until the other side hangs up."""
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as connection:
        async for message in connection:
            envelope = json.loads(message.data)
            if "payload" not in envelope:
                continue  # hello
            answer = json.loads(log.log_durably(envelope["payload"]))
            await connection.send_str(json.dumps({"envelope_id": envelope["envelope_id"], "payload": answer}))


def main() -> None:
    """Read the arguments, tell that we run, and answer."""
    wanted = argparse.ArgumentParser()
    wanted.add_argument("--database", required=True)
    wanted.add_argument("--address", required=True)
    given = wanted.parse_args()
    print(json.dumps({"address": given.address.replace("ws://", "http://")}), flush=True)
    uvloop.run(echo(given.address, Log(given.database)))


if __name__ == "__main__":
    main()
