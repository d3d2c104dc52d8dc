import { useCategories } from "../../api/catalog";
import { usePages } from "../../api/pages";
import type { Product } from "../../api/types";
import { Link } from "../../app/Link";
import { href } from "../../app/router";
import { isSeller, useSession } from "../../app/session";
import { ButtonLink } from "../../components/Button";
import { useScreenTitle } from "../../components/PageHeading";
import { GridSkeleton, ProductGrid } from "../../components/ProductCard";
import { EmptyState, ErrorState } from "../../components/States";
import { plural } from "../../lib/format";

export function HomeScreen() {
  const heading = useScreenTitle("Sunset");
  const { user } = useSession();
  const seller = isSeller(user);
  return (
    <>
      <section className="hero">
        <div className="hero-text">
          <h1 ref={heading} tabIndex={-1}>
            Made by people. <br />
            Yours to keep.
          </h1>
          <p className="lead">
            E-books, music, images, fonts and software, bought straight from their makers. Pay once, download when you like.
          </p>
          <div className="actions">
            <ButtonLink to="/browse">Browse the shelves</ButtonLink>
            <ButtonLink to={seller ? "/sell" : "/sign-up?sell=1"} look="secondary">
              {seller ? "Your products" : "Sell your work"}
            </ButtonLink>
          </div>
        </div>
        <HeroPicture />
      </section>
      <Categories />
      <Shelf title="Just in" path="/products?sort=newest&limit=8" more={href("/browse", { sort: "newest" })} eager={4} />
      <Shelf
        title="Most bought"
        path="/products?sort=best_selling&limit=8"
        more={href("/browse", { sort: "best_selling" })}
        eager={0}
        optional
      />
    </>
  );
}

/** The sun over banded water: the shop's sign. */
function HeroPicture() {
  return (
    <svg className="hero-picture" viewBox="0 0 480 300" aria-hidden="true" focusable="false">
      <path className="hero-glow" d="M56 190a184 184 0 0 1 368 0z" />
      <path className="hero-sun" d="M100 190a140 140 0 0 1 280 0z" />
      <path className="hero-cut" d="M84 128h312v5H84zM84 148h312v8H84zM84 170h312v11H84z" />
      <path className="hero-band-1" d="M0 194h480v14H0z" />
      <path className="hero-band-2" d="M34 214h412v12H34z" />
      <path className="hero-band-3" d="M84 232h312v10H84z" />
      <path className="hero-band-4" d="M140 248h200v8H140z" />
      <path className="hero-band-5" d="M190 262h100v6H190z" />
    </svg>
  );
}

function Categories() {
  const { data } = useCategories();
  return (
    <nav className="chips-row" aria-label="Categories">
      <ul className="chips" role="list">
        {data
          ? data.map((category) => (
              <li key={category.slug}>
                <Link className="chip" to={href("/browse", { category: category.slug })}>
                  {category.name} <span className="chip-count" aria-label={plural(category.count, "product")}>{category.count}</span>
                </Link>
              </li>
            ))
          : Array.from({ length: 6 }, (_, index) => <li key={index} className="chip skeleton chip-skeleton" aria-hidden="true" />)}
      </ul>
    </nav>
  );
}

interface ShelfProps {
  title: string;
  path: string;
  more: string;
  eager: number;
  /** Left out altogether when empty. */
  optional?: boolean;
}

function Shelf({ title, path, more, eager, optional }: ShelfProps) {
  const list = usePages<Product>(path);
  const id = `shelf-${title.toLowerCase().replace(/\W+/g, "-")}`;
  if (optional && list.items?.length === 0) return null;
  return (
    <section className="shelf" aria-labelledby={id}>
      <div className="shelf-head">
        <h2 id={id}>{title}</h2>
        <Link to={more}>
          See all<span className="visually-hidden"> of {title}</span>
        </Link>
      </div>
      {list.items === undefined && list.error ? (
        <ErrorState error={list.error} onRetry={list.reload} />
      ) : list.items === undefined ? (
        <GridSkeleton cards={8} />
      ) : list.items.length === 0 ? (
        <EmptyState title="The shelves are still empty" action={<ButtonLink to="/sign-up?sell=1">Be the first to sell</ButtonLink>}>
          As soon as somebody publishes a product, it stands here.
        </EmptyState>
      ) : (
        <ProductGrid products={list.items} eager={eager} />
      )}
    </section>
  );
}
