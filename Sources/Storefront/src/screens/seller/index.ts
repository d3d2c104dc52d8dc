export { EditorScreen } from "./EditorScreen";
export { ProductsScreen } from "./ProductsScreen";
export { SalesScreen } from "./SalesScreen";
