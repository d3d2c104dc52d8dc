import { usePages } from "../../api/pages";
import type { Sale } from "../../api/types";
import { isSeller, useSession } from "../../app/session";
import { ButtonLink } from "../../components/Button";
import { MoreButton } from "../../components/MoreButton";
import { RowsSkeleton } from "../../components/Skeleton";
import { EmptyState, ErrorState } from "../../components/States";
import { formatMoney, formatPrice, formatTime } from "../../lib/format";
import { SellerPage } from "./SellerPage";

export function SalesScreen() {
  const { user } = useSession();
  const list = usePages<Sale>(isSeller(user) ? "/seller/orders?limit=50" : null);
  return (
    <SellerPage title="Sales" tab="sales">
      {list.items === undefined ? (
        list.error ? (
          <ErrorState error={list.error} onRetry={list.reload} />
        ) : (
          <RowsSkeleton />
        )
      ) : list.items.length === 0 ? (
        <EmptyState
          title="No sales yet"
          action={
            <ButtonLink to="/sell" look="secondary">
              Your products
            </ButtonLink>
          }
        >
          Each product sold is listed here, the newest first.
        </EmptyState>
      ) : (
        <>
          <SalesTable sales={list.items} />
          <MoreButton list={list} noun="sales" />
        </>
      )}
    </SellerPage>
  );
}

function SalesTable({ sales }: { sales: Sale[] }) {
  return (
    <div className="table-frame" role="region" aria-label="Sales" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">Order</th>
            <th scope="col">Sold</th>
            <th scope="col" className="number">
              Price
            </th>
            <th scope="col" className="number">
              Your share
            </th>
          </tr>
        </thead>
        <tbody>
          {sales.map((sale) => (
            <tr key={sale.id}>
              <th scope="row">{sale.product.title}</th>
              <td>{sale.number}</td>
              <td>{formatTime(sale.sold_at)}</td>
              <td className="number">{formatPrice(sale.price)}</td>
              <td className="number">{formatMoney(sale.earning)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
