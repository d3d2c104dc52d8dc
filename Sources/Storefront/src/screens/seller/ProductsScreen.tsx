import { useState } from "react";
import { messageOf } from "../../api/client";
import { usePages } from "../../api/pages";
import type { Product } from "../../api/types";
import { Link } from "../../app/Link";
import { isSeller, useSession } from "../../app/session";
import { Button, ButtonLink } from "../../components/Button";
import { Cover } from "../../components/Cover";
import { MoreButton } from "../../components/MoreButton";
import { RowsSkeleton } from "../../components/Skeleton";
import { EmptyState, ErrorState } from "../../components/States";
import { toast } from "../../components/Toasts";
import { formatDate, formatPrice, plural } from "../../lib/format";
import { publish, withdraw } from "./product";
import { SellerPage } from "./SellerPage";
import { StatusBadge } from "./StatusBadge";

export function ProductsScreen() {
  const { user } = useSession();
  const list = usePages<Product>(isSeller(user) ? "/seller/products?limit=50" : null);
  const create = (
    <ButtonLink to="/sell/products/new" icon="plus">
      New product
    </ButtonLink>
  );
  return (
    <SellerPage title="Your products" tab="products" actions={list.items?.length ? create : null}>
      {list.items === undefined ? (
        list.error ? (
          <ErrorState error={list.error} onRetry={list.reload} />
        ) : (
          <RowsSkeleton />
        )
      ) : list.items.length === 0 ? (
        <EmptyState title="Nothing of yours on the shelves yet" action={create}>
          Drop your files, add a title and a price, and publish.
        </EmptyState>
      ) : (
        <>
          <ul className="rows" role="list">
            {list.items.map((product) => (
              <ProductRow key={product.id} product={product} />
            ))}
          </ul>
          <MoreButton list={list} noun="products" />
        </>
      )}
    </SellerPage>
  );
}

function ProductRow({ product }: { product: Product }) {
  const [busy, setBusy] = useState(false);
  const published = product.status === "published";
  const turn = async () => {
    setBusy(true);
    try {
      await (published ? withdraw(product.id) : publish(product.id));
      toast(published ? `“${product.title}” is withdrawn.` : `“${product.title}” is on the shelf.`);
    } catch (error) {
      toast(messageOf(error), { tone: "bad" });
    } finally {
      setBusy(false);
    }
  };
  return (
    <li className="row">
      <Cover cover={product.cover} seed={product.id} alt="" sizes="112px" />
      <div className="row-text">
        <Link className="row-title" to={`/sell/products/${product.id}`}>
          {product.title}
        </Link>
        <p className="row-about">
          {formatPrice(product.price)} · {plural(product.files.length, "file")} · sold {plural(product.sales, "time")} · changed{" "}
          {formatDate(product.updated_at)}
        </p>
      </div>
      <StatusBadge status={product.status} />
      <Button
        look="secondary"
        small
        busy={busy}
        aria-label={`${published ? "Withdraw" : "Publish"} ${product.title}`}
        onClick={() => void turn()}
      >
        {published ? "Withdraw" : "Publish"}
      </Button>
    </li>
  );
}
