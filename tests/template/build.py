"""`sam build` with the real makefile builder, and a script in place of cargo."""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]

# Accepts the commands of functions/Makefile, and makes each binary with `MAKE`, a shell command, which may use
# $binary, the target $8 and $artifact. Fails if it already runs, as cargo-lambda does in some places.
CARGO = """#!/bin/sh
set -e
[ "$*" != "lambda --version" ] || exit 0
[ "$1 $2 $3 $7 $9" = "lambda build --release --target --lambda-dir" ] || exit 64
mkdir "$0.runs"
for source in functions/src/bin/*.rs; do
    binary=$(basename "$source" .rs)
    artifact=${10}/$binary/bootstrap
    mkdir -p "$(dirname "$artifact")"
    MAKE
done
rmdir "$0.runs"
"""

# A binary that `cargo build` has compiled for this machine, whatever the target. Without symbols, it is a
# tenth of the size. SAM runs the makefile, and so this, once per function.
COPY_DEBUG_BINARY = '[ -e "$artifact" ] || strip -o "$artifact" "target/debug/$binary"'


def sam_build(build_dir, make, *options, **variables):
    """Builds into `build_dir`, with these environment variables."""
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        cargo = directory / "bin/cargo"
        cargo.parent.mkdir()
        cargo.write_text(CARGO.replace("MAKE", make))
        zig = directory / "bin/zig"
        zig.write_text("#!/bin/sh\n")
        for script in cargo, zig:
            script.chmod(0o755)
        environment = os.environ | {
            "PATH": f"{cargo.parent}:{os.environ['PATH']}",
            "CARGO_TARGET_DIR": str(directory / "target"),
        } | variables
        command = [sys.executable, "-m", "samcli", "build", "--build-dir", build_dir, *options]
        built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if built.returncode:
            raise RuntimeError(f"`sam build` failed: {built.stderr}")
