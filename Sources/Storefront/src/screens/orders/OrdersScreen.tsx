import { usePages } from "../../api/pages";
import type { Order } from "../../api/types";
import { Link } from "../../app/Link";
import { ButtonLink } from "../../components/Button";
import { MoreButton } from "../../components/MoreButton";
import { PageHeading } from "../../components/PageHeading";
import { RowsSkeleton } from "../../components/Skeleton";
import { EmptyState, ErrorState } from "../../components/States";
import { formatDate, formatMoney } from "../../lib/format";
import { OrderBadge } from "./OrderBadge";

export function OrdersScreen() {
  const list = usePages<Order>("/orders?limit=20");
  return (
    <>
      <PageHeading title="Orders" />
      {list.items === undefined ? (
        list.error ? (
          <ErrorState error={list.error} onRetry={list.reload} />
        ) : (
          <RowsSkeleton />
        )
      ) : list.items.length === 0 ? (
        <EmptyState title="No orders yet" action={<ButtonLink to="/browse">Browse the shelves</ButtonLink>}>
          What you buy is listed here, and waits in your library.
        </EmptyState>
      ) : (
        <>
          <ul className="rows" role="list">
            {list.items.map((order) => (
              <li className="row" key={order.id}>
                <div className="row-text">
                  <Link className="row-title" to={`/orders/${order.id}`}>
                    Order {order.number}
                  </Link>
                  <p className="row-about">
                    {formatDate(order.created_at)} · {order.items.map((item) => item.title).join(", ")}
                  </p>
                </div>
                <OrderBadge order={order} />
                <span className="price">{formatMoney(order.total)}</span>
              </li>
            ))}
          </ul>
          <MoreButton list={list} noun="orders" />
        </>
      )}
    </>
  );
}
