"""redis-server is killed in the middle of checkouts; every buyer insists until there is a definite answer."""

import threading
import time
import uuid

from .client import Unreachable
from .errors import DemoError, check
from .people import GOOD

# Answers that say "not now" and nothing about the outcome.
NOT_NOW = (409, 429, 500, 502, 503, 504)


class Attempt(threading.Thread):
    """One buyer's checkout of one cart: the same key in every try, until the order is decided."""

    def __init__(self, buyer, cart, product, go, acknowledged):
        super().__init__(daemon=True)
        self.buyer, self.cart, self.product, self.go, self.acknowledged = buyer, cart, product, go, acknowledged
        self.key, self.tries, self.order, self.error = str(uuid.uuid4()), 0, None, None
        self.first_sent, self.first_answered = None, None
        self.ids = set()

    def run(self):
        self.go.wait()
        try:
            self.order = self.insist(time.monotonic() + 120)
        except DemoError as error:
            self.error = str(error)

    def insist(self, deadline):
        """Repeats until the order is paid; any definite other answer is an error."""
        while True:
            check(time.monotonic() < deadline, f"no definite answer after {self.tries} tries")
            self.tries += 1
            self.first_sent = self.first_sent or time.monotonic()
            try:
                answer = self.buyer.checkout(self.cart, GOOD, key=self.key, wait=5)
                self.first_answered = self.first_answered or time.monotonic()
            except Unreachable:
                self.first_answered = self.first_answered or time.monotonic()
                time.sleep(0.2)
                continue
            if answer.status in (201, 202):
                self.ids.add(answer.json["id"])
                self.acknowledged.set()
                if answer.json["status"] == "paid":
                    return answer.json
            else:
                is_definite = answer.status not in NOT_NOW or (answer.status == 409 and answer.code != "request_in_flight")
                check(not is_definite, f"checkout answered {answer}")
            time.sleep(0.2)

    def was_under_way(self, moment):
        """Whether the first try had been sent and not answered at that moment."""
        return self.first_sent is not None and self.first_sent <= moment and (
            self.first_answered is None or self.first_answered >= moment)


def start_checkouts(buyers, products):
    """Prepares one cart for each buyer and product; returns the attempts, waiting for the signal."""
    go, acknowledged = threading.Event(), threading.Event()
    attempts = []
    for buyer in buyers:
        for product in products:
            attempts.append(Attempt(buyer, buyer.fill_cart([product]), product, go, acknowledged))
    for attempt in attempts:
        attempt.start()
    return attempts, go, acknowledged


def kill_in_the_middle(system, attempts, go, acknowledged, after_first):
    """Lets all checkouts go at once and kills Redis in the middle; returns how many were under way.

    The moment is either the first acknowledgement, or so early that nothing is acknowledged.
    """
    go.set()
    acknowledged.wait(5 if after_first else 0.05)
    moment = time.monotonic()
    old = system.kill_redis()
    under_way = sum(attempt.was_under_way(moment) for attempt in attempts)
    system.await_redis(old)
    for attempt in attempts:
        attempt.join(150)
        check(not attempt.is_alive(), "a checkout did not end")
    return under_way


def verify(attempts):
    """Each cart has exactly one order, which is paid once and gave what was bought once."""
    for attempt in attempts:
        check(not attempt.error, f"checkout of {attempt.product['title']}: {attempt.error}")
        check(len(attempt.ids) == 1, f"one cart was acknowledged as {len(attempt.ids)} orders")
    for buyer in {id(attempt.buyer): attempt.buyer for attempt in attempts}.values():
        mine = [attempt for attempt in attempts if attempt.buyer is buyer]
        for attempt in mine:  # Once more: a second order, if there were one, would show below.
            again = buyer.checkout(attempt.cart, GOOD, key=attempt.key)
            check(again.status == 201 and again.json["id"] == attempt.order["id"], f"the same key again is answered with {again}")
        orders = {order["id"]: order for order in buyer.pages("/orders")}
        check(len(orders) == len(mine), f"{buyer.name} has {len(orders)} orders for {len(mine)} carts")
        for attempt in mine:
            order = orders.get(attempt.order["id"])
            check(order is not None, f"the acknowledged order {attempt.order['id']} is lost")
            check(order["status"] == "paid" and order["payment_status"] == "paid", f"an acknowledged order is {order['status']}")
            payment = order["payment"]
            check(payment["status"] == "succeeded", f"its payment is {payment['status']}")
            check(payment["number"] == 1, f"its payment has the number {payment['number']}: it was charged again")
            cart = buyer.call("GET", f"/carts/{attempt.cart['id']}")
            check(cart["checked_out_order"] == order["id"], "the cart names another order")
        owned = [entitlement["product"]["id"] for entitlement in buyer.pages("/library")]
        check(sorted(owned) == sorted(attempt.product["id"] for attempt in mine), f"{buyer.name} owns {len(owned)} things")
