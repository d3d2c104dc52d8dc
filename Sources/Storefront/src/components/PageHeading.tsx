import { useEffect, useRef, type ReactNode } from "react";
import { takeHeadingFocus, useLocation } from "../app/router";

interface PageHeadingProps {
  title: string;
  /** The document's title where it should say more than the heading does. */
  documentTitle?: string;
  lead?: ReactNode;
  actions?: ReactNode;
  above?: ReactNode;
}

/** Names the document; where screens change, the focus moves here, so that the keyboard and a screen reader follow. */
export function useScreenTitle(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { key } = useLocation();
  useEffect(() => {
    document.title = title === "Sunset" ? "Sunset: digital goods from the people who make them" : `${title} · Sunset`;
  }, [title]);
  useEffect(() => {
    if (takeHeadingFocus()) heading.current?.focus({ preventScroll: true });
  }, [key]);
  return heading;
}

export function PageHeading({ title, documentTitle, lead, actions, above }: PageHeadingProps) {
  const heading = useScreenTitle(documentTitle ?? title);
  return (
    <div className="page-heading">
      {above}
      <div className="page-heading-row">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions ? <div className="actions">{actions}</div> : null}
      </div>
      {lead ? <p className="lead">{lead}</p> : null}
    </div>
  );
}
