import { useState } from "react";
import { messageOf } from "../../api/client";
import type { Cart, CartItem } from "../../api/types";
import { leaveCart, removeFromCart, useCart } from "../../app/cart";
import { Link } from "../../app/Link";
import { useSession } from "../../app/session";
import { Alert } from "../../components/Alert";
import { Button, ButtonLink } from "../../components/Button";
import { Cover } from "../../components/Cover";
import { Icon } from "../../components/Icon";
import { PageHeading } from "../../components/PageHeading";
import { RowsSkeleton } from "../../components/Skeleton";
import { EmptyState, ErrorState } from "../../components/States";
import { toast } from "../../components/Toasts";
import { formatPrice, formatMoney, plural } from "../../lib/format";

export function CartScreen() {
  const query = useCart();
  const cart = query.data;
  return (
    <>
      <PageHeading title="Cart" />
      {cart?.checked_out_order ? (
        <BecameOrder order={cart.checked_out_order} />
      ) : cart && cart.items.length > 0 ? (
        <CartContents cart={cart} />
      ) : query.loading ? (
        <RowsSkeleton />
      ) : query.error && query.id ? (
        <ErrorState error={query.error} onRetry={query.reload} />
      ) : (
        <EmptyState title="Your cart is empty" action={<ButtonLink to="/browse">Browse the shelves</ButtonLink>}>
          What you put in stays here, also before you sign in.
        </EmptyState>
      )}
    </>
  );
}

function BecameOrder({ order }: { order: string }) {
  return (
    <EmptyState
      title="This cart became an order"
      action={
        <>
          <ButtonLink to={`/orders/${order}`}>Open the order</ButtonLink>
          <Button look="secondary" onClick={leaveCart}>
            Start a new cart
          </Button>
        </>
      }
    >
      If it is not paid yet, you can go on with it there.
    </EmptyState>
  );
}

function CartContents({ cart }: { cart: Cart }) {
  const { status } = useSession();
  const blocked = cart.items.some((item) => !item.available);
  return (
    <div className="with-side">
      <ul className="rows" role="list">
        {cart.items.map((item) => (
          <CartRow key={item.product.id} item={item} />
        ))}
      </ul>
      <aside className="panel side" aria-label="Summary">
        <p className="sum">
          <span>{plural(cart.items.length, "product")}</span>
          <strong>{formatMoney(cart.total)}</strong>
        </p>
        {blocked ? <Alert tone="warn">Take out what is no longer for sale to go on.</Alert> : null}
        {blocked ? null : (
          <ButtonLink to="/checkout" wide>
            Check out
          </ButtonLink>
        )}
        {status === "guest" ? <p className="fine">You sign in, or create an account, on the way.</p> : null}
      </aside>
    </div>
  );
}

function CartRow({ item }: { item: CartItem }) {
  const [removing, setRemoving] = useState(false);
  const remove = async () => {
    setRemoving(true);
    try {
      await removeFromCart(item.product.id);
      // The row and its button are gone: the heading is the nearest place that stays.
      document.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    } catch (error) {
      toast(messageOf(error), { tone: "bad" });
      setRemoving(false);
    }
  };
  return (
    <li className="row">
      <Cover cover={item.product.cover} seed={item.product.id} alt="" sizes="112px" />
      <div className="row-text">
        <Link to={`/product/${item.product.slug}`} className="row-title">
          {item.product.title}
        </Link>
        <p className="row-about">{item.product.seller?.name}</p>
        {!item.available ? <p className="row-warning">No longer for sale</p> : null}
        {item.previous_price ? (
          <p className="row-warning">
            The price was {formatPrice(item.previous_price)} when you put it in.
          </p>
        ) : null}
      </div>
      <span className="price">{formatPrice(item.price)}</span>
      <button
        type="button"
        className="icon-button"
        aria-label={`Remove ${item.product.title}`}
        disabled={removing}
        onClick={() => void remove()}
      >
        <Icon name="trash" />
      </button>
    </li>
  );
}
