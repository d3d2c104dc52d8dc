"""The demo's steps, in order."""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid

from . import crash, selling
from .client import Client, download, exchange, wait_until
from .errors import DemoError, check
from .material import collect
from .people import DECLINED, GOOD, NEEDS_CONFIRMATION, Person
from .report import Report
from .system import OwnSystem, System

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
LINK = re.compile(r"(https?://\S+/d/\S+)\s+SHA-256 ([0-9a-f]{64})")


class Demo:
    """One run against one system."""

    def __init__(self, system, report, files):
        self.system, self.report, self.files = system, report, files
        self.run = uuid.uuid4().hex[:8]
        self.seller, self.pair = None, None

    def person(self, name, groups=("buyer",)):
        """Signs a new user up."""
        return Person(self.system, self.run, name, list(groups))

    def paid(self, count):
        """Counts paid orders."""
        self.report.facts["orders"] += count

    # The line from upload to download.

    def sign_up_seller(self, step):
        self.seller = self.person("Sally Seller", ["buyer", "seller"])
        step.count = 1

    def upload_and_ingest(self, step):
        for material in self.files[:-1]:
            selling.send(self.seller, material, self.report)
        for material in self.files[:-1]:
            selling.await_ingested(self.seller, material)
            step.count += 1
            self.report.facts["ingested"] += 1
            found = material.upload["report"]
            self.report.say(f"   {material.name}: {found['kind']}, {found['detected_type']}, {found['size']:,} bytes")

    def ingest_with_killed_worker(self, step):
        big = self.files[-1]
        for _ in range(3):
            selling.send(self.seller, big, self.report)
            if selling.kill_ingesting_worker(self.seller, big, self.system, self.report):
                break
            self.report.say("   the worker had finished before it could be killed: once more")
        else:
            raise DemoError("no worker could be killed in the middle of an ingest")
        killed = time.monotonic()
        selling.await_ingested(self.seller, big, timeout=180)
        self.report.say(f"   another worker ended the job {time.monotonic() - killed:.1f} s after the kill")
        self.report.facts["ingested"] += 1
        self.report.facts["worker_killed_recovered"] = True
        step.count = 1

    def publish(self, step):
        for number, material in enumerate(self.files):
            description = f"{material.title}. Sold by the demo, {material.size} bytes."
            material.product = selling.publish(
                self.seller, f"{material.title} {self.run}", description, 500 + 100 * number, material.category,
                ["demo", material.word], [material.upload])
            step.count += 1
        music = [material for material in self.files if material.category == "audio"]
        self.pair = selling.publish(
            self.seller, f"Both samples in one {self.run}", "One download is included.", 900, "audio", ["demo"],
            [material.upload for material in music], limit=1)
        step.count += 1

    def search(self, step):
        visitor = Client(self.system.url)
        for material in self.files:
            page = visitor.call("GET", f"/products?q={material.word}%20{self.run}&limit=20")
            found = [product["id"] for product in page["data"]]
            check(material.product["id"] in found, f"'{material.word} {self.run}' does not find {material.title}")
            step.count += 1
        shown = visitor.call("GET", f"/products/{self.files[0].product['slug']}")
        check(shown["id"] == self.files[0].product["id"], "the slug shows another product")

    def buy(self, step):
        self.buyer = self.person("Bob Buyer")
        cart = self.buyer.fill_cart([material.product for material in self.files])
        answer = self.buyer.checkout(cart, GOOD)
        check(answer.status in (201, 202), f"checkout answered {answer}")
        self.order = self.buyer.await_order(answer.json["id"], lambda order: order["fulfilment_status"] == "fulfilled")
        check(self.order["status"] == "paid", f"the order is {self.order['status']}")
        check(self.order["payment"]["status"] == "succeeded", f"the payment is {self.order['payment']['status']}")
        check(self.order["total"] == cart["total"], "the order's total is not the cart's")
        check(all(item["entitlement_id"] for item in self.order["items"]), "an item has no entitlement")
        self.paid(1)
        step.count = len(self.order["items"])

    def download_from_mail(self, step):
        links = dict((sha256, url) for url, sha256 in self.system.mail(self.buyer.address, LINK))
        for material in self.files:
            check(material.sha256 in links, f"the mail has no link to {material.name}")
            if material.size < 64 << 20:
                self.fetch(links[material.sha256], material.size, material.sha256)
                step.count += 1

    def download_from_library(self, step):
        library = {entitlement["product"]["id"]: entitlement for entitlement in self.buyer.pages("/library")}
        check(len(library) == len(self.files), f"the library has {len(library)} things")
        for material in self.files:
            entitlement = self.buyer.call("GET", f"/entitlements/{library[material.product['id']]['id']}")
            check(entitlement["status"] == "active", f"an entitlement is {entitlement['status']}")
            grant = self.buyer.grant(entitlement, entitlement["files"][0])
            check(grant["sha256"] == material.sha256, f"the link's checksum of {material.name} differs")
            self.fetch(grant["url"], material.size, material.sha256)
            step.count += 1

    def fetch(self, url, size, sha256):
        """Downloads and compares with the original."""
        def progress(done, total):
            if total > 64 << 20:
                self.report.meter(f"            downloading: {done * 100 // total} %")
        got, digest = download(url, progress)
        self.report.meter("")
        check((got, digest) == (size, sha256), f"a download has {got} bytes and the SHA-256 {digest}, not {size} and {sha256}")
        self.report.facts["downloads_verified"] += 1

    # What must be refused, and what must be survived.

    def declined(self, step):
        buyer, product = self.person("Dora Declined"), self.files[0].product
        answer = buyer.checkout(buyer.fill_cart([product]), DECLINED)
        check(answer.status == 402, f"a declined card is answered with {answer}")
        check(answer.code == "card_declined", f"a declined card has the code {answer.code}")
        check(answer.headers.get("Content-Type", "").startswith("application/problem+json"), "402 is no problem+json")
        check(not list(buyer.pages("/library")), "a declined card gave an entitlement")
        order = buyer.call("GET", f"/orders/{answer.json['order']}")
        check(order["status"] != "paid" and order["fulfilment_status"] == "unfulfilled", f"the order is {order['status']}")
        self.report.facts["declined_refused"] = True
        step.count = 1

    def confirmation(self, step):
        buyer, product = self.person("Connie Confirm"), self.files[0].product
        answer = buyer.checkout(buyer.fill_cart([product]), NEEDS_CONFIRMATION)
        check(answer.status == 202, f"a card that needs confirmation is answered with {answer}")
        payment = answer.json["payment"]
        check(payment["status"] == "requires_action", f"the payment is {payment['status']}")
        check(payment["next_action"] and payment["next_action"]["url"], "there is no next action")
        check(not list(buyer.pages("/library")), "an unconfirmed payment gave an entitlement")
        confirmed = buyer.request(
            "POST", f"/payment-intents/{payment['id']}/confirm", {"authentication": "succeed"}, headers={"Prefer": "wait=10"})
        check(confirmed.status in (200, 201, 202), f"the confirmation is answered with {confirmed}")
        order = buyer.await_order(answer.json["id"], lambda order: order["fulfilment_status"] == "fulfilled")
        check(order["status"] == "paid", f"the order is {order['status']}")
        check(buyer.entitlement(product), "a confirmed payment gave no entitlement")
        self.report.facts["confirmation_completed"] = True
        self.paid(1)
        step.count = 1

    def tokens(self, step):
        buyer = self.person("Tess Tokens")
        buyer.buy([self.files[0].product, self.files[4].product, self.pair])
        self.paid(1)
        entitlement = buyer.entitlement(self.files[0].product)
        for name, run in (("forged", self.forged), ("expired", self.expired)):
            run(buyer, entitlement)
            self.refused(step, name)
        self.used_up(buyer)
        self.refused(step, "used up")
        self.revoked(buyer, buyer.entitlement(self.files[4].product))
        self.refused(step, "revoked")

    def refused(self, step, name):
        """Counts a token that was refused as it should."""
        step.count += 1
        self.report.facts["tokens_refused"] += 1
        self.report.say(f"   {name}: refused")

    def expect_refusal(self, url, status, code):
        """A download must be refused with this status and code, and say so as a problem."""
        answer = exchange("GET", url)
        check((answer.status, answer.code) == (status, code), f"expected {status} {code}, the answer was {answer}")
        kind = answer.headers.get("Content-Type", "")
        check(kind.startswith("application/problem+json"), f"{code} has the type {kind}")

    def forged(self, buyer, entitlement):
        url = buyer.grant(entitlement, entitlement["files"][0])["url"]
        head, signature = url.rsplit(".", 1)
        other = ("B" if signature[0] == "A" else "A") + signature[1:]
        self.expect_refusal(f"{head}.{other}", 403, "token_forged")
        head, payload, signature = url.rsplit(".", 2)
        changed = payload[:4] + ("B" if payload[4] == "A" else "A") + payload[5:]
        self.expect_refusal(f"{head}.{changed}.{signature}", 403, "token_forged")

    def expired(self, buyer, entitlement):
        url = buyer.grant(entitlement, entitlement["files"][0], expires_in=1)["url"]
        time.sleep(2)  # What is tested is that time passes.
        self.expect_refusal(url, 410, "token_expired")

    def used_up(self, buyer):
        entitlement = buyer.entitlement(self.pair)
        check(entitlement["downloads"]["limit"] == 1, f"the limit is {entitlement['downloads']['limit']}")
        first, second = [buyer.grant(entitlement, file) for file in entitlement["files"]]
        self.fetch(first["url"], first["size"], first["sha256"])
        self.expect_refusal(second["url"], 410, "download_limit_reached")

    def revoked(self, buyer, entitlement):
        url = buyer.grant(entitlement, entitlement["files"][0])["url"]
        revoked = self.seller.call("POST", f"/seller/entitlements/{entitlement['id']}/revoke", {"reason": "demo"})
        check(revoked["status"] == "revoked", f"the entitlement is {revoked['status']}")
        self.expect_refusal(url, 410, "entitlement_revoked")

    def redis_killed(self, step):
        buyers = [self.person(f"Carl Crash {number}") for number in range(1, 5)]
        attempts = []
        for after_first, sold in ((True, self.files[1:5]), (False, self.files[5:9])):
            wave, go, acknowledged = crash.start_checkouts(buyers, [material.product for material in sold])
            under_way = crash.kill_in_the_middle(self.system, wave, go, acknowledged, after_first)
            self.report.say(f"   killed redis-server with {under_way} of {len(wave)} checkouts under way")
            check(under_way > 0, "no checkout was under way when redis-server was killed")
            attempts += wave
        crash.verify(attempts)
        tries = sum(attempt.tries for attempt in attempts)
        self.report.say(f"   {len(attempts)} orders, each paid once, after {tries} tries")
        self.report.facts["redis_killed_recovered"] = True
        self.paid(len(attempts))
        step.count = len(attempts)


STEPS = (
    ("seller signs up and confirms by mail", Demo.sign_up_seller, True),
    ("upload and ingest", Demo.upload_and_ingest, True),
    ("worker killed in the middle of an ingest", Demo.ingest_with_killed_worker, True),
    ("publish", Demo.publish, True),
    ("search by word", Demo.search, True),
    ("buyer checks out with 4242, order fulfilled", Demo.buy, True),
    ("download by the links in the mail", Demo.download_from_mail, False),
    ("download from the library", Demo.download_from_library, False),
    ("declined card: 402, no entitlement", Demo.declined, False),
    ("card that needs confirmation", Demo.confirmation, False),
    ("tokens: forged, expired, used up, revoked", Demo.tokens, False),
    ("redis-server killed in the middle of checkouts", Demo.redis_killed, False),
)


def show_ledger(system, report):
    """Shows what `sunsetctl ledger verify` says, where it is found; it is no step of the demo."""
    programs = [os.path.join(ROOT, ".build", kind, "sunsetctl") for kind in ("release", "debug")]
    program = next(filter(os.path.exists, programs), None) or shutil.which("sunsetctl")
    if not program:
        return
    done = subprocess.run(
        [program, "ledger", "verify", "--data", system.data, "--redis-socket", system.state()["redis_socket"]],
        capture_output=True, text=True, timeout=60)
    lines = (done.stdout or done.stderr).strip().splitlines() or ["(nothing)"]
    report.say(f"sunsetctl ledger verify: status {done.returncode}")
    for line in lines[-8:]:
        report.say(f"   {line}")


def run_steps(system, report, options):
    """Runs every step against a ready system."""
    with report.step("fetch real files by package name, make one over 1 GiB") as step:
        files = collect(os.path.join(ROOT, ".sunset", "demo-cache"), options.generated_mib)
        step.count = len(files)
        report.facts["files"] = len(files)
        report.facts["bytes"] = sum(material.size for material in files)
    demo = Demo(system, report, files)
    for name, function, fatal in STEPS:
        with report.step(name, fatal) as step:
            function(demo, step)
    show_ledger(system, report)


def parse(arguments):
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="Drives a running Sunset as users would, with real files and real crashes.")
    parser.add_argument("--url", help="the running system's address (default: what its run.json says)")
    parser.add_argument("--data", metavar="DIR", help="its data folder; without --url and --data, one is started and stopped again")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.add_argument("--keep", action="store_true", help="keep the data of a system that was started here")
    parser.add_argument("--no-build", action="store_true", help="passed on to scripts/run")
    parser.add_argument("--debug-build", action="store_true", help="passed on to scripts/run")
    parser.add_argument("--generated-mib", type=int, default=1056, metavar="N", help="size of the generated file (default: 1056)")
    options = parser.parse_args(arguments)
    if options.url and not options.data:
        options.data = os.path.join(ROOT, ".sunset")
    return options


def with_system(report, options, body):
    """Runs the body with the named system, or with one of its own."""
    if options.data:
        system = System(options.data, options.url)
        wait_until(f"{system.url} is ready", system.is_ready, 30)
        return body(system)
    passed = [flag for flag, given in (("--no-build", options.no_build), ("--debug-build", options.debug_build)) if given]
    own = OwnSystem(ROOT, passed, report.say)
    try:
        with report.step("build and start a Sunset of its own") as step:
            system = own.start()
            step.count = 1
            report.say(f"   {system.url}, output in {os.path.relpath(own.log, ROOT)}")
        return body(system)
    finally:
        own.stop(options.keep)


def interrupted(*_):
    """Ctrl-C and SIGTERM end the demo; what it started is stopped on the way out."""
    raise DemoError("interrupted")


def main(arguments):
    """Returns the exit status."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, interrupted)
    report, complete = Report(), False
    try:
        with_system(report, options, lambda system: run_steps(system, report, options))
        complete = True
    except DemoError as error:
        report.say(f"demo: {str(error).splitlines()[0]}")
    summary = report.summary(complete)
    report.print_table()
    report.say("everything held" if summary["ok"] else "NOT everything held")
    if options.json:
        report.print_json(summary)
    sys.stdout.flush()
    return 0 if summary["ok"] else 1
