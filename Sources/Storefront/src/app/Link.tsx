import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { preloadScreen } from "./screens";
import { navigate } from "./router";

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  to: string;
  keepScroll?: boolean;
}

/** A real link that navigates in place; a modified click does what it does everywhere. */
export function Link({ to, keepScroll, onClick, ...rest }: LinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !plain || rest.target) return;
    event.preventDefault();
    navigate(to, keepScroll ? { keepScroll } : {});
  };
  const preload = () => preloadScreen(to);
  return <a href={to} onClick={follow} onPointerEnter={preload} onFocus={preload} {...rest} />;
}
