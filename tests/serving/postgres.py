"""A real PostgreSQL server in a folder of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

PASSWORD = "correct-horse-9"


class Postgres:
    """A cluster whose user ``ana`` has a password; it refuses to run as root, and so runs as ``postgres`` there."""

    def __init__(self):
        self._bin = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
        self._folder = Path(tempfile.mkdtemp(prefix="mlmagic-pg-"))  # below a folder that the other user may enter
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run("initdb", "-D", self._data, "-U", "ana", "-A", "password", f"--pwfile={secret}", "--no-sync")
        self.start()

    @property
    def _data(self):
        return str(self._folder / "data")

    def uri(self, *, password=PASSWORD):
        return f"postgresql+psycopg2://ana:{password}@127.0.0.1:{self.port}/postgres"

    def start(self):
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self._folder} -c fsync=off"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def kill(self):
        self._run("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")

    def stop(self):
        self.kill()
        shutil.rmtree(self._folder)

    def _run(self, program, *arguments):
        found = str(self._bin / program) if self._bin else program
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        subprocess.run([*user, found, *arguments], cwd=self._folder, check=True, stdout=subprocess.DEVNULL)
