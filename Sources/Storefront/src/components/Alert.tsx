import type { ReactNode } from "react";
import { Icon } from "./Icon";

interface AlertProps {
  tone: "info" | "good" | "warn" | "bad";
  title?: string;
  action?: ReactNode;
  children?: ReactNode;
}

/** A message that is read out when it appears. */
export function Alert({ tone, title, action, children }: AlertProps) {
  return (
    <div className={`alert alert-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={tone === "good" ? "check" : tone === "info" ? "info" : "alert"} />
      <div className="alert-body">
        {title ? <p className="alert-title">{title}</p> : null}
        {children ? <div>{children}</div> : null}
      </div>
      {action}
    </div>
  );
}
