"""A server that answers as DynamoDB does, at once and always the same: what is left is the client's own cost."""

import asyncio
import json
import sys
import zlib

TEXT = "a" * 40
ITEM = {
    "PK": {"S": "ORG#acme"}, "SK": {"S": "TASK#1"}, "id": {"S": "1"}, "version": {"N": "1"},
    **{f"field{number}": {"S": TEXT} for number in range(6)},
}  # fmt: skip
ANSWERS = {
    "GetItem": {"Item": ITEM},
    "PutItem": {},
    "Query": {"Items": [ITEM] * 20, "Count": 20, "ScannedCount": 20},
    "TransactWriteItems": {},
}
UNKNOWN = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


def answer(name: str) -> bytes:
    """Return the whole response to an operation."""
    body = json.dumps(ANSWERS[name]).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: 1\r\n"
        f"x-amz-crc32: {zlib.crc32(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def serve(port: int) -> None:
    """Answer for ever."""
    made = {name: answer(name) for name in ANSWERS}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
            await reader.readexactly(int(fields.get(b"content-length", b"0")))
            operation = fields.get(b"x-amz-target", b"").rpartition(b".")[2].decode()
            writer.write(next((made[name] for name in made if name.lower() == operation), UNKNOWN))

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
