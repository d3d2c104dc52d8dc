"""The running system: found or started, its mail, its processes."""

import email
import email.policy
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from .client import Unreachable, exchange, wait_until
from .errors import DemoError, check


class System:
    """One running Sunset and the three things that the demo does to it outside HTTP: read its mail, kill, and see restarts."""

    def __init__(self, data, url=None):
        self.data = os.path.abspath(data)
        self.url = (url or self.state()["url"]).rstrip("/")

    def state(self):
        """Returns what scripts/run says about itself."""
        try:
            with open(os.path.join(self.data, "run.json")) as file:
                return json.load(file)
        except FileNotFoundError:
            raise DemoError(f"no Sunset runs on {self.data} (there is no run.json)") from None

    def is_ready(self):
        """Whether the API says that it can take requests."""
        try:
            return exchange("GET", f"{self.url}/health/ready", timeout=5).status == 200
        except Unreachable:
            return False

    def messages(self, address):
        """Returns the mails to an address, oldest first."""
        found = []
        for folder in ("new", "cur"):
            path = os.path.join(self.state()["maildir"], folder)
            for name in os.listdir(path) if os.path.isdir(path) else []:
                file = os.path.join(path, name)
                with open(file, "rb") as source:
                    message = email.message_from_binary_file(source, policy=email.policy.default)
                if address in [one.addr_spec for one in message["To"].addresses]:
                    found.append((os.path.getmtime(file), message))
        return [message for _, message in sorted(found, key=lambda pair: pair[0])]

    def mail(self, address, pattern, timeout=30):
        """Waits for a mail whose text matches, and returns all matches of the latest."""
        def probe():
            for message in reversed(self.messages(address)):
                matches = pattern.findall(message.get_content())
                if matches:
                    return matches
            return None
        return wait_until(f"mail to {address}", probe, timeout)

    def workers(self, queue):
        """Returns the pids of a queue's processes."""
        folder = os.path.join(self.data, "run", "workers")
        pids = []
        for name in sorted(os.listdir(folder)):
            if name.startswith(f"{queue}-") and name.endswith(".pid"):
                with open(os.path.join(folder, name)) as file:
                    text = file.read().split()
                if text:
                    pids.append(int(text[0]))
        return pids

    def worker_reading(self, queue, size):
        """Returns the pid of the process that has a file of this size open, or None."""
        for pid in self.workers(queue):
            folder = f"/proc/{pid}/fd"
            try:
                for name in os.listdir(folder):
                    if os.stat(os.path.join(folder, name)).st_size == size:
                        return pid
            except OSError:  # It ended, or closed the file, while it was looked at.
                continue
        return None

    def kill_redis(self):
        """Ends redis-server without warning; returns its pid."""
        pid = self.state()["pids"]["redis"]
        kill(pid)
        return pid

    def await_redis(self, old, timeout=60):
        """Waits until the system has its Redis again."""
        def is_back():
            pid = self.state()["pids"].get("redis")
            return pid != old and self.is_ready()
        wait_until("redis-server is back", is_back, timeout)


def kill(pid):
    """SIGKILL to one process, by its id."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        raise DemoError(f"process {pid} was gone before it could be killed") from None


def is_alive(pid):
    """Whether a process runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class OwnSystem:
    """A Sunset that the demo starts for itself and stops again."""

    def __init__(self, root, options, say):
        self.root, self.options, self.say = root, options, say
        os.makedirs(os.path.join(root, ".sunset"), exist_ok=True)
        self.data = tempfile.mkdtemp(prefix="demo-", dir=os.path.join(root, ".sunset"))
        self.log = os.path.join(self.data, "run.log")
        self.process = None

    def start(self, timeout=3600):
        """Builds, starts, and waits until the system is ready (the first build takes minutes)."""
        command = [os.path.join(self.root, "scripts", "run"), "--data", self.data, "--port", "0", *self.options]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + timeout
        while not self.is_up():
            if self.process.poll() is not None:
                raise DemoError(f"scripts/run ended with status {self.process.returncode}:\n{self.tail()}")
            check(time.monotonic() < deadline, f"scripts/run was not ready within {timeout} s:\n{self.tail()}")
            time.sleep(0.2)
        return System(self.data)

    def is_up(self):
        """Whether scripts/run has said that everything is ready."""
        with open(self.log, errors="replace") as log:
            return any("Sunset is ready:" in line for line in log)

    def tail(self):
        """Returns the last lines of what scripts/run printed."""
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-15:])

    def stop(self, keep):
        """Stops it in order; its data goes unless it is to be kept."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(120)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.say("scripts/run did not stop within 120 s and was killed")
        if keep:
            self.say(f"kept: {self.data} (its output is in run.log)")
        else:
            last = os.path.join(self.root, ".sunset", "demo-run.log")
            shutil.move(self.log, last)
            shutil.rmtree(self.data, ignore_errors=True)
            self.say(f"stopped; what scripts/run printed is in {os.path.relpath(last, self.root)}")
        status = self.process.returncode if self.process else 0
        if status not in (0, -signal.SIGTERM):
            print(f"demo: scripts/run ended with status {status}", file=sys.stderr)
