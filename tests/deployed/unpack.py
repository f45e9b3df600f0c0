#!/usr/bin/env python3
"""Takes the functions' binaries from an archive, and nothing else.

    python3 tests/deployed/unpack.py ARCHIVE DIRECTORY

The archive comes from a job that has run build scripts, which could have put anything into it. A link in it, for
example, could make another member overwrite a script that runs later, with credentials. So each binary is read
as bytes, and written to DIRECTORY/BINARY/bootstrap, which must be new.
"""

import pathlib
import sys
import tarfile

SOURCES = pathlib.Path(__file__).parents[2] / "functions/src/bin"


def main(archive, directory):
    with tarfile.open(archive) as opened:
        # By name, in the directory that cargo-lambda wrote. Of members with the same name, the last counts.
        members = {tuple(member.name.split("/")[-2:]): member for member in opened if member.isreg()}
        for binary in sorted(source.stem for source in SOURCES.glob("*.rs")):
            member = members.get((binary, "bootstrap"))
            if member is None:
                sys.exit(f"{archive} has no binary {binary}")
            path = pathlib.Path(directory) / binary / "bootstrap"
            path.parent.mkdir(parents=True)
            path.write_bytes(opened.extractfile(member).read())
            path.chmod(0o755)


if __name__ == "__main__":
    main(*sys.argv[1:])
