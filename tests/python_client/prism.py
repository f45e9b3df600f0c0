"""Prism (https://stoplight.io/open-source/prism): a proxy that validates requests and responses."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time

import local_stack


@contextlib.contextmanager
def proxy(openapi, upstream):
    """Runs Prism in front of `upstream`, with this OpenAPI document. PRISM is the path of its program."""
    port = local_stack.free_port()
    with tempfile.TemporaryDirectory() as directory:
        document, log = pathlib.Path(directory) / "openapi.json", pathlib.Path(directory) / "log"
        document.write_text(json.dumps(openapi))
        command = [os.environ["PRISM"], "proxy", document, upstream, "--port", str(port), "--errors"]
        with log.open("w") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        except BaseException:
            print("\nPrism printed:", log.read_text(), sep="\n")
            raise
        finally:
            process.terminate()
            process.wait(30)


def wait_for(port, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "Prism ended before it answered"
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("Prism did not answer in time")


class Violation(AssertionError):
    """What Prism found."""


def refuse_violations(response):
    """A hook for httpx. Raises what Prism found instead of returning the response."""
    # Prism lists what it found in this header. To an invalid request it responds itself, without the header.
    violations = response.headers.get("sl-violations")
    if violations or response.headers.get("Content-Type") == "application/problem+json":
        request = response.request
        raise Violation(f"{request.method} {request.url}: {violations or response.read().decode()}")
