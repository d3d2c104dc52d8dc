/** Grey shapes in the size of what is coming, so that nothing moves when it arrives. */
export function Skeleton({ shape = "line" }: { shape?: "line" | "short" | "title" | "box" | "square" | "button" }) {
  return <span className={`skeleton skeleton-${shape}`} aria-hidden="true" />;
}

export function Loading({ label = "Loading" }: { label?: string }) {
  return (
    <p className="visually-hidden" role="status">
      {label}…
    </p>
  );
}

export function PageSkeleton() {
  return (
    <div className="stack">
      <Loading />
      <Skeleton shape="title" />
      <Skeleton />
      <Skeleton />
      <Skeleton shape="box" />
    </div>
  );
}

export function RowsSkeleton({ rows = 3 }: { rows?: number }) {
  return (
    <div className="stack">
      <Loading />
      {Array.from({ length: rows }, (_, row) => (
        <div className="row-skeleton" key={row}>
          <Skeleton shape="square" />
          <div>
            <Skeleton shape="short" />
            <Skeleton />
          </div>
        </div>
      ))}
    </div>
  );
}
