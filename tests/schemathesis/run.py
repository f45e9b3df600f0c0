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
# About two minutes of requests, with a limit for slow machines.
BOUNDS = ["--seed", "1", "--max-examples", "100", "--request-timeout", "30"]
RUN_TIMEOUT = 600
# What organizations must go through in sequences: operations in order, each followed by others or not.
PATHS = {
    "created, joined by invitation, deleted and restored": [
        "createOrganization", "createInvitation", "acceptInvitation", "deleteOrganization", "restoreOrganization",
    ],
    "created, given a plan, and metered": ["createOrganization", "setPlan", "recordUsage", "getUsage"],
}
# The stateful phase runs separately. After the other phases it would reuse their data and generate far fewer
# sequences. Sequences of all operations seldom contain a whole path, so it also runs with those of each path alone.
RUNS = [
    ["--phases", "examples,coverage,fuzzing"],
    ["--phases", "stateful"],
    *(["--phases", "stateful", *(f"--include-operation-id={name}" for name in path)] for path in PATHS.values()),
]
# ann sends most requests. bob must not see her data, so cat accepts her invitations. `hooks.py` chooses the caller.
USERS = ["ann", "bob", "cat"]


def main(arguments):
    port = str(local_stack.free_port())
    data = ["--in-memory", "--dynamodb-port", port, "--max-organizations-per-user", "1000000"]
    with local_stack.running(*data) as local, tempfile.TemporaryDirectory() as work:
        users, whole_paths = pathlib.Path(work) / "users.json", pathlib.Path(work) / "paths"
        callers = [caller(name, local.token(name)) for name in USERS]
        callers.append(caller("billing", local.token("billing", is_service=True)))
        users.write_text(json.dumps({"auth": callers}))
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml"]
        command += ["run", local_stack.ROOT / "openapi.yaml", "--url", local.url, *BOUNDS]
        # Schemathesis runs in another directory.
        given = [os.path.abspath(path) for path in os.environ["PYTHONPATH"].split(os.pathsep)]
        paths = os.pathsep.join([str(HERE), *given])
        environment = os.environ | {"PYTHONPATH": paths, "SCHEMATHESIS_USERS": str(users)}
        environment["SCHEMATHESIS_PATHS"] = str(whole_paths)
        whole_paths.touch()
        for options in RUNS:
            whole = [*command, *options, *arguments]
            subprocess.run(whole, cwd=work, env=environment, timeout=RUN_TIMEOUT, check=True)
        ended = whole_paths.read_text().splitlines()
        for path in PATHS:
            assert path in ended, f"no organization was {path}"
            print(f"{ended.count(path)} organizations were {path}.")


def caller(name, token):
    return {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}


if __name__ == "__main__":
    main(sys.argv[1:])
