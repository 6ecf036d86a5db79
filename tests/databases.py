"""A PostgreSQL with PostGIS that the tests start for themselves, on a socket."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tools import missing

# The first line that fits a user decides: `locked` needs the password, `nobody` has no
# way in, all others are trusted.
_WHO = """\
local all locked scram-sha-256
local all nobody reject
local all all trust
"""


def clean_environment() -> dict[str, str]:
    """Give the environment without what would lead to another server."""
    return {name: v for name, v in os.environ.items() if not name.startswith("PG")}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where its programs are, and the folder of its socket."""

    tools: Path
    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def run(self, *command: str, text: str | None = None) -> str:
        """Run a program as the server's user, and give back what it printed."""
        # PostgreSQL does not run as root.
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
            [*user, *command],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=clean_environment(),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def psql(self, sql: str, *, database: str = "postgres") -> str:
        """Run SQL as the superuser; fields come apart by ``|``."""
        psql = [str(self.tools / "psql"), "-h", str(self.folder), "-U", "postgres"]
        options = ["-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", database]
        return self.run(*psql, *options, text=sql)

    def address(
        self, database: str, *, user: str = "postgres", password: str | None = None
    ) -> str:
        """Address of a database for a user."""
        who = user if password is None else f"{user}:{quote(password, safe='')}"
        return f"postgresql://{who}@/{database}?host={quote(str(self.folder), safe='')}"

    @contextmanager
    def database(self, *, template: str = "with_postgis") -> Iterator[str]:
        """Make an empty database, gone at the end, and give its name."""
        name = f"test_{next(self._numbers)}"
        self.psql(f"create database {name} template {template};")
        try:
            yield name
        finally:
            self.psql(f"drop database {name} with (force);")


@contextmanager
def start_server() -> Iterator[Server]:
    """Start a server with a database `with_postgis`; skip where it is not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    extension = list(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))
    if not programs or not extension:
        missing("needs PostGIS (Debian: apt-get install postgresql-15-postgis-3)")
    # A socket's path must be short, wherever pytest has its folders.
    folder = Path(tempfile.mkdtemp(prefix="gb-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = Server(programs[-1].parent, folder)
    data, log = str(folder / "data"), str(folder / "log")
    control = [str(server.tools / "pg_ctl"), "-D", data, "-l", log, "-w"]
    initdb = str(server.tools / "initdb")
    try:
        server.run(initdb, "-D", data, "-U", "postgres", "-A", "trust", "--no-sync")
        server.run("tee", f"{data}/pg_hba.conf", text=_WHO)
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        server.run(*control, "-o", options, "start")
        try:
            server.psql(
                "create role locked login password 'opensesame';"
                "create role guest login; create role nobody login;"
                "create database with_postgis;"
            )
            server.psql("create extension postgis;", database="with_postgis")
            yield server
        finally:
            server.run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
