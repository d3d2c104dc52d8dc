import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { startCart } from "./app/cart";
import { startRouter } from "./app/router";
import { startSession } from "./app/session";
import { applyTheme } from "./app/theme";
import "./styles/index.css";

applyTheme();
startRouter();
startSession();
startCart();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
