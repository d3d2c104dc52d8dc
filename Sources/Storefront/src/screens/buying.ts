export { CartScreen } from "./cart/CartScreen";
export { CheckoutScreen } from "./checkout/CheckoutScreen";
export { LibraryItemScreen } from "./library/LibraryItemScreen";
export { LibraryScreen } from "./library/LibraryScreen";
export { OrderScreen } from "./orders/OrderScreen";
export { OrdersScreen } from "./orders/OrdersScreen";
