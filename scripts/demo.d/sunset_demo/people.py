"""Users: they sign up, confirm, sign in, and shop."""

import re
import uuid

from .client import Client
from .errors import check

CODE = re.compile(r"^\s*(\d{6})\s*$", re.MULTILINE)


def card(number):
    """Returns a card as a request body has it."""
    return {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"}


GOOD, DECLINED, NEEDS_CONFIRMATION = (
    card("4242 4242 4242 4242"), card("4000 0000 0000 0002"), card("4000 0025 0000 3155"))


class Person(Client):
    """A confirmed and signed-in user."""

    def __init__(self, system, run, name, groups):
        super().__init__(system.url)
        self.system, self.name = system, name
        self.address = f"{name.lower().replace(' ', '-')}-{run}@example.org"
        self.password = f"Demo-{uuid.uuid4()}"
        self.call("POST", "/auth/sign-up", {
            "email": self.address, "password": self.password, "name": name, "groups": groups}, expect=(202,))
        code = system.mail(self.address, CODE)[0]
        self.call("POST", "/auth/confirm", {"email": self.address, "code": code}, expect=(200,))
        session = self.call("POST", "/auth/sign-in", {"email": self.address, "password": self.password}, expect=(200,))
        self.token = session["token"]
        me = self.call("GET", "/me")
        check(me["email"] == self.address and me["confirmed"], f"GET /me shows {me}")

    def fill_cart(self, products):
        """Returns a new cart with the products in it."""
        cart = self.call("POST", "/carts", expect=(201,))
        for product in products:
            cart = self.call("PUT", f"/carts/{cart['id']}/items/{product['id']}")
        check(len(cart["items"]) == len(products), f"the cart has {len(cart['items'])} of {len(products)} products")
        total = sum(product["price"]["amount"] for product in products)
        check(cart["total"]["amount"] == total, f"the cart's total is {cart['total']}, not {total}")
        return cart

    def checkout(self, cart, payment_card, key=None, wait=10):
        """Pays for a cart; returns the answer as it is."""
        body = {"quote": cart["quote"], "card": payment_card}
        return self.request(
            "POST", f"/carts/{cart['id']}/checkout", body, key=key, headers={"Prefer": f"wait={wait}"}, timeout=wait + 30)

    def buy(self, products):
        """Buys with the good card and returns the paid order."""
        answer = self.checkout(self.fill_cart(products), GOOD)
        check(answer.status in (201, 202), f"checkout answered {answer}")
        order = self.await_order(answer.json["id"], lambda order: order["fulfilment_status"] == "fulfilled")
        check(order["status"] == "paid", f"the order is {order['status']}")
        return order

    def await_order(self, order, condition, timeout=60):
        """Watches an order's event stream until the condition holds."""
        seen = None
        for seen in self.events(f"/orders/{order}/events", timeout):
            if condition(seen):
                return seen
        check(seen and condition(seen), f"the events of order {order} ended at {seen and seen['status']}")
        return seen

    def entitlement(self, product):
        """Returns the entitlement to a product, or None."""
        for entitlement in self.pages("/library"):
            if entitlement["product"]["id"] == product["id"]:
                return self.call("GET", f"/entitlements/{entitlement['id']}")
        return None

    def grant(self, entitlement, file, **more):
        """Returns a new download link to a file of an entitlement."""
        return self.call("POST", f"/entitlements/{entitlement['id']}/downloads", {"file_id": file["id"], **more}, expect=(201,))
