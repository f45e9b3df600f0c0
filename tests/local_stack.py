"""The local stack for scripts: `cargo local` as a separate process, as a developer runs it."""

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).parents[1]
LOCAL = ROOT / "target/debug/local"


class LocalStack:
    """A running stack that answers on `url`."""

    def __init__(self, url, data_dir):
        self.url, self.data_dir = url, data_dir

    def token(self, name, is_service=False):
        """An access token of this user, or of this service."""
        kind = ["--service"] if is_service else []
        command = [LOCAL, "token", *kind, name, "--data-dir", self.data_dir]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@contextlib.contextmanager
def running(*options):
    """Builds the stack, runs it with these options of `cargo local`, and stops it."""
    subprocess.run(["cargo", "build", "--quiet", "--bins", "--locked"], cwd=ROOT, check=True)
    port = free_port()
    with tempfile.TemporaryDirectory() as data_dir, open(pathlib.Path(data_dir) / "log", "w+") as log:
        process = subprocess.Popen(
            [LOCAL, "--port", str(port), "--reference-port", str(free_port()), "--data-dir", data_dir, *options],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{url}/organization/list", process)
            yield LocalStack(url, data_dir)
        except BaseException:
            log.seek(0)
            print("\nThe log of `cargo local` ends with:", *log.readlines()[-40:], sep="\n")
            raise
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def send(request):
    """Returns the status and the body of the answer."""
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def wait_for(url, process):
    """Waits until the API is up. It then refuses a request without a token."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        assert process.poll() is None, "`cargo local` ended before it answered"
        try:
            if send(urllib.request.Request(url))[0] == 401:
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError(f"{url} did not answer in time")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
