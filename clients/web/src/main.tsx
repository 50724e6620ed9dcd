/** The start of the app: styles in the order in which they build on each other, the theme, the root. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/buttons.css";
import "./styles/fields.css";
import "./styles/floating.css";
import "./styles/states.css";
import "./styles/shell.css";
import "./styles/sidebar.css";
import "./styles/list.css";
import "./styles/row.css";
import "./styles/meta.css";
import "./styles/quick-add.css";
import "./styles/detail.css";
import "./styles/detail-parts.css";
import "./styles/pickers.css";
import { App } from "./app.tsx";
import { startTheme } from "./lib/theme.ts";

startTheme();

const root = document.getElementById("root");
if (root) createRoot(root).render(<StrictMode><App /></StrictMode>);
