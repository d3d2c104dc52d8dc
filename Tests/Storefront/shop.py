"""What the tests need besides a browser: the REST API, mailed codes, and small real files."""

import email
import email.policy
import hashlib
import io
import json
import os
import re
import struct
import time
import urllib.error
import urllib.request
import uuid
import wave
import zipfile
import zlib
from pathlib import Path

URL = os.environ["SUNSET_URL"].rstrip("/")
DATA = Path(os.environ.get("SUNSET_DATA") or ".sunset")
PASSWORD = "a lantern for the evening"


def maildir() -> Path:
    """The folder of new messages: run.json names the Maildir, else it lies in the data folder."""
    try:
        return Path(json.loads((DATA / "run.json").read_text())["maildir"]) / "new"
    except (OSError, KeyError, ValueError):
        return DATA / "mail" / "new"


def mailed_code(address: str, after: float = 0, patience: float = 30) -> str:
    """The six-digit code of the newest message to the address, waiting for it to arrive."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = []
        for path in maildir().glob("*"):
            try:
                if path.stat().st_mtime < after:
                    continue
                message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            except FileNotFoundError:
                continue
            if address.lower() not in str(message["To"]).lower():
                continue
            body = message.get_body(("plain",))
            code = re.search(r"(?<!\d)(\d{6})(?!\d)", body.get_content() if body else "")
            if code:
                found.append((path.stat().st_mtime_ns, code[1]))
        if found:
            return max(found)[1]
        time.sleep(0.2)
    raise AssertionError(f"no code for {address} in {maildir()}")


class Answer(dict):
    """A JSON answer with its status and headers."""

    status = 0
    headers: dict = {}


class Api:
    """The REST API as one account, or as nobody."""

    def __init__(self, token: str | None = None):
        self.token = token

    def call(self, method: str, path: str, body=None, headers: dict | None = None, data: bytes | None = None) -> Answer:
        sent = {"Accept": "application/json", **(headers or {})}
        if self.token and path.startswith("/v1"):
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(path if "://" in path else URL + path, data=data, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                raw, status, received = response.read(), response.status, response.headers
        except urllib.error.HTTPError as error:
            raw, status, received = error.read(), error.code, error.headers
        answer = Answer(json.loads(raw) if raw and "json" in received.get("Content-Type", "") else {})
        answer.status, answer.headers = status, received
        return answer

    def ok(self, method: str, path: str, body=None, **more) -> Answer:
        answer = self.call(method, path, body, **more)
        assert 200 <= answer.status < 300, f"{method} {path}: {answer.status} {dict(answer)}"
        return answer


class Account:
    """A confirmed account, made through the API."""

    def __init__(self, name: str, groups: list[str]):
        self.name = name
        self.email = f"{re.sub(r'[^a-z]+', '.', name.lower())}.{uuid.uuid4().hex[:8]}@example.org"
        guest = Api()
        guest.ok("POST", "/v1/auth/sign-up", {"email": self.email, "password": PASSWORD, "name": name, "groups": groups})
        guest.ok("POST", "/v1/auth/confirm", {"email": self.email, "code": mailed_code(self.email)})
        self.api = Api(guest.ok("POST", "/v1/auth/sign-in", {"email": self.email, "password": PASSWORD})["token"])

    def upload(self, filename: str, content_type: str, data: bytes, purpose: str = "file") -> str:
        """Uploads and waits until the file is ready; gives the upload's id."""
        upload = self.api.ok(
            "POST",
            "/v1/uploads",
            {"filename": filename, "size": len(data), "content_type": content_type, "purpose": purpose},
        )
        target = upload["upload"]
        self.api.ok(target["method"], target["url"], data=data, headers=target["headers"])
        digest = hashlib.sha256(data).hexdigest()
        state = self.api.ok("POST", f"/v1/uploads/{upload['id']}/complete", {"sha256": digest})
        deadline = time.monotonic() + 90
        while state["state"] in ("pending", "uploaded", "processing"):
            assert time.monotonic() < deadline, f"{filename} is still {state['state']}"
            time.sleep(0.3)
            state = self.api.ok("GET", f"/v1/uploads/{upload['id']}")
        assert state["state"] == "ready", f"{filename}: {state['state']} {state['problem']}"
        return upload["id"]

    def product(self, title: str, files: list[str], cover: str | None = None, publish: bool = True, **details) -> dict:
        body = {
            "title": title,
            "description": "Made for a test.\n\nWith two paragraphs, as a description has.",
            "price": {"amount": 1200, "currency": "USD"},
            "category": "ebooks",
            "tags": ["evening", "light"],
            **details,
        }
        product = self.api.ok("POST", "/v1/seller/products", body)
        if files:
            product = self.api.ok("PUT", f"/v1/seller/products/{product['id']}/files", {"upload_ids": files})
        if cover:
            product = self.api.ok("PUT", f"/v1/seller/products/{product['id']}/cover", {"upload_id": cover})
        if publish:
            product = self.api.ok("POST", f"/v1/seller/products/{product['id']}/publish")
        return product

    def buy(self, products: list[str], number: str = "4242424242424242") -> tuple[Answer, str]:
        """Checks a cart out; gives the answer and the order's id, and waits until a paid order is fulfilled."""
        cart = self.api.ok("POST", "/v1/carts")
        for product in products:
            cart = self.api.ok("PUT", f"/v1/carts/{cart['id']}/items/{product}")
        card = {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"}
        answer = self.api.call(
            "POST",
            f"/v1/carts/{cart['id']}/checkout",
            {"quote": cart["quote"], "card": card},
            headers={"Idempotency-Key": uuid.uuid4().hex, "Prefer": "wait=20"},
        )
        order = answer.get("order") or answer["id"]
        deadline = time.monotonic() + 60
        while answer.status == 201 and self.api.ok("GET", f"/v1/orders/{order}")["fulfilment_status"] != "fulfilled":
            assert time.monotonic() < deadline, f"{order} is not fulfilled"
            time.sleep(0.2)
        return answer, order


def png(width: int, height: int, seed: int = 0) -> bytes:
    """A picture of a sun over water; the seed moves its colours."""
    sky, sun, sea = [(250, 214, 150), (247, 178, 103), (207, 227, 212)][seed % 3], (222, 91, 43), (20, 70, 79)
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            inside = (x - width / 2) ** 2 + (y - height * 0.6) ** 2 < (min(width, height) * 0.3) ** 2
            color = sea if y > height * 0.62 else sun if inside else sky
            rows += bytes(color)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")


def epub(title: str) -> bytes:
    """A small valid EPUB; the title makes its bytes unlike any other's."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr(
            "META-INF/container.xml",
            '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
            '<rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        book.writestr(
            "book.opf",
            '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
            '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">urn:uuid:'
            f"{uuid.uuid4()}</dc:identifier><dc:title>{title}</dc:title><dc:language>en</dc:language></metadata>"
            '<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="c"/></spine></package>',
        )
        book.writestr("c.xhtml", f'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>{title}</p></body></html>')
    return out.getvalue()


def wav(seconds: float = 1) -> bytes:
    """A short tone, unlike any other."""
    out = io.BytesIO()
    noise = uuid.uuid4().bytes
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"".join(struct.pack("<h", (at * 97 + noise[at % 16]) % 8000) for at in range(int(8000 * seconds))))
    return out.getvalue()
