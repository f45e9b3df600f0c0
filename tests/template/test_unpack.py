"""Checks what the job with credentials takes from the archive of the job that compiled."""

import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

from build import ROOT

BINARIES = sorted(source.stem for source in (ROOT / "functions/src/bin").glob("*.rs"))


class Unpack(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.archive = tarfile.open(self.directory / "build.tar", "w")
        self.addCleanup(self.archive.close)

    def add(self, name, text="", **properties):
        member = tarfile.TarInfo(name)
        member.size = len(text)
        for property, value in properties.items():
            setattr(member, property, value)
        self.archive.addfile(member, io.BytesIO(text.encode()))

    def add_binaries(self, *binaries):
        for binary in binaries:
            self.add(f"target/lambda/aarch64-unknown-linux-musl/{binary}/bootstrap", f"code of {binary}")

    def unpacked(self):
        """What the script prints as an error, and the files then in its directory."""
        self.archive.close()
        script = ROOT / "tests/deployed/unpack.py"
        ended = subprocess.run(
            [sys.executable, script, "build.tar", "built"], cwd=self.directory, capture_output=True, text=True
        )
        files = {path for path in self.directory.rglob("*") if path.name != "build.tar" and not path.is_dir()}
        return ended.stderr, {str(path.relative_to(self.directory)): path for path in files}

    def test_it_takes_each_binary_and_makes_it_executable(self):
        self.assertGreaterEqual(len(BINARIES), 9)
        self.add_binaries(*BINARIES)
        _, files = self.unpacked()
        self.assertEqual(set(files), {f"built/{binary}/bootstrap" for binary in BINARIES})
        for name, path in files.items():
            self.assertEqual(path.read_text(), f"code of {name.split('/')[1]}")
            self.assertEqual(path.stat().st_mode & 0o777, 0o755)

    def test_it_takes_nothing_else_and_follows_no_link(self):
        self.add_binaries(*BINARIES)
        self.add("built", type=tarfile.SYMTYPE, linkname=".")
        self.add("built/sitecustomize.py", "planted")
        self.add("../planted", "planted")
        self.add(f"{BINARIES[0]}/bootstrap", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        error, files = self.unpacked()
        self.assertEqual(error, "")
        self.assertEqual(set(files), {f"built/{binary}/bootstrap" for binary in BINARIES})
        self.assertFalse((self.directory.parent / "planted").exists())
        self.assertFalse(any(path.is_symlink() or "planted" in path.read_text() for path in files.values()))

    def test_a_missing_binary_is_an_error(self):
        self.add_binaries(*BINARIES[1:])
        error, _ = self.unpacked()
        self.assertIn(f"no binary {BINARIES[0]}", error)


if __name__ == "__main__":
    unittest.main()
