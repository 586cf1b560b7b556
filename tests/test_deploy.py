"""The files in `deploy/` for Docker Compose, Docker and systemd."""

import configparser
import fnmatch
import re
from pathlib import Path

import yaml
from sqlalchemy import make_url

from bot.config import Settings

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
OURS = [service for service in COMPOSE["services"].values() if "build" in service]


def test_every_service_of_ours_gets_every_setting_and_nothing_misspelt() -> None:
    names = {name.upper() for name in Settings.model_fields}
    assert len(OURS) == 4
    for service in OURS:
        assert service["env_file"] == [".env"]
        assert set(service["environment"]) - {"PGPASSWORD"} <= names


def test_the_database_password_is_in_no_address_where_it_would_need_escaping() -> None:
    for service in OURS:
        url = make_url(service["environment"]["DATABASE_URL"])
        assert (url.password, url.host) == (None, "postgres")
        assert "POSTGRES_PASSWORD" in service["environment"]["PGPASSWORD"]


def test_each_chat_process_has_a_port_of_its_own_on_loopback_for_the_webhook() -> None:
    chat = COMPOSE["services"]["chat"]
    host, ports, inside = chat["ports"][0].split(":")
    first, last = map(int, ports.split("-"))
    assert (host, inside) == ("127.0.0.1", chat["environment"]["HTTP_PORT"])
    assert last - first + 1 == chat["deploy"]["replicas"]


def test_systemd_does_not_restart_after_a_wrong_setting() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # keys of units are case-sensitive
    unit.read(DEPLOY / "kabar.service")
    assert unit["Service"]["Restart"] == "always"
    assert unit["Service"]["RestartPreventExitStatus"] == "2"  # what `kabar run` exits with for wrong settings


def test_the_build_context_is_what_the_dockerfile_copies_and_contains_no_env_file() -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert rules[1] == "*"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert {source for source in re.findall(r"^COPY (\S+) ", dockerfile, re.MULTILINE)} == allowed
    assert not any(fnmatch.fnmatch(".env", name) for name in allowed)


def test_the_image_installs_exactly_the_lock_file() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    install = next(line for line in dockerfile.splitlines() if "pip install" in line)
    assert {"--no-deps", "--require-hashes", "requirements.lock"} <= set(install.split())
