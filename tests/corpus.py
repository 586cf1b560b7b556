"""Test documents of other projects: those in the source distributions of the libraries named in corpus.txt."""

import fcntl
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

WANTED = Path(__file__).with_name("corpus.txt")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of the unpacked source distributions, one folder each; downloaded once for each environment."""
    folder = Path(sys.prefix) / "corpus" / sha256(WANTED.read_bytes()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "complete"
    with (folder / "lock").open("w") as lock:  # workers of a parallel run wait for the first
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _fetch(folder)
            done.touch()
    return folder


def _fetch(folder: Path) -> None:
    pip = [getattr(sys, "_base_executable", sys.executable), "-m", "pip"]  # the launcher's environment has no pip
    options = ["--no-deps", "--no-binary", ":all:", "--require-hashes", "-r", str(WANTED), "-d", str(folder)]
    subprocess.run([*pip, "download", "-qq", "--disable-pip-version-check", *options], check=True, timeout=300)
    for package in folder.glob("*.tar.gz"):
        with tarfile.open(package) as archive:
            archive.extractall(folder, filter="data")
