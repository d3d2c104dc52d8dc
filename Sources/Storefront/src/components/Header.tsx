import { useEffect, useRef, useState, type FormEvent } from "react";
import { messageOf } from "../api/client";
import { leaveCart, useCart } from "../app/cart";
import { Link } from "../app/Link";
import { href, navigate, useLocation } from "../app/router";
import { isSeller, signOut, useSession } from "../app/session";
import { Icon } from "./Icon";
import { LogoMark } from "./Logo";
import { toast } from "./Toasts";

export function Header() {
  return (
    <header className="header">
      <div className="bands" aria-hidden="true" />
      <div className="header-row">
        <Link to="/" className="logo">
          <LogoMark />
          <span>Sunset</span>
        </Link>
        <SearchBox />
        <nav className="header-nav" aria-label="Main">
          <Link to="/browse" className="header-link header-wide">
            Browse
          </Link>
          <SellLink />
          <CartLink />
          <AccountMenu />
        </nav>
      </div>
    </header>
  );
}

function SearchBox() {
  const location = useLocation();
  const shown = location.path === "/browse" ? (location.query.get("q") ?? "") : "";
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    navigate(href("/browse", { q: text.trim() }));
  };
  return (
    <form className="search" role="search" onSubmit={submit} action="/browse">
      <label htmlFor="search" className="visually-hidden">
        Search the shop
      </label>
      <input
        id="search"
        name="q"
        type="search"
        className="search-input"
        placeholder="Search books, music, fonts…"
        autoComplete="off"
        enterKeyHint="search"
        value={text}
        maxLength={200}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="search-button" aria-label="Search">
        <Icon name="search" />
      </button>
    </form>
  );
}

function SellLink() {
  const { user } = useSession();
  return (
    <Link to={user && isSeller(user) ? "/sell" : "/sign-up?sell=1"} className="header-link header-wide">
      Sell
    </Link>
  );
}

function CartLink() {
  const { data: cart } = useCart();
  const count = cart && !cart.checked_out_order ? cart.items.length : 0;
  return (
    <Link to="/cart" className="icon-button cart-link" aria-label={count ? `Cart, ${count} in it` : "Cart, empty"}>
      <Icon name="bag" size={22} />
      {count ? (
        <span className="cart-count" aria-hidden="true">
          {count}
        </span>
      ) : null}
    </Link>
  );
}

function AccountMenu() {
  const { status, user } = useSession();
  const [open, setOpen] = useState(false);
  const location = useLocation();
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => setOpen(false), [location]);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !frame.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);

  const leave = () => {
    setOpen(false);
    signOut().then(
      () => {
        leaveCart();
        toast("You are signed out.");
        navigate("/");
      },
      (error: unknown) => toast(messageOf(error), { tone: "bad" }),
    );
  };
  const guest = status === "guest";
  return (
    <div
      className="menu"
      ref={frame}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button
        ref={button}
        type="button"
        className="icon-button menu-button"
        aria-expanded={open}
        aria-controls="account-menu"
        aria-label={guest ? "Menu: sign in" : `Menu of ${user?.name ?? "your account"}`}
        onClick={() => setOpen(!open)}
      >
        {guest ? (
          <Icon name="user" size={22} />
        ) : (
          <span className="avatar" aria-hidden="true">
            {(user?.name.trim()[0] ?? " ").toUpperCase()}
          </span>
        )}
      </button>
      <div id="account-menu" className="menu-panel" hidden={!open}>
        {guest ? (
          <ul role="list">
            <MenuLink to="/sign-in" text="Sign in" />
            <MenuLink to="/sign-up" text="Create an account" />
            <MenuLink to="/browse" text="Browse" narrow />
            <MenuLink to="/sign-up?sell=1" text="Sell your work" narrow />
          </ul>
        ) : (
          <>
            <p className="menu-who">
              <strong>{user?.name}</strong>
              <span>{user?.email}</span>
            </p>
            <ul role="list">
              <MenuLink to="/library" text="Library" />
              <MenuLink to="/orders" text="Orders" />
              <MenuLink to="/browse" text="Browse" narrow />
              {isSeller(user) ? <MenuLink to="/sell" text="Your products" /> : null}
              {isSeller(user) ? <MenuLink to="/sell/orders" text="Sales" /> : null}
              <MenuLink to="/account" text="Account" />
              <li>
                <button type="button" className="menu-item" onClick={leave}>
                  Sign out
                </button>
              </li>
            </ul>
          </>
        )}
      </div>
    </div>
  );
}

function MenuLink({ to, text, narrow }: { to: string; text: string; narrow?: boolean }) {
  return (
    <li className={narrow ? "menu-narrow" : undefined}>
      <Link to={to} className="menu-item">
        {text}
      </Link>
    </li>
  );
}
