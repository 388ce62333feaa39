"""One request as API Gateway hands it to a function (HTTP API, payload format 2.0)."""

from dataclasses import dataclass
from typing import Any

EVENT: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "POST /tasks",
    "rawPath": "/tasks",
    "rawQueryString": "",
    "headers": {"content-type": "application/json", "host": "api.test"},
    "requestContext": {
        "accountId": "123456789012",
        "apiId": "api",
        "domainName": "api.test",
        "http": {
            "method": "POST",
            "path": "/tasks",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "bench",
        },
        "requestId": "request",
        "routeKey": "POST /tasks",
        "stage": "$default",
        "time": "21/Nov/2026:05:00:00 +0000",
        "timeEpoch": 1795237200000,
    },
    "body": '{"title": "Ship", "assignee": "ada"}',
    "isBase64Encoded": False,
}


@dataclass
class Context:
    """What Lambda says about the call."""

    function_name: str = "tasks"
    aws_request_id: str = "request"
    memory_limit_in_mb: int = 128
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:tasks"
