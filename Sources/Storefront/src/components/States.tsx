import type { ReactNode } from "react";
import { ApiError, messageOf } from "../api/client";
import { Button, ButtonLink } from "./Button";
import { LogoMark } from "./Logo";
import { useScreenTitle } from "./PageHeading";

interface StateProps {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** Nothing here, and what to do about it. */
export function EmptyState({ title, children, action }: StateProps) {
  return (
    <div className="state">
      <LogoMark />
      <h2>{title}</h2>
      {children ? <p>{children}</p> : null}
      {action ? <div className="actions">{action}</div> : null}
    </div>
  );
}

interface ErrorStateProps {
  title?: string;
  error: unknown;
  onRetry?: (() => void) | undefined;
}

export function ErrorState({ title = "This could not be loaded", error, onRetry }: ErrorStateProps) {
  const request = error instanceof ApiError ? error.requestId : null;
  return (
    <div className="state" role="alert">
      <LogoMark />
      <h2>{title}</h2>
      <p>{messageOf(error)}</p>
      {request ? <p className="fine">Reference: {request}</p> : null}
      {onRetry ? (
        <div className="actions">
          <Button look="secondary" onClick={onRetry}>
            Try again
          </Button>
        </div>
      ) : null}
    </div>
  );
}

export function NotFoundState({ what = "page" }: { what?: string }) {
  const heading = useScreenTitle("Not found");
  return (
    <div className="state">
      <LogoMark />
      <h1 ref={heading} tabIndex={-1}>
        The sun has set on this {what}
      </h1>
      <p>It is not here: the address may be mistyped, or it was taken down.</p>
      <div className="actions">
        <ButtonLink to="/browse">Browse the shelves</ButtonLink>
      </div>
    </div>
  );
}

/** An error as a whole screen: gone things say so, everything else can be tried again. */
export function ScreenError({ error, what, onRetry }: { error: unknown; what: string; onRetry: () => void }) {
  if (error instanceof ApiError && (error.status === 404 || error.status === 410)) return <NotFoundState what={what} />;
  return <ErrorState error={error} onRetry={onRetry} />;
}
