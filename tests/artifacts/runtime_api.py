"""Lambda's Runtime API, reduced to what one function needs to answer a few events.

The Rust suites and the benchmark use tests/support/runtime_api.rs. check.py must not compile anything, and
runs binaries of other architectures under an emulator, so it has this one.
"""

import json
import queue
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = "/2018-06-01/runtime"
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:artifact"
FUNCTION_TIMEOUT_MS = 15_000


class RuntimeApi(ThreadingHTTPServer):
    """Answers each poll with the next of `events`. Records the function's calls in `calls`, as path and body."""

    daemon_threads = True

    def __init__(self, events):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events = queue.SimpleQueue()
        for event in events:
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
        # After the last event, a poll is never answered.
        event = self.server.events.get()
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + FUNCTION_TIMEOUT_MS),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
        }
        self._answer(200, event, headers)

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
