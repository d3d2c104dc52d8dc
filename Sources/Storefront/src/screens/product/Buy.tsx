import { useEffect, useRef, useState } from "react";
import { messageOf } from "../../api/client";
import type { Product } from "../../api/types";
import { addToCart, useCart } from "../../app/cart";
import { useSession } from "../../app/session";
import { Button, ButtonLink } from "../../components/Button";
import { Icon } from "../../components/Icon";
import { toast } from "../../components/Toasts";
import { formatBytes, formatDate, formatPrice, plural } from "../../lib/format";

/** The price and the way into the cart. */
export function Buy({ product }: { product: Product }) {
  const { data: cart } = useCart();
  const { user } = useSession();
  const [adding, setAdding] = useState(false);
  const inCart = cart?.checked_out_order === null && cart.items.some((item) => item.product.id === product.id);
  const panel = useRef<HTMLElement>(null);
  const [added, setAdded] = useState(false);
  // The button that was pressed has become a link; the focus goes along.
  useEffect(() => {
    if (added && inCart) panel.current?.querySelector("a")?.focus();
  }, [added, inCart]);
  const own = user?.id === product.seller.id;
  const size = product.files.reduce((total, file) => total + file.size, 0);

  const add = async () => {
    setAdding(true);
    try {
      await addToCart(product.id);
      toast("It is in your cart.", { link: { to: "/cart", text: "Open cart" } });
      setAdded(true);
    } catch (error) {
      toast(messageOf(error), { tone: "bad" });
    } finally {
      setAdding(false);
    }
  };

  return (
    <aside ref={panel} className="product-buy panel" aria-label="Buy">
      <p className="buy-price">{formatPrice(product.price)}</p>
      {product.status !== "published" ? (
        <p>It can’t be bought any more.</p>
      ) : inCart ? (
        <ButtonLink to="/cart" wide icon="check">
          Go to cart
        </ButtonLink>
      ) : (
        <Button wide icon="bag" busy={adding} onClick={() => void add()}>
          Add to cart
        </Button>
      )}
      {own ? (
        <ButtonLink to={`/sell/products/${product.id}`} look="secondary" wide>
          Edit your product
        </ButtonLink>
      ) : null}
      <dl className="facts">
        <div>
          <dt>Files</dt>
          <dd>
            {product.files.length}, {formatBytes(size)}
          </dd>
        </div>
        {product.published_at ? (
          <div>
            <dt>Published</dt>
            <dd>{formatDate(product.published_at)}</dd>
          </div>
        ) : null}
        {product.sales > 0 ? (
          <div>
            <dt>Bought</dt>
            <dd>{plural(product.sales, "time")}</dd>
          </div>
        ) : null}
      </dl>
      <p className="fine buy-promise">
        <Icon name="lock" size={16} /> Every file was checked when it came in. It stays in your library.
      </p>
    </aside>
  );
}
