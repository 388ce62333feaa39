"""A few operations of DynamoDB over HTTP, on a dictionary: what stands behind the IAM proxy when no emulator does."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Item = dict[str, Any]
Place = tuple[str, str]


class Table:
    """The items, by partition and sort key, and how often it was asked."""

    def __init__(self) -> None:
        self.items: dict[Place, Item] = {}
        self.calls = 0

    def answer(self, operation: str, request: Item) -> Item:
        """Do what is asked."""
        self.calls += 1
        done: Callable[[Item], Item] = getattr(self, operation)
        return done(request)

    def CreateTable(self, request: Item) -> Item:  # noqa: N802  # the names are DynamoDB's
        """There is one already."""
        return {"TableDescription": {"TableName": request["TableName"], "TableStatus": "ACTIVE"}}

    def DescribeTable(self, request: Item) -> Item:  # noqa: N802
        """It is there."""
        return {"Table": {"TableName": request["TableName"], "TableStatus": "ACTIVE"}}

    def PutItem(self, request: Item) -> Item:  # noqa: N802
        """Keep an item."""
        self.items[place(request["Item"])] = request["Item"]
        return {}

    def GetItem(self, request: Item) -> Item:  # noqa: N802
        """Find an item."""
        found = self.items.get(place(request["Key"]))
        return {"Item": found} if found else {}

    def BatchGetItem(self, request: Item) -> Item:  # noqa: N802
        """Find several."""
        ((table, wanted),) = request["RequestItems"].items()
        found = [self.items[place(key)] for key in wanted["Keys"] if place(key) in self.items]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def Query(self, request: Item) -> Item:  # noqa: N802
        """Find a partition, of the table or of its index."""
        attribute = f"{request.get('IndexName', '')}PK"
        wanted = request["ExpressionAttributeValues"][":pk"]
        found = [item for item in self.items.values() if item.get(attribute) == wanted]
        return {"Items": found, "Count": len(found), "ScannedCount": len(found)}

    def Scan(self, request: Item) -> Item:  # noqa: N802
        """Find everything."""
        found = list(self.items.values())
        return {"Items": found, "Count": len(found), "ScannedCount": len(found)}

    def BatchWriteItem(self, request: Item) -> Item:  # noqa: N802
        """Keep several."""
        ((_, writes),) = request["RequestItems"].items()
        for write in writes:
            self.items[place(write["PutRequest"]["Item"])] = write["PutRequest"]["Item"]
        return {"UnprocessedItems": {}}


def place(item: Item) -> Place:
    """Where an item is."""
    return item["PK"]["S"], item["SK"]["S"]


@contextmanager
def serving(table: Table) -> Iterator[str]:
    """Serve it, for the length of a block. Gives the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer a request."""
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(table.answer(self.headers["X-Amz-Target"].partition(".")[2], request)).encode()
            self.send_response_only(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
