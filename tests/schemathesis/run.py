"""Tests the running API against openapi.yaml with Schemathesis: generated requests, single and in sequences.

Arguments are those of `schemathesis run`, e.g. `--max-examples 1000` or `--seed 7`.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import local_stack

HERE = pathlib.Path(__file__).parent
# About 40 s of requests, with a limit for slow machines.
BOUNDS = ["--seed", "1", "--max-examples", "100", "--request-timeout", "30"]
RUN_TIMEOUT = 600
# The stateful phase runs separately. After the other phases it would reuse their data and generate far fewer
# sequences.
PHASES = ["examples,coverage,fuzzing", "stateful"]


def main(arguments):
    port = str(local_stack.free_port())
    with local_stack.running("--in-memory", "--dynamodb-port", port) as local, tempfile.TemporaryDirectory() as work:
        users = pathlib.Path(work) / "users.json"
        users.write_text(json.dumps({"auth": [user(local, name) for name in ("ann", "bob")]}))
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml"]
        command += ["run", local_stack.ROOT / "openapi.yaml", "--url", local.url, *BOUNDS]
        paths = os.pathsep.join([str(HERE), os.environ["PYTHONPATH"]])
        environment = os.environ | {"PYTHONPATH": paths, "SCHEMATHESIS_USERS": str(users)}
        for phases in PHASES:
            whole = [*command, "--phases", phases, *arguments]
            subprocess.run(whole, cwd=work, env=environment, timeout=RUN_TIMEOUT, check=True)


def user(local, name):
    header = {"name": "Authorization", "value": f"Bearer {local.token(name)}"}
    return {"name": name, "fixedHeaders": [header]}


if __name__ == "__main__":
    main(sys.argv[1:])
