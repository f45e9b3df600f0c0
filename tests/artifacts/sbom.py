"""Compares each function's SBOM with the packages that cargo links into the functions or runs to build them.

    python3 tests/artifacts/sbom.py DIRECTORY TARGET

cargo-cyclonedx uses `cargo metadata`, which also lists dependencies of features that are not enabled. These
are removed from the SBOM. A missing dependency fails.
"""

import json
import pathlib
import subprocess
import sys


def package(component):
    return component["name"], component["version"]


def linked(target):
    """Names and versions of the dependencies of the package `functions`, from `cargo tree`. It prints lines
    like `shared v0.1.0 (/path)`. The first line is the package itself; an SBOM lists the binary instead."""
    command = ["cargo", "tree", "--locked", "--package", "functions", "--target", target]
    command += ["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {(line.split()[0], line.split()[1].removeprefix("v")) for line in lines[1:] if line}


def trim(sbom, packages):
    kept = [component for component in sbom["components"] if package(component) in packages]
    references = {component["bom-ref"] for component in kept} | {sbom["metadata"]["component"]["bom-ref"]}
    sbom["components"] = kept
    sbom["dependencies"] = [
        {**entry, "dependsOn": [other for other in entry.get("dependsOn", []) if other in references]}
        for entry in sbom["dependencies"]
        if entry["ref"] in references
    ]


def main(directory, target):
    root = pathlib.Path(__file__).parents[2]
    packages = linked(target)
    for function in sorted(path.stem for path in (root / "functions/src/bin").iterdir()):
        file = pathlib.Path(directory) / f"{function}.cdx.json"
        text = file.read_text()
        assert str(root) not in text, f"{function}: contains paths of this machine"
        sbom = json.loads(text)
        assert sbom["metadata"]["component"]["name"] == function, f"{function}: describes another component"
        trim(sbom, packages)
        listed = {package(component) for component in sbom["components"]}
        assert listed == packages, f"{function}: {sorted(packages - listed)} are missing"
        file.write_text(json.dumps(sbom, indent=2) + "\n")
        print(f"{function}: {len(listed)} packages")


if __name__ == "__main__":
    main(*sys.argv[1:])
