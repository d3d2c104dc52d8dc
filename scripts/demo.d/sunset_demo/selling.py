"""What the seller does: upload, see ingested, publish."""

import threading
import time

from .client import exchange, put_file, wait_until
from .errors import DemoError, check
from .system import is_alive, kill

ENDED = ("ready", "rejected", "quarantined")


def send(seller, material, report):
    """Announces a file, sends its bytes, and hands it over to ingestion."""
    upload = seller.call("POST", "/uploads", {
        "filename": material.name, "size": material.size, "content_type": material.content_type,
        "sha256": material.sha256, "purpose": "file"}, expect=(201,))
    check(upload["state"] == "pending", f"{material.name} begins as {upload['state']}")

    def progress(done, size):
        if size > 64 << 20:
            report.meter(f"            uploading {material.name}: {done * 100 // size} %")
    sent = put_file(upload["upload"], material.path, progress)
    report.meter("")
    check(sent == material.sha256, f"{material.name} changed while it was sent")
    material.upload = seller.call("POST", f"/uploads/{upload['id']}/complete", expect=(202,))


def state_of(seller, material):
    """Returns the upload as it is now."""
    material.upload = seller.call("GET", f"/uploads/{material.upload['id']}")
    return material.upload


def await_ingested(seller, material, timeout=120):
    """Waits for ingestion, and checks what it found."""
    wait_until(f"{material.name} is ingested", lambda: state_of(seller, material)["state"] in ENDED, timeout, pause=0.05)
    upload = material.upload
    check(upload["state"] == "ready", f"{material.name} is {upload['state']}: {upload['problem']}")
    found = upload["report"]
    check(found["sha256"] == material.sha256, f"{material.name}: the worker's checksum differs")
    check(found["size"] == material.size, f"{material.name}: the worker's size is {found['size']}")
    check(found["kind"] in material.kinds, f"{material.name} was taken for {found['kind']} ({found['detected_type']})")
    if "image" in material.kinds:
        check_thumbnails(material, found)


def check_thumbnails(material, found):
    """Fetches every thumbnail: each must be a picture of the type it says."""
    check(found["width"] and found["height"], f"{material.name} has no width and height")
    check(found["thumbnails"], f"{material.name} has no thumbnails")
    for thumbnail in found["thumbnails"]:
        answer = exchange("GET", thumbnail["url"])
        check(answer.status == 200, f"{thumbnail['url']} answered {answer.status}")
        is_webp = answer.body[:4] == b"RIFF" and answer.body[8:12] == b"WEBP"
        is_jpeg = answer.body[:3] == b"\xff\xd8\xff"
        expected = {"image/webp": is_webp, "image/jpeg": is_jpeg}
        check(expected.get(thumbnail["type"]), f"{thumbnail['url']} is no {thumbnail['type']}")


def kill_ingesting_worker(seller, material, system, report):
    """Kills the process that ingests the file while it does; returns whether it was caught at it."""
    seen = threading.Event()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state = state_of(seller, material)["state"]
        if state in ENDED:
            return False
        if state == "processing":
            pid = system.worker_reading("ingest", material.size)
            if pid:
                kill(pid)
                wait_until(f"process {pid} is gone", lambda: not is_alive(pid), 5, pause=0.01)
                if state_of(seller, material)["state"] in ENDED:
                    return False
                report.say(f"   killed worker {pid} while it read {material.name}; its upload is still processing")
                return True
        seen.wait(0.01)
    raise DemoError(f"no ingest worker was seen reading {material.name}")


def publish(seller, title, description, amount, category, tags, uploads, limit=None):
    """Makes a product of ingested uploads and publishes it."""
    body = {
        "title": title, "description": description, "price": {"amount": amount, "currency": "USD"},
        "category": category, "tags": tags, **({"download_limit": limit} if limit else {})}
    product = seller.call("POST", "/seller/products", body, expect=(201,))
    check(product["status"] == "draft", f"{title} begins as {product['status']}")
    seller.call("PUT", f"/seller/products/{product['id']}/files", {"upload_ids": [upload["id"] for upload in uploads]})
    product = seller.call("POST", f"/seller/products/{product['id']}/publish")
    check(product["status"] == "published", f"{title} is {product['status']}")
    check(len(product["files"]) == len(uploads), f"{title} has {len(product['files'])} files")
    return product
