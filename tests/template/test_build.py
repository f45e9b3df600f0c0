"""Checks what `sam build` tells cargo to compile, and what it puts into each artifact. Compiling takes
minutes, so a script stands in for cargo; `bash .ci/artifacts` compiles, and starts each artifact."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]

# Writes, in place of each binary, its name and the target.
CARGO = """#!/bin/sh
[ "$1 $2 $3 $7" = "lambda build --release --target" ] || exit 64
for source in functions/src/bin/*.rs; do
    binary=$(basename "$source" .rs)
    mkdir -p "$CARGO_TARGET_DIR/lambda/$binary"
    printf '%s for %s' "$binary" "$8" >"$CARGO_TARGET_DIR/lambda/$binary/bootstrap"
done
"""


class Build(unittest.TestCase):
    def build(self, *options):
        """The content of each artifact, by logical id."""
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            cargo = directory / "bin/cargo"
            cargo.parent.mkdir()
            cargo.write_text(CARGO)
            cargo.chmod(0o755)
            environment = os.environ | {
                "PATH": f"{cargo.parent}:{os.environ['PATH']}",
                "CARGO_TARGET_DIR": str(directory / "target"),
            }
            command = [sys.executable, "-m", "samcli", "build", "--build-dir", directory / "built", *options]
            built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
            self.assertEqual(built.returncode, 0, built.stderr)
            return {path.parent.name: path.read_text() for path in directory.glob("built/*/bootstrap")}

    def expected(self, target):
        template = (ROOT / "template.yaml").read_text()
        functions = re.findall(r"^  (\w+)Function:$", template, re.MULTILINE)
        self.assertGreaterEqual(len(functions), 9)
        binary = {function: re.sub(r"(?<=.)([A-Z])", r"-\1", function).lower() for function in functions}
        return {f"{function}Function": f"{binary[function]} for {target}" for function in functions}

    def test_each_artifact_is_the_binary_of_its_function_linked_statically_for_arm64(self):
        self.assertEqual(self.build(), self.expected("aarch64-unknown-linux-musl"))

    def test_the_parameter_architecture_selects_the_target(self):
        built = self.build("--parameter-overrides", "Architecture=x86_64")
        self.assertEqual(built, self.expected("x86_64-unknown-linux-musl"))


if __name__ == "__main__":
    unittest.main()
