"""A small HTTP client: JSON requests, streamed uploads and downloads, server-sent events."""

import hashlib
import http.client
import json
import os
import time
import urllib.parse
import uuid

from .errors import DemoError, check

BLOCK = 1 << 20


class Unreachable(DemoError):
    """No answer came: nothing is known about the request's outcome."""


class Answer:
    """A status, headers and a JSON body."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        try:
            self.json = json.loads(body) if body else None
        except ValueError:
            self.json = None

    @property
    def code(self):
        """The code of a problem, or None."""
        return self.json.get("code") if isinstance(self.json, dict) else None

    def __str__(self):
        return f"{self.status} {self.body[:400].decode('utf-8', 'replace')}"


def connect(url, timeout):
    """Returns a connection to the URL's host and the path to ask it for."""
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=timeout, blocksize=BLOCK)
    return connection, urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))


def exchange(method, url, headers=None, body=None, timeout=60):
    """Sends one request and reads the whole answer."""
    connection, path = connect(url, timeout)
    try:
        connection.request(method, path, body=body, headers={"Connection": "close", **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{method} {path}: {error.__class__.__name__} {error}") from error
    finally:
        connection.close()


class Client:
    """Somebody who talks to the API: a visitor, or a user once `token` is set."""

    def __init__(self, url, token=None):
        self.url, self.token = url.rstrip("/"), token

    def request(self, method, path, body=None, key=None, headers=None, timeout=60):
        """Sends JSON; a POST gets an idempotency key unless it brings one."""
        sent = {"Accept": "application/json", **(headers or {})}
        data = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if method == "POST":
            sent["Idempotency-Key"] = key or str(uuid.uuid4())
        url = path if path.startswith("http") else f"{self.url}/v1{path}"
        return exchange(method, url, sent, data, timeout)

    def call(self, method, path, body=None, expect=(200, 201, 202, 204), **more):
        """Sends JSON and returns the answer's JSON; any other status than those expected is an error."""
        answer = self.request(method, path, body, **more)
        check(answer.status in expect, f"{method} {path} answered {answer}")
        return answer.json

    def pages(self, path, limit=100):
        """Yields every item of a list."""
        cursor = None
        while True:
            query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
            page = self.call("GET", f"{path}?{urllib.parse.urlencode(query)}")
            yield from page["data"]
            if not page["has_more"]:
                return
            cursor = page["next_cursor"]

    def events(self, path, timeout):
        """Yields the data of server-sent events until the stream ends or the time is over."""
        deadline = time.monotonic() + timeout
        connection, target = connect(f"{self.url}/v1{path}", timeout)
        try:
            connection.request("GET", target, headers={
                "Authorization": f"Bearer {self.token}", "Accept": "text/event-stream", "Connection": "close"})
            response = connection.getresponse()
            check(response.status == 200, f"GET {path} answered {response.status}")
            kind = response.headers.get("Content-Type", "")
            check(kind.startswith("text/event-stream"), f"GET {path} has the type {kind}")
            data = []
            for line in response:
                check(time.monotonic() < deadline, f"no end of {path} within {timeout} s")
                line = line.decode().rstrip("\r\n")
                if line.startswith("data:"):
                    data.append(line[5:].strip())
                elif not line and data:
                    yield json.loads("\n".join(data))
                    data = []
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"GET {path}: {error}") from error
        finally:
            connection.close()


class Metered:
    """A file whose reading is hashed and reported."""

    def __init__(self, file, size, progress):
        self.file, self.size, self.progress, self.done = file, size, progress, 0
        self.hash = hashlib.sha256()

    def read(self, count=-1):
        """Reads as a file does."""
        data = self.file.read(count)
        self.hash.update(data)
        self.done += len(data)
        self.progress(self.done, self.size)
        return data


def put_file(instructions, path, progress, timeout=600):
    """Streams a file to a presigned URL with exactly the headers that were given; returns the SHA-256 of what was sent."""
    size = os.path.getsize(path)
    headers = {"Content-Length": str(size), **instructions["headers"]}
    with open(path, "rb") as file:
        body = Metered(file, size, progress)
        answer = exchange(instructions["method"], instructions["url"], headers, body, timeout)
    check(answer.status == 200, f"PUT of {os.path.basename(path)} answered {answer}")
    check(answer.headers.get("ETag"), f"PUT of {os.path.basename(path)} has no ETag")
    return body.hash.hexdigest()


def download(url, progress, timeout=600):
    """Streams a download; returns its size and SHA-256. Nothing is written to disk."""
    connection, path = connect(url, timeout)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        if response.status != 200:
            raise DemoError(f"GET {path[:40]}… answered {Answer(response.status, response.headers, response.read())}")
        size = int(response.headers["Content-Length"])
        body = Metered(response, size, progress)
        while body.read(BLOCK):
            pass
        check(body.done == size, f"the download ended after {body.done} of {size} bytes")
        return size, body.hash.hexdigest()
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"GET {path[:40]}…: {error}") from error
    finally:
        connection.close()


def wait_until(what, probe, timeout, pause=0.1):
    """Repeats the probe until it returns something true, and returns that."""
    deadline = time.monotonic() + timeout
    while True:
        value = probe()
        if value:
            return value
        check(time.monotonic() < deadline, f"{what}: not within {timeout} s")
        time.sleep(pause)
