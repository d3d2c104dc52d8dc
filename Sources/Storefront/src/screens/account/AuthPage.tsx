import type { ReactNode } from "react";
import { PageHeading } from "../../components/PageHeading";

/** A narrow panel with one form in it. */
export function AuthPage({ title, lead, children, foot }: { title: string; lead?: ReactNode; children: ReactNode; foot?: ReactNode }) {
  return (
    <div className="auth">
      <div className="auth-bands bands" aria-hidden="true" />
      <div className="panel auth-panel">
        <PageHeading title={title} lead={lead} />
        {children}
        {foot ? <p className="auth-foot">{foot}</p> : null}
      </div>
    </div>
  );
}
