import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("telegram", "aiohttp", "sqlalchemy", "pydantic", "structlog", "alembic", "babel", "feedparser")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The launcher in its own folder, with an empty lock file and a `bot` that prints its arguments."""
    folder = tmp_path / "kabar"
    (folder / "bot").mkdir(parents=True)
    shutil.copy(ROOT / "kabar", folder / "kabar")
    (folder / "requirements.lock").write_text("")
    (folder / "bot/__init__.py").touch()
    (folder / "bot/__main__.py").write_text("import os, sys; print(os.getpid(), os.getcwd(), sys.argv[1:])")
    return folder


def call(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "KABAR_VENV"}
    return subprocess.run(
        [sys.executable, folder / "kabar", *arguments], capture_output=True, text=True, env={**clean, **environment}
    )


def test_the_first_call_prepares_and_later_ones_start_at_once(copy: Path) -> None:
    first, second = call(copy, "run"), call(copy, "run")
    assert "Preparing" in first.stderr
    assert second.stderr == ""
    assert second.stdout.endswith(f"{copy} ['run']\n")


def test_the_launcher_becomes_the_command(copy: Path) -> None:
    call(copy, "run")
    clean = {name: value for name, value in os.environ.items() if name != "KABAR_VENV"}
    with subprocess.Popen(
        [sys.executable, copy / "kabar", "run"], stdout=subprocess.PIPE, text=True, env=clean
    ) as child:
        output, _ = child.communicate()
    assert output.startswith(f"{child.pid} ")


def test_a_changed_lock_file_brings_the_environment_up_to_date(copy: Path) -> None:
    call(copy, "run")
    (copy / "requirements.lock").write_text("# changed\n")
    assert "Preparing" in call(copy, "run").stderr
    assert call(copy, "run").stderr == ""


def test_a_killed_preparation_is_recovered(copy: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name != "KABAR_VENV"}
    with subprocess.Popen(
        [sys.executable, copy / "kabar", "run"], stderr=subprocess.PIPE, text=True, env=clean
    ) as child:
        assert child.stderr is not None
        assert "Preparing" in child.stderr.readline()
        child.kill()
    recovered = call(copy, "run")
    assert recovered.returncode == 0
    assert recovered.stdout.endswith("['run']\n")


def test_two_first_calls_at_once_prepare_one_environment(copy: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name != "KABAR_VENV"}
    command = [sys.executable, str(copy / "kabar"), "run"]
    children = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean)
        for _ in range(2)
    ]
    outputs = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert sum("Preparing" in errors for _, errors in outputs) == 1


def test_the_environment_is_in_the_folder_that_kabar_venv_names(copy: Path, tmp_path: Path) -> None:
    call(copy, "run", KABAR_VENV=str(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere/bin/python").exists()
    assert not (copy / ".venv").exists()


def test_a_lock_file_that_cannot_be_installed_fails_without_a_traceback(copy: Path) -> None:
    (copy / "requirements.lock").write_text("nothing-of-this-name==0 --hash=sha256:" + "0" * 64 + "\n")
    failed = call(copy, "run", PIP_NO_INDEX="1")
    assert failed.returncode == 1
    assert "could not be prepared" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("arguments", ['["--help"]', '["run", "--help"]', '["subscribers", "import", "--help"]'])
def test_help_imports_nothing_heavy(arguments: str) -> None:
    script = (
        f"import sys\nfrom bot.cli import main\nmain({arguments}, standalone_mode=False)\n"
        f"print('LOADED', [name for name in {HEAVY} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.endswith("LOADED []\n"), result.stdout + result.stderr


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("SEND_RATE", "fast", "number"),
        ("ADMIN_IDS", "ratna", "user ids"),
        ("DATABASE_URL", "mysql://x", "postgresql+asyncpg"),
        ("HTTP_PORT", "99999", "65535"),
        ("LOG_LEVEL", "loud", "info"),
        ("ALLOW_PRIVATE_SOURCES", "maybe", "host:port"),
        ("NEWSROOM", "nowhere.toml", "does not exist"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(tmp_path: Path, name: str, value: str, accepted: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], name: value},
    )
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert name in result.stderr
    assert accepted in result.stderr
