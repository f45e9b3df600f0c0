"""`sam build` with the real makefile builder, and a script in place of cargo."""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]

# Accepts the one command of functions/Makefile, and makes each binary with `MAKE`, a shell command, which
# may use $binary, the target $8 and $artifact.
CARGO = """#!/bin/sh
set -e
[ "$1 $2 $3 $7" = "lambda build --release --target" ] || exit 64
for source in functions/src/bin/*.rs; do
    binary=$(basename "$source" .rs)
    artifact=$CARGO_TARGET_DIR/lambda/$binary/bootstrap
    mkdir -p "$(dirname "$artifact")"
    MAKE
done
"""

# A binary that `cargo build` has compiled for this machine, whatever the target. Without symbols, it is a
# tenth of the size. SAM runs the makefile, and so this, once per function.
COPY_DEBUG_BINARY = '[ -e "$artifact" ] || strip -o "$artifact" "target/debug/$binary"'


def sam_build(build_dir, make, *options):
    """Builds into `build_dir`."""
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        cargo = directory / "bin/cargo"
        cargo.parent.mkdir()
        cargo.write_text(CARGO.replace("MAKE", make))
        cargo.chmod(0o755)
        environment = os.environ | {
            "PATH": f"{cargo.parent}:{os.environ['PATH']}",
            "CARGO_TARGET_DIR": str(directory / "target"),
        }
        command = [sys.executable, "-m", "samcli", "build", "--build-dir", build_dir, *options]
        built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if built.returncode:
            raise RuntimeError(f"`sam build` failed: {built.stderr}")
