import type { Product } from "../api/types";
import { Link } from "../app/Link";
import { formatPrice, kindName } from "../lib/format";
import { Cover } from "./Cover";
import { Loading, Skeleton } from "./Skeleton";

const cardSizes = "(min-width: 1200px) 272px, (min-width: 720px) 30vw, 46vw";

function kindsOf(product: Product): string {
  const kinds = [...new Set(product.files.map((file) => kindName(file.kind)))];
  return kinds.slice(0, 2).join(", ");
}

export function ProductCard({ product, eager }: { product: Product; eager?: boolean }) {
  return (
    <li className="card">
      <Cover cover={product.cover} seed={product.id} alt="" sizes={cardSizes} {...(eager ? { eager } : {})} />
      <div className="card-text">
        <Link to={`/product/${product.slug}`} className="card-title">
          {product.title}
        </Link>
        <p className="card-seller">{product.seller.name}</p>
      </div>
      <p className="card-foot">
        <span className="price">{formatPrice(product.price)}</span>
        <span className="card-kind">{kindsOf(product)}</span>
      </p>
    </li>
  );
}

export function ProductGrid({ products, eager = 4 }: { products: Product[]; eager?: number }) {
  return (
    <ul className="grid" role="list">
      {products.map((product, index) => (
        <ProductCard key={product.id} product={product} eager={index < eager} />
      ))}
    </ul>
  );
}

export function GridSkeleton({ cards = 8 }: { cards?: number }) {
  return (
    <>
      <Loading />
      <ul className="grid" role="presentation" aria-hidden="true">
        {Array.from({ length: cards }, (_, card) => (
          <li className="card" key={card}>
            <span className="cover cover-shelf skeleton" />
            <div className="card-text">
              <Skeleton shape="line" />
              <Skeleton shape="short" />
            </div>
            <p className="card-foot">
              <Skeleton shape="short" />
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}
