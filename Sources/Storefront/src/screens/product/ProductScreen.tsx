import { useState } from "react";
import { categoryName, useCategories, useProduct } from "../../api/catalog";
import type { Product } from "../../api/types";
import { Link } from "../../app/Link";
import { href } from "../../app/router";
import type { ScreenProps } from "../../app/screens";
import { Badge } from "../../components/Badge";
import { Cover } from "../../components/Cover";
import { Dialog } from "../../components/Dialog";
import { FileList } from "../../components/FileList";
import { Icon } from "../../components/Icon";
import { useScreenTitle } from "../../components/PageHeading";
import { Loading, Skeleton } from "../../components/Skeleton";
import { ScreenError } from "../../components/States";
import { Buy } from "./Buy";

export function ProductScreen({ parameters }: ScreenProps) {
  const query = useProduct(parameters.slug ?? "");
  if (query.data) return <ProductPage product={query.data} />;
  if (query.error) return <ScreenError error={query.error} what="product" onRetry={query.reload} />;
  return <ProductSkeleton />;
}

function ProductSkeleton() {
  return (
    <div className="product">
      <Loading />
      <div className="crumbs">
        <Skeleton shape="short" />
      </div>
      <div className="product-gallery">
        <span className="cover cover-shelf skeleton" />
      </div>
      <div className="product-head">
        <Skeleton shape="title" />
        <Skeleton shape="short" />
      </div>
      <div className="product-buy panel">
        <Skeleton shape="title" />
        <Skeleton shape="button" />
      </div>
      <div className="product-about">
        <Skeleton />
        <Skeleton />
      </div>
    </div>
  );
}

function ProductPage({ product }: { product: Product }) {
  const heading = useScreenTitle(product.title);
  const categories = useCategories().data;
  return (
    <article className="product">
      <nav className="crumbs" aria-label="Breadcrumb">
        <Link to="/browse">All</Link>
        <Icon name="chevron" size={14} />
        <Link to={href("/browse", { category: product.category })}>{categoryName(categories, product.category)}</Link>
      </nav>
      <Gallery product={product} />
      <div className="product-head">
        <h1 ref={heading} tabIndex={-1}>
          {product.title}
        </h1>
        <p className="product-by">
          by <Link to={href("/browse", { seller: product.seller.slug })}>{product.seller.name}</Link>
          {product.status === "withdrawn" ? <Badge tone="warn">Withdrawn from sale</Badge> : null}
        </p>
      </div>
      <Buy product={product} />
      <div className="product-about">
        <Description text={product.description} />
        <h2>What you get</h2>
        {product.files.length ? (
          <FileList files={product.files} />
        ) : (
          <p className="fine">The files will be listed when they are ready.</p>
        )}
        {product.tags.length ? (
          <>
            <h2 className="visually-hidden">Tags</h2>
            <ul className="chips" role="list">
              {product.tags.map((tag) => (
                <li key={tag}>
                  <Link className="chip" to={href("/browse", { tag })}>
                    #{tag}
                  </Link>
                </li>
              ))}
            </ul>
          </>
        ) : null}
      </div>
    </article>
  );
}

/** The cover, and the same picture large on its own. */
function Gallery({ product }: { product: Product }) {
  const [large, setLarge] = useState(false);
  const picture = (
    <Cover
      cover={product.cover}
      seed={product.id}
      alt={product.cover ? `Cover of ${product.title}` : ""}
      sizes="(min-width: 1100px) 620px, (min-width: 800px) 56vw, 92vw"
      eager
    />
  );
  if (!product.cover) return <div className="product-gallery">{picture}</div>;
  return (
    <div className="product-gallery">
      <button type="button" className="gallery-open" onClick={() => setLarge(true)} aria-haspopup="dialog">
        {picture}
        <span className="gallery-hint">
          <Icon name="search" size={16} /> Enlarge
        </span>
      </button>
      {large ? (
        <Dialog title={product.title} onClose={() => setLarge(false)} wide>
          <Cover cover={product.cover} seed={product.id} alt={`Cover of ${product.title}, large`} sizes="92vw" eager natural />
        </Dialog>
      ) : null}
    </div>
  );
}

function Description({ text }: { text: string }) {
  const paragraphs = text.split(/\n{2,}/).filter((paragraph) => paragraph.trim());
  return (
    <div className="prose">
      {paragraphs.map((paragraph, index) => (
        <p key={index}>{paragraph}</p>
      ))}
    </div>
  );
}
