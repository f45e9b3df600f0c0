"""Lambda's Runtime API, as far as one function needs it to answer one event."""

import json
import queue
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = "/2018-06-01/runtime"
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
TIMEOUT_MS = 15_000


class RuntimeApi(ThreadingHTTPServer):
    """Gives `event` to the first poll and none to the later ones; what the function sends is in `calls`."""

    daemon_threads = True

    def __init__(self, event):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events = queue.SimpleQueue()
        self.events.put(json.dumps(event).encode())
        self.calls = queue.SimpleQueue()

    @property
    def address(self):
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.calls.put((self.path, None))
        # A poll that there is no event for is never answered.
        event = self.server.events.get()
        self._answer(200, event, {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + TIMEOUT_MS),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:artifact",
        })

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.calls.put((self.path, body))
        self._answer(202, b'{"status":"OK"}', {"Content-Type": "application/json"})

    def _answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
