import { categoryName, useCategories } from "../../api/catalog";
import { usePages, type Pages } from "../../api/pages";
import type { Category, Product } from "../../api/types";
import { Link } from "../../app/Link";
import { href, navigate, useLocation } from "../../app/router";
import { Button, ButtonLink } from "../../components/Button";
import { Icon } from "../../components/Icon";
import { MoreButton } from "../../components/MoreButton";
import { PageHeading } from "../../components/PageHeading";
import { GridSkeleton, ProductGrid } from "../../components/ProductCard";
import { EmptyState, ErrorState } from "../../components/States";

interface Filters {
  q: string | null;
  category: string | null;
  tag: string | null;
  seller: string | null;
  sort: string | null;
}

const sorts = [
  { value: "newest", name: "Newest" },
  { value: "best_selling", name: "Most bought" },
  { value: "price_asc", name: "Price, low to high" },
  { value: "price_desc", name: "Price, high to low" },
];
const relevance = { value: "relevance", name: "Best match" };

export function BrowseScreen() {
  const { query } = useLocation();
  const categories = useCategories().data;
  const filters: Filters = {
    q: query.get("q"),
    category: query.get("category"),
    tag: query.get("tag"),
    seller: query.get("seller"),
    sort: query.get("sort"),
  };
  const list = usePages<Product>(href("/products", { ...filters, limit: "24" }));
  const link = (changes: Partial<Filters>) => href("/browse", { ...filters, ...changes });
  const title = titleOf(filters, categories, list.items);

  return (
    <>
      <PageHeading title={title} />
      <div className="browse">
        <CategoryList categories={categories} chosen={filters.category} link={link} />
        <div className="browse-results">
          <div className="toolbar">
            <Narrowed filters={filters} link={link} items={list.items} />
            <SortField filters={filters} onSort={(sort) => navigate(link({ sort }), { keepScroll: true })} />
          </div>
          <Results list={list} filters={filters} />
        </div>
      </div>
    </>
  );
}

function titleOf(filters: Filters, categories: Category[] | undefined, items: Product[] | undefined): string {
  if (filters.q) return `Results for “${filters.q}”`;
  if (filters.seller) return `By ${sellerName(filters.seller, items)}`;
  if (filters.tag) return `Tagged “${filters.tag}”`;
  if (filters.category) return categoryName(categories, filters.category);
  return "Everything on the shelves";
}

function sellerName(seller: string, items: Product[] | undefined): string {
  const known = items?.find((product) => product.seller.slug === seller || product.seller.id === seller);
  return known?.seller.name ?? seller;
}

interface CategoryListProps {
  categories: Category[] | undefined;
  chosen: string | null;
  link: (changes: Partial<Filters>) => string;
}

function CategoryList({ categories, chosen, link }: CategoryListProps) {
  return (
    <nav className="browse-side chips-row" aria-label="Categories">
      <ul className="chips chips-column" role="list">
        <li>
          <Link className="chip" to={link({ category: null })} aria-current={chosen === null ? "true" : undefined}>
            All
          </Link>
        </li>
        {categories
          ? categories.map((category) => (
              <li key={category.slug}>
                <Link
                  className="chip"
                  to={link({ category: category.slug })}
                  aria-current={chosen === category.slug ? "true" : undefined}
                >
                  {category.name} <span className="chip-count">{category.count}</span>
                </Link>
              </li>
            ))
          : Array.from({ length: 6 }, (_, index) => <li key={index} className="chip skeleton chip-skeleton" aria-hidden="true" />)}
      </ul>
    </nav>
  );
}

function Narrowed({ filters, link, items }: { filters: Filters; link: CategoryListProps["link"]; items: Product[] | undefined }) {
  const chips = [
    filters.q ? { text: `“${filters.q}”`, to: link({ q: null, sort: filters.sort === "relevance" ? null : filters.sort }) } : null,
    filters.seller ? { text: `By ${sellerName(filters.seller, items)}`, to: link({ seller: null }) } : null,
    filters.tag ? { text: `#${filters.tag}`, to: link({ tag: null }) } : null,
  ].filter((chip): chip is { text: string; to: string } => chip !== null);
  return (
    <ul className="chips" role="list">
      {chips.map((chip) => (
        <li key={chip.text}>
          <Link className="chip chip-remove" to={chip.to}>
            <span className="visually-hidden">Remove the filter </span>
            {chip.text}
            <Icon name="close" size={14} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

function SortField({ filters, onSort }: { filters: Filters; onSort: (sort: string) => void }) {
  const options = filters.q ? [relevance, ...sorts] : sorts;
  return (
    <label className="sort">
      <span>Sort by</span>
      <select
        className="input input-small"
        value={filters.sort ?? (filters.q ? "relevance" : "newest")}
        onChange={(event) => onSort(event.target.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Results({ list, filters }: { list: Pages<Product>; filters: Filters }) {
  if (list.items === undefined) {
    return list.error ? <ErrorState error={list.error} onRetry={list.reload} /> : <GridSkeleton cards={12} />;
  }
  if (list.items.length === 0) {
    const narrowed = filters.q || filters.category || filters.tag || filters.seller;
    return (
      <EmptyState
        title={filters.q ? `Nothing matches “${filters.q}”` : "Nothing on this shelf yet"}
        action={
          narrowed ? (
            <ButtonLink to="/browse" look="secondary">
              See everything
            </ButtonLink>
          ) : (
            <Button look="secondary" onClick={list.reload}>
              Look again
            </Button>
          )
        }
      >
        {filters.q ? "Every word has to match: try fewer, or another spelling." : "New work arrives here as its makers publish it."}
      </EmptyState>
    );
  }
  return (
    <>
      <p className="visually-hidden" role="status">
        {list.items.length} products shown{list.hasMore ? ", there are more" : ""}
      </p>
      <ProductGrid products={list.items} eager={4} />
      <MoreButton list={list} noun="products" />
    </>
  );
}
