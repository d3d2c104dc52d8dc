import type { ReactNode } from "react";
import { Link } from "../../app/Link";
import { isSeller, useSession } from "../../app/session";
import { ButtonLink } from "../../components/Button";
import { PageHeading } from "../../components/PageHeading";
import { EmptyState } from "../../components/States";

interface SellerPageProps {
  title: string;
  tab: "products" | "sales";
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of the seller's lists; an account that only buys is told so. */
export function SellerPage({ title, tab, actions, children }: SellerPageProps) {
  const { user } = useSession();
  if (!isSeller(user)) return <BuyersOnly />;
  return (
    <>
      <PageHeading title={title} actions={actions} />
      <nav className="tabs" aria-label="Selling">
        <Link to="/sell" aria-current={tab === "products" ? "page" : undefined}>
          Products
        </Link>
        <Link to="/sell/orders" aria-current={tab === "sales" ? "page" : undefined}>
          Sales
        </Link>
      </nav>
      {children}
    </>
  );
}

export function BuyersOnly() {
  return (
    <>
      <PageHeading title="Sell your work" />
      <EmptyState title="This account only buys" action={<ButtonLink to="/browse">Browse the shelves</ButtonLink>}>
        To sell, sign out and create an account with “I also want to sell” ticked.
      </EmptyState>
    </>
  );
}
