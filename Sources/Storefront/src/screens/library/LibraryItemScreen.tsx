import { useEffect, useRef, useState } from "react";
import { ApiError, get, messageOf, send } from "../../api/client";
import { useQuery } from "../../api/query";
import type { Entitlement, Grant, ProductFile } from "../../api/types";
import { Link } from "../../app/Link";
import type { ScreenProps } from "../../app/screens";
import { Alert } from "../../components/Alert";
import { Button } from "../../components/Button";
import { Cover } from "../../components/Cover";
import { FileList } from "../../components/FileList";
import { PageHeading } from "../../components/PageHeading";
import { RowsSkeleton } from "../../components/Skeleton";
import { ScreenError } from "../../components/States";
import { formatDate } from "../../lib/format";

export function LibraryItemScreen({ parameters }: ScreenProps) {
  const id = parameters.id ?? "";
  const query = useQuery<Entitlement>(`entitlement:${id}`, () => get<Entitlement>(`/entitlements/${id}`), 5000);
  if (query.data) return <LibraryItem entitlement={query.data} reload={query.reload} />;
  if (query.error) return <ScreenError error={query.error} what="purchase" onRetry={query.reload} />;
  return <RowsSkeleton />;
}

const refusals: Record<string, string> = {
  download_limit_reached: "The downloads of this purchase are used up. Ask its maker for more.",
  entitlement_revoked: "Access to this purchase was taken back. Ask its maker why.",
  token_expired: "The link had lapsed. Press download again for a new one.",
};

function LibraryItem({ entitlement, reload }: { entitlement: Entitlement; reload: () => void }) {
  const { product, files, downloads, status } = entitlement;
  const [fetching, setFetching] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);

  const download = async (file: ProductFile) => {
    setFetching(file.id);
    setProblem(null);
    try {
      const grant = await send<Grant>("POST", `/entitlements/${entitlement.id}/downloads`, { file_id: file.id });
      const link = document.createElement("a");
      link.href = grant.url;
      link.download = grant.filename;
      document.body.append(link);
      link.click();
      link.remove();
      // It is counted when its first byte is served.
      timer.current = window.setTimeout(reload, 1500);
    } catch (error) {
      const known = error instanceof ApiError ? refusals[error.code] : undefined;
      setProblem(known ?? messageOf(error));
    } finally {
      setFetching(null);
    }
  };

  return (
    <>
      <PageHeading
        title={product.title}
        above={
          <nav className="crumbs" aria-label="Breadcrumb">
            <Link to="/library">Library</Link>
          </nav>
        }
        lead={
          <>
            by {product.seller?.name ?? "a maker who has left"}, yours since {formatDate(entitlement.created_at)}
          </>
        }
      />
      <div className="with-side with-side-left">
        <div className="stack">
          {status === "active" ? null : (
            <Alert tone="bad" title={status === "revoked" ? "Access was taken back" : "Access is on hold"}>
              Its files can’t be downloaded{status === "suspended" ? " until this is settled" : ""}.
            </Alert>
          )}
          {problem ? <Alert tone="bad">{problem}</Alert> : null}
          <section className="panel" aria-labelledby="files">
            <h2 id="files">Files</h2>
            <FileList
              files={files}
              action={(file) => (
                <Button
                  look="secondary"
                  small
                  icon="download"
                  busy={fetching === file.id}
                  disabled={status !== "active"}
                  aria-label={`Download ${file.filename}`}
                  onClick={() => void download(file)}
                >
                  Download
                </Button>
              )}
            />
            {downloads.limit === null ? null : (
              <p className="fine">
                {downloads.remaining} of {downloads.limit} downloads left. Going on with an interrupted download, or fetching
                the same file again within a day, is free.
              </p>
            )}
          </section>
        </div>
        <aside className="side">
          <Cover
            cover={product.cover}
            seed={product.id}
            alt={product.cover ? `Cover of ${product.title}` : ""}
            sizes="320px"
            eager
          />
          <p className="fine">
            <Link to={`/product/${product.slug}`}>Product page</Link> ·{" "}
            <Link to={`/orders/${entitlement.order_id}`}>Order</Link>
          </p>
        </aside>
      </div>
    </>
  );
}
