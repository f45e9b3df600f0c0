#!/usr/bin/env python3
"""Checks the artifacts of `sam build`, one per function, and starts each as Lambda would.

    python3 tests/artifacts/check.py arm64     (or x86_64)

Needs readelf. Artifacts for another architecture than this machine's run under qemu-user (Debian's package
of that name).
"""

import io
import json
import os
import platform
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

from runtime_api import REQUEST_ID, VERSION, RuntimeApi

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".aws-sam/build"

# The names in the output of readelf, and in the name of the emulator.
MACHINES = {"arm64": ("AArch64", "aarch64"), "x86_64": ("Advanced Micro Devices X86-64", "x86_64")}

RELEASE = "0123abc"

# The function that is not an operation: the table's stream invokes it.
RECORDER = "record-events"

# Lambda gives a function 10 s from its start to its first poll.
CALL_TIMEOUT = 10


def main():
    architecture = sys.argv[1] if len(sys.argv) == 2 else ""
    if architecture not in MACHINES:
        sys.exit(__doc__)
    if not BUILD.is_dir():
        sys.exit(f"{BUILD} is missing: run `sam build` first")
    functions = {logical_id(path.stem): path.stem for path in sorted((ROOT / "functions/src/bin").iterdir())}
    problems = []
    if {path.name for path in BUILD.iterdir() if path.is_dir()} != set(functions):
        problems.append(f"{BUILD} does not hold one directory per function")

    heading = f"{architecture:<24}{'bytes':>10}{'zipped':>10}{'poll ms':>9}{'answer ms':>11}"
    print(heading, flush=True)
    for directory, function in functions.items():
        try:
            artifact = only_file(BUILD / directory)
            check_elf(artifact, architecture)
            poll, answer = check_start(artifact, architecture, function)
            size, zipped = artifact.stat().st_size, zipped_size(artifact)
            print(f"{function:<24}{size:>10,}{zipped:>10,}{poll:>9.0f}{answer:>11.0f}", flush=True)
        except Problem as problem:
            problems.append(f"{function}: {problem}")
    sys.exit("\n".join(problems) or 0)


class Problem(Exception):
    """What is wrong with an artifact."""


def expect(condition, problem):
    if not condition:
        raise Problem(problem)


def logical_id(function):
    return "".join(word.capitalize() for word in function.split("-")) + "Function"


def operation_id(function):
    first, *rest = function.split("-")
    return first + "".join(word.capitalize() for word in rest)


def only_file(directory):
    expect(directory.is_dir(), "not built")
    artifact = directory / "bootstrap"
    files = [path.name for path in directory.iterdir()]
    expect(files == ["bootstrap"], f"must contain only bootstrap, but contains {files}")
    expect(os.access(artifact, os.X_OK), "not executable")
    return artifact


def check_elf(artifact, architecture):
    readelf = ["readelf", "--wide", "--file-header", "--sections", "--program-headers", "--dynamic"]
    english = os.environ | {"LC_ALL": "C"}
    elf = subprocess.run([*readelf, artifact], check=True, capture_output=True, text=True, env=english).stdout
    machine = re.search(r"Machine:\s+(.+)", elf)[1]
    expect(machine == MACHINES[architecture][0], f"is built for {machine}, not for {architecture}")
    expect(".symtab" not in elf and ".debug_" not in elf, "not stripped")
    # A static binary needs no libraries of the runtime, and no dynamic linking at its start.
    expect("INTERP" not in elf and "(NEEDED)" not in elf, "not linked statically")


def zipped_size(artifact):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(artifact, "bootstrap")
    return package.tell()


def check_start(artifact, architecture, function):
    """Returns the milliseconds from start to first poll, and from there to the answer."""
    with RuntimeApi(batches() if function == RECORDER else requests()) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        started = time.monotonic()
        process = subprocess.Popen(
            command(artifact, architecture),
            env=environment(api.address, function),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            next_call(api, process, f"{VERSION}/invocation/next")
            polled = time.monotonic()
            response = next_call(api, process, f"{VERSION}/invocation/{REQUEST_ID}/response")
            answered = time.monotonic()
            next_call(api, process, f"{VERSION}/invocation/next")
            refusal = next_call(api, process, f"{VERSION}/invocation/{REQUEST_ID}/response")
            next_call(api, process, f"{VERSION}/invocation/next")
        finally:
            process.kill()
            output, _ = process.communicate()
            api.shutdown()
    if function == RECORDER:
        check_failures(response, [])
        check_failures(refusal, [{"itemIdentifier": UNREADABLE}])
        outcomes = [{"records": 0, "done": 0}, {"records": 1, "done": 0}]
    else:
        check_answer(response, 401, "unauthorized")
        check_answer(refusal, 500, "internal_error")
        outcomes = [{"status": 401}, {"status": 500}]
    check_log(output, function, outcomes)
    check_unwinding(artifact, architecture, function)
    return 1000 * (polled - started), 1000 * (answered - polled)


def requests():
    """A request without claims, and one whose body is not what it says."""
    without_claims = json.loads((ROOT / "tests/events/get-organization.json").read_text())
    without_claims["requestContext"]["authorizer"] = None
    return [without_claims, without_claims | {"body": "not base64", "isBase64Encoded": True}]


# The sequence number of a record.
UNREADABLE = "111"


def batches():
    """A batch without records, and one with a record of no organization."""
    key = {"S": "ORG#none"}
    change = {"Keys": {"pk": key, "sk": key}, "SequenceNumber": UNREADABLE, "SizeBytes": 1}
    change["ApproximateCreationDateTime"] = 1_800_000_000
    record = {"eventID": "1", "eventName": "INSERT", "awsRegion": "eu-central-1", "dynamodb": change}
    return [{"Records": []}, {"Records": [record]}]


def check_unwinding(artifact, architecture, function):
    """A function must answer the event of a handler that panics. An abort, which cargo-lambda makes the default of
    release builds, would end the process. The runtime panics if the memory size is not a number."""
    variables = environment("127.0.0.1:9", function) | {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "none"}
    ended = subprocess.run(command(artifact, architecture), env=variables, capture_output=True, text=True)
    expect("panicked" in ended.stdout and ended.returncode == 101, f"must unwind, but ended with {ended}")


def command(artifact, architecture):
    processor = MACHINES[architecture][1]
    if platform.machine() == processor:
        return [artifact]
    emulator = f"qemu-{processor}"
    expect(shutil.which(emulator), f"{emulator} is not installed")
    return [emulator, artifact]


def environment(runtime_api, function):
    """The variables that Lambda and template.yaml set. Nothing listens at the DynamoDB address."""
    return {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9",
        "AUTH_SERVICE_SCOPE": "organizations/service",
        "RELEASE": RELEASE,
        "TABLE_NAME": "organizations",
        "EVENT_BUS_NAME": "organizations",
        "EVENT_SOURCE": "organizations",
    }


def next_call(api, process, path):
    """Waits for the function's next call, which must be to `path`, and returns its body."""
    deadline = time.monotonic() + CALL_TIMEOUT
    while time.monotonic() < deadline:
        try:
            called, body = api.calls.get(timeout=0.1)
        except queue.Empty:
            if process.poll() is not None:
                raise Problem(f"ended with {process.returncode}: {process.stdout.read()}") from None
            continue
        expect(called == path, f"called {called} with {body}, not {path}")
        return body
    raise Problem(f"did not call {path} within {CALL_TIMEOUT} s")


def check_answer(response, status, code):
    response = json.loads(response)
    expect(response["statusCode"] == status, f"must answer {status}, but answered {response}")
    expect(json.loads(response["body"])["code"] == code, f"must answer {code}, but answered {response}")


def check_failures(response, expected):
    found = json.loads(response)
    expect(found == {"batchItemFailures": expected}, f"must report {expected}, but answered {found}")


def check_log(output, function, outcomes):
    lines = [json.loads(line) for line in output.splitlines()]
    # This also proves that each directory contains its own function and no other.
    common = {"operation": operation_id(function), "request_id": REQUEST_ID}
    expected = [common | outcome for outcome in outcomes]
    found = [{name: line.get(name) for name in expected[0]} for line in lines if "request_id" in line]
    expect(found == expected, f"wrong log: {output}")
    # Otherwise the alarm that stops a deployment would see no errors.
    expect(all(line["release"] == RELEASE for line in lines), f"a line names no release: {output}")


if __name__ == "__main__":
    main()
