import { useEffect, useRef, useState } from "react";
import type { ApiError } from "../../api/client";
import { checkoutCart, keepOrder } from "../../api/orders";
import { invalidate } from "../../api/query";
import type { Cart, Order } from "../../api/types";
import { cartKey, leaveCart, useCart } from "../../app/cart";
import { Link } from "../../app/Link";
import { navigate } from "../../app/router";
import { Alert } from "../../components/Alert";
import { ButtonLink } from "../../components/Button";
import { PageHeading } from "../../components/PageHeading";
import { RowsSkeleton } from "../../components/Skeleton";
import { EmptyState, ErrorState } from "../../components/States";
import { formatMoney, formatPrice } from "../../lib/format";
import { PayPanel } from "./PayPanel";

export function CheckoutScreen() {
  const query = useCart();
  // The order that this visit made: its cart is spent, but the buyer stays here until it is paid.
  const order = useRef<string | null>(null);
  const shown = useRef<Cart | null>(null);
  const cart = order.current ? shown.current : (query.data ?? null);
  if (cart && !order.current) shown.current = cart;
  const spent = order.current ? null : (cart?.checked_out_order ?? null);

  useEffect(() => {
    if (spent) navigate(`/orders/${spent}`, { replace: true });
  }, [spent]);

  return (
    <>
      <PageHeading title="Checkout" />
      {cart && cart.items.length > 0 && !spent ? (
        <Checkout cart={cart} onOrder={(id) => (order.current = id)} />
      ) : query.loading || spent ? (
        <RowsSkeleton />
      ) : query.error && query.id ? (
        <ErrorState error={query.error} onRetry={query.reload} />
      ) : (
        <EmptyState title="There is nothing to pay" action={<ButtonLink to="/browse">Browse the shelves</ButtonLink>}>
          Put something into your cart first.
        </EmptyState>
      )}
    </>
  );
}

const conflicts = new Set(["quote_mismatch", "already_owned", "product_unavailable", "cart_checked_out", "purchase_in_progress"]);

function Checkout({ cart, onOrder }: { cart: Cart; onOrder: (id: string) => void }) {
  const [conflict, setConflict] = useState<string | null>(null);
  const [other, setOther] = useState<string | null>(null);

  const done = (order: Order) => {
    leaveCart();
    keepOrder(order);
    navigate(`/orders/${order.id}`, { replace: true });
  };
  const conflicting = (error: ApiError) => {
    setConflict(error.code);
    setOther(error.text("order"));
    invalidate(cartKey(cart.id));
    return conflicts.has(error.code);
  };
  return (
    <div className="with-side">
      <section className="panel" aria-labelledby="pay">
        <h2 id="pay">{cart.total.amount === 0 ? "No payment needed" : "Pay by card"}</h2>
        {conflict === "quote_mismatch" ? (
          <Alert tone="warn" title="A price has changed">
            The summary shows today’s prices. Press the button again if you agree.
          </Alert>
        ) : null}
        {conflict === "already_owned" ? (
          <Alert tone="info" action={<Link to="/library">Open library</Link>}>
            You own one of these already. Take it out of the cart, it is in your library.
          </Alert>
        ) : null}
        {conflict === "purchase_in_progress" ? (
          <Alert tone="warn" action={<Link to={other ? `/orders/${other}` : "/orders"}>Open that order</Link>}>
            You are paying for one of these already, in another window.
          </Alert>
        ) : null}
        {conflict === "product_unavailable" ? (
          <Alert tone="warn" action={<Link to="/cart">Open cart</Link>}>
            Something in your cart is no longer for sale.
          </Alert>
        ) : null}
        <PayPanel
          total={cart.total}
          payment={null}
          checkout={(card, key) => {
            setConflict(null);
            return checkoutCart(cart.id, cart.quote, card, key);
          }}
          onDone={done}
          onOrder={onOrder}
          onConflict={conflicting}
        />
      </section>
      <aside className="panel side" aria-label="Summary">
        <h2>Your order</h2>
        <ul className="sum-lines" role="list">
          {cart.items.map((item) => (
            <li className="sum" key={item.product.id}>
              <span>{item.product.title}</span>
              <span>{formatPrice(item.price)}</span>
            </li>
          ))}
        </ul>
        <p className="sum sum-total">
          <span>Total</span>
          <strong>{formatMoney(cart.total)}</strong>
        </p>
        <p className="fine">
          <Link to="/cart">Change the cart</Link>
        </p>
      </aside>
    </div>
  );
}
