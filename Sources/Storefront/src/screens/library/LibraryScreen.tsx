import { usePages } from "../../api/pages";
import type { Entitlement } from "../../api/types";
import { Link } from "../../app/Link";
import { Badge } from "../../components/Badge";
import { ButtonLink } from "../../components/Button";
import { Cover } from "../../components/Cover";
import { MoreButton } from "../../components/MoreButton";
import { PageHeading } from "../../components/PageHeading";
import { GridSkeleton } from "../../components/ProductCard";
import { EmptyState, ErrorState } from "../../components/States";
import { formatBytes, plural } from "../../lib/format";

export function LibraryScreen() {
  const list = usePages<Entitlement>("/library?limit=24");
  return (
    <>
      <PageHeading title="Library" lead="Everything you bought, ready to download." />
      {list.items === undefined ? (
        list.error ? (
          <ErrorState error={list.error} onRetry={list.reload} />
        ) : (
          <GridSkeleton cards={4} />
        )
      ) : list.items.length === 0 ? (
        <EmptyState title="Your library is empty" action={<ButtonLink to="/browse">Browse the shelves</ButtonLink>}>
          What you buy, or get for free, is kept here for you.
        </EmptyState>
      ) : (
        <>
          <ul className="grid" role="list">
            {list.items.map((entitlement, index) => (
              <LibraryCard key={entitlement.id} entitlement={entitlement} eager={index < 4} />
            ))}
          </ul>
          <MoreButton list={list} noun="of your library" />
        </>
      )}
    </>
  );
}

function LibraryCard({ entitlement, eager }: { entitlement: Entitlement; eager: boolean }) {
  const { product, files, status } = entitlement;
  const size = files.reduce((total, file) => total + file.size, 0);
  return (
    <li className="card">
      <Cover
        cover={product.cover}
        seed={product.id}
        alt=""
        sizes="(min-width: 1200px) 272px, (min-width: 720px) 30vw, 46vw"
        eager={eager}
      />
      <div className="card-text">
        <Link className="card-title" to={`/library/${entitlement.id}`}>
          {product.title}
        </Link>
        <p className="card-seller">{product.seller?.name}</p>
      </div>
      <p className="card-foot">
        <span className="card-kind">
          {plural(files.length, "file")}, {formatBytes(size)}
        </span>
        {status === "active" ? null : <Badge tone="bad">{status === "revoked" ? "Revoked" : "On hold"}</Badge>}
      </p>
    </li>
  );
}
