import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "../app/Link";
import { Icon, type IconName } from "./Icon";

type Look = "primary" | "secondary" | "quiet" | "danger";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  icon?: IconName;
  /** The action is under way: the button keeps its size and place, and can't be pressed again. */
  busy?: boolean;
  wide?: boolean;
  small?: boolean;
}

function classes(look: Look, wide?: boolean, small?: boolean): string {
  return ["button", `button-${look}`, wide ? "button-wide" : "", small ? "button-small" : ""].filter(Boolean).join(" ");
}

export function Button({ look = "primary", icon, busy, wide, small, children, onClick, type, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type ?? "button"}
      className={classes(look, wide, small)}
      aria-busy={busy || undefined}
      // `disabled` would drop the keyboard's focus; a busy button stays where it is and ignores presses.
      aria-disabled={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy ? <span className="spinner" aria-hidden="true" /> : icon ? <Icon name={icon} size={18} /> : null}
      <span>{children}</span>
    </button>
  );
}

interface ButtonLinkProps {
  to: string;
  look?: Look;
  icon?: IconName;
  wide?: boolean;
  small?: boolean;
  children: ReactNode;
}

export function ButtonLink({ to, look = "primary", icon, wide, small, children }: ButtonLinkProps) {
  return (
    <Link to={to} className={classes(look, wide, small)}>
      {icon ? <Icon name={icon} size={18} /> : null}
      <span>{children}</span>
    </Link>
  );
}
