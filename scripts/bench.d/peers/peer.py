#!/usr/bin/env python3
"""Measures one peer once on a running redis-server, and prints one JSON object.

    peer.py --port PORT drain   PEER [--queued N] [--jobs N]
    peer.py --port PORT latency PEER

`drain` puts `queued` jobs on the peer's queue, starts one worker and gives the steady rate: of the last 90 % of `jobs`.
The Python peers, which are slower by an order and mostly enqueue one by one, get at most `most` jobs.
`latency` gives milliseconds from just before the enqueue to the start of the job, on an idle worker, one job every 5 ms.
The server is flushed before. A job appends 16 bytes (time sent, time run) to a file; payload 200 bytes.
PEERS_PY and PEERS_PY_ARQ name the Pythons that have the Python peers installed.
"""
import argparse
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PY = os.environ.get("PEERS_PY", sys.executable)
PY_ARQ = os.environ.get("PEERS_PY_ARQ", PY)  # arq 0.28 wants redis-py < 6, celery 5.7 wants 6.1 or later


def python(peer, bulk=False, most=5_000, **env):
    command = [PY_ARQ if peer == "arq" else PY, os.path.join(HERE, "py_driver.py"), peer]
    return dict(send=command, worker=command + ["worker"], bulk=bulk, most=most, env=env)


# Each with the peer's own default concurrency, or the best that was found for it.
PEERS = {
    "sidekiq": dict(
        send=["ruby", os.path.join(HERE, "sidekiq_driver.rb")], bulk=True, most=1_000_000, env={},
        worker=["sidekiq", "-q", "default", "-c", "10", "-r", os.path.join(HERE, "sidekiq_job.rb")]),
    "rq": python("rq", bulk=True, most=1_000),
    "celery": python("celery", CONC="1", POOL="solo"),
    "dramatiq": python("dramatiq", CONC="8"),
    "arq": python("arq", CONC="100"),
    "saq": python("saq", CONC="10"),
    "bullmq": python("bullmq", bulk=True, CONC="20"),
    "taskiq": python("taskiq", CONC="100"),
    "huey": python("huey", CONC="1"),
    "streaq": python("streaq", bulk=True, CONC="64"),
}


def flush(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"FLUSHALL\r\n")
        if not connection.recv(64).startswith(b"+OK"):
            raise RuntimeError("the server refused FLUSHALL")


class Run:
    def __init__(self, peer, port, folder):
        self.peer, self.spec, self.folder = peer, PEERS[peer], folder
        self.log = os.path.join(folder, "jobs")
        self.errors = os.path.join(folder, "errors")
        self.env = dict(os.environ, REDIS_PORT=str(port), BENCH_LOG=self.log, PYTHONPATH=HERE,
                        PYTHONDONTWRITEBYTECODE="1", **self.spec["env"])
        self.worker = None

    def fail(self, what):
        with open(self.errors, errors="replace") as f:
            raise RuntimeError(f"{self.peer}: {what}: {f.read()[-1500:]}")

    def send(self, *arguments):
        with open(self.errors, "ab") as errors:
            out = subprocess.run([*self.spec["send"], *map(str, arguments)], env=self.env, stdout=subprocess.PIPE,
                                 stderr=errors, cwd=self.folder, timeout=240).stdout
        match = re.search(rb"elapsed ([\d.e-]+)", out)
        if not match:
            self.fail(f"{arguments} failed")
        return float(match[1])

    def start(self):
        with open(self.errors, "ab") as errors:
            self.worker = subprocess.Popen(self.spec["worker"], env=self.env, stdout=errors, stderr=errors,
                                           cwd=self.folder, start_new_session=True)

    def wait(self, jobs, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.worker.poll() is None:
            if os.path.exists(self.log) and os.path.getsize(self.log) >= jobs * 16:
                return
            time.sleep(0.01)
        self.fail(f"{jobs} jobs were not run")

    def stop(self):
        if self.worker is None:
            return
        for sig in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.worker.pid, sig)
                self.worker.wait(4)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass

    def records(self):
        with open(self.log, "rb") as f:
            data = f.read()
        return list(struct.iter_unpack("<dd", data[:len(data) // 16 * 16]))

    def drain(self, queued, jobs):
        queued, jobs = min(queued, self.spec["most"]), min(jobs, self.spec["most"])
        self.send("bulk" if self.spec["bulk"] else "enqueue", queued)
        self.start()
        self.wait(jobs, 200)
        times = sorted(ran for _, ran in self.records()[:jobs])
        first = jobs // 10
        return {"drain_per_s": (jobs - 1 - first) / (times[jobs - 1] - times[first])}

    def latency(self):
        self.start()
        self.send("enqueue", 20)
        self.wait(20, 30)
        time.sleep(1.2)
        self.send("latency", 500, 5)
        self.wait(520, 30)
        times = sorted((ran - sent) * 1e3 for sent, ran in self.records()[20:])
        return {"pickup_p50_ms": times[len(times) // 2], "pickup_p99_ms": times[int(len(times) * 0.99)]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["drain", "latency"])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--queued", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=20_000)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="sunset-peer-")
    flush(options.port)
    run = Run(options.peer, options.port, folder)
    try:
        figures = run.drain(max(options.queued, options.jobs), options.jobs) if options.what == "drain" else run.latency()
    finally:
        run.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
