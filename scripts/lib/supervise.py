"""Starts the parts of one Sunset in order, streams their logs, restarts what dies, and stops them in order."""

import argparse
import ctypes
import fcntl
import hashlib
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
COLOURS = {"redis": 31, "payments": 35, "api": 36, "workers": 33, "run": 32}


def die_with_parent():
    """A part whose supervisor was killed ends as if it had been asked to."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def say(name, line):
    label = name.ljust(8)
    if sys.stdout.isatty():
        label = f"\x1b[{COLOURS.get(name, 37)}m{label}\x1b[0m"
    sys.stdout.write(f"{label} | {line}\n")
    sys.stdout.flush()


class StartError(Exception):
    """A part did not become ready; says why."""


class Part:
    """One process: how it is started, how one knows that it is ready, how it is stopped."""

    def __init__(self, name, command, ready, patience=60, stop=None, grace=15):
        self.name, self.command, self.ready, self.patience = name, command, ready, patience
        self.stop_command, self.grace = stop, grace
        self.process, self.failures, self.started = None, 0, 0.0

    def start(self, exits):
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=die_with_parent)
        threading.Thread(target=self._pump, args=(self.process, exits), daemon=True).start()

    def _pump(self, process, exits):
        for line in process.stdout:
            say(self.name, line.decode("utf-8", "replace").rstrip("\n"))
        process.wait()
        exits.put((self, process))

    def wait_until_ready(self, stopping):
        deadline = time.monotonic() + self.patience
        while not self.ready():
            if self.process.poll() is not None:
                raise StartError(f"{self.name} ended with status {self.process.returncode} before it was ready")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} was not ready within {self.patience} s")
            if stopping.wait(0.05):
                return

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        if self.stop_command:
            subprocess.run(self.stop_command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
        else:
            self.process.terminate()
        try:
            self.process.wait(self.grace)
        except subprocess.TimeoutExpired:
            say("run", f"{self.name} did not end within {self.grace} s and is killed")
            self.process.kill()
            self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_taken(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


class Installation:
    """The parts, their folders and their addresses."""

    def __init__(self, arguments):
        self.data = os.path.abspath(arguments.data)
        for folder in ("redis", "run/workers", "mail", "payments"):
            os.makedirs(os.path.join(self.data, folder), mode=0o700, exist_ok=True)
        self.lock = open(os.path.join(self.data, "run", "lock"), "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"a Sunset is already running on {self.data}")
        if arguments.port and is_taken(arguments.port):
            raise StartError(f"port {arguments.port} is taken; choose another with --port N")
        self.port = arguments.port or free_port()
        self.s3 = ""
        if arguments.s3_port:
            if int(arguments.s3_port) and is_taken(int(arguments.s3_port)):
                raise StartError(f"port {arguments.s3_port} is taken; choose another with --s3-port N")
            self.s3 = f"127.0.0.1:{int(arguments.s3_port) or free_port()}"
        self.payments_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket = self._socket_path()
        for name in os.listdir(os.path.join(self.data, "run/workers")):
            os.unlink(os.path.join(self.data, "run/workers", name))
        self.parts = self._parts(arguments)

    def _socket_path(self):
        path = os.path.join(self.data, "redis", "redis.sock")
        if len(path.encode()) <= 100:  # sun_path holds 108 bytes
            return path
        short = os.path.join(tempfile.gettempdir(), "sunset-" + hashlib.sha256(path.encode()).hexdigest()[:16])
        os.makedirs(short, mode=0o700, exist_ok=True)
        return os.path.join(short, "redis.sock")

    def _parts(self, arguments):
        def program(name, *more):
            return [os.path.join(arguments.binaries, name), *more,
                    "--data", self.data, "--redis-socket", self.socket,
                    "--api-port", str(self.port), "--api-public-url", self.url,
                    "--payments-url", f"http://127.0.0.1:{self.payments_port}",
                    "--payments-stub-port", str(self.payments_port),
                    "--store-address", self.s3,
                    "--api-storefront", arguments.storefront]

        redis = os.path.join(ROOT, ".build-tools", "redis-server")
        self.redis_command = [
            redis, os.path.join(ROOT, "Config", "redis.conf"), "--dir", os.path.join(self.data, "redis"),
            "--unixsocket", self.socket, "--pidfile", os.path.join(self.data, "redis", "redis.pid")]
        cli = [shutil.which("redis-cli") or "redis-cli", "-s", self.socket]
        return [
            Part("redis", self.redis_command, lambda: self._redis_answers(cli), stop=[*cli, "shutdown"], grace=60),
            Part("payments", program("sunset-payments"),
                 lambda: answers(f"http://127.0.0.1:{self.payments_port}/health/live")),
            Part("api", program("sunset-api"), lambda: answers(f"{self.url}/health/ready"), grace=40),
            Part("workers", program("sunset-worker", "pool"), self._workers_are_ready, grace=60),
        ]

    def _redis_answers(self, cli):
        reply = subprocess.run([*cli, "ping"], capture_output=True, text=True, timeout=10)
        return reply.stdout.strip() == "PONG"

    def _workers_are_ready(self):
        """The pool's supervisor lists every process that it wants in run/workers/expected; each writes its own pid."""
        folder = os.path.join(self.data, "run/workers")
        try:
            with open(os.path.join(folder, "expected")) as file:
                expected = file.read().split()
        except FileNotFoundError:
            return False
        return all(os.path.exists(os.path.join(folder, name + ".pid")) for name in expected)

    def write_state(self):
        state = {
            "url": self.url, "s3": f"http://{self.s3}" if self.s3 else None, "data": self.data, "maildir": os.path.join(self.data, "mail"),
            "redis_socket": self.socket, "redis_command": self.redis_command, "supervisor": os.getpid(),
            "pids": {part.name: part.process.pid for part in self.parts if part.process}}
        path = os.path.join(self.data, "run.json")
        with open(path + ".new", "w") as file:
            json.dump(state, file, indent=2)
        os.replace(path + ".new", path)


def supervise(installation, stopping):
    exits = queue.Queue()
    for part in installation.parts:
        if stopping.is_set():
            return
        part.start(exits)
        part.wait_until_ready(stopping)
        installation.write_state()
    if stopping.is_set():
        return
    if installation.s3:
        say("run", f"S3 is served on http://{installation.s3}; its keys are in {installation.data}/secrets/s3-keys")
    say("run", f"Sunset is ready: {installation.url}   (mail: {installation.data}/mail, Ctrl-C stops)")
    while not stopping.is_set():
        try:
            part, process = exits.get(timeout=0.2)
        except queue.Empty:
            continue
        if process is not part.process or stopping.is_set():
            continue
        if time.monotonic() - part.started > 60:
            part.failures = 0
        pause = min(0.5 * 2 ** part.failures, 10)
        part.failures += 1
        say("run", f"{part.name} ended with status {process.returncode}; it is started again in {pause} s")
        if not stopping.wait(pause):
            part.start(exits)
            installation.write_state()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--binaries", required=True)
    parser.add_argument("--s3-port", default="", help="empty: off")
    parser.add_argument("--storefront", default="")
    arguments = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    status = 0
    installation = None
    try:
        installation = Installation(arguments)
        supervise(installation, stopping)
    except StartError as error:
        say("run", str(error))
        status = 1
    finally:
        stopping.set()
        if installation:
            # What takes work in stops first, what keeps it stops last.
            for part in sorted(installation.parts, key=lambda part: ["api", "workers", "payments", "redis"].index(part.name)):
                part.stop()
            say("run", "stopped")
    return status


if __name__ == "__main__":
    sys.exit(main())
