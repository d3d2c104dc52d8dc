import { useEffect } from "react";
import { Link } from "../app/Link";
import { Store, useStore } from "../lib/store";
import { Icon } from "./Icon";

interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad";
  link?: { to: string; text: string };
}

const toasts = new Store<Toast[]>([]);
let count = 0;

export function toast(text: string, options: { tone?: "good" | "bad"; link?: { to: string; text: string } } = {}): void {
  const entry: Toast = { id: ++count, text, tone: options.tone ?? "good", ...(options.link ? { link: options.link } : {}) };
  toasts.set([...toasts.get().slice(-2), entry]);
}

function dismiss(id: number): void {
  toasts.set(toasts.get().filter((entry) => entry.id !== id));
}

export function Toasts() {
  const entries = useStore(toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {entries.map((entry) => (
        <ToastCard key={entry.id} entry={entry} />
      ))}
    </div>
  );
}

function ToastCard({ entry }: { entry: Toast }) {
  useEffect(() => {
    const timer = window.setTimeout(() => dismiss(entry.id), entry.tone === "bad" ? 10_000 : 6000);
    return () => window.clearTimeout(timer);
  }, [entry]);
  return (
    <div className={`toast toast-${entry.tone}`}>
      <Icon name={entry.tone === "good" ? "check" : "alert"} />
      <span>{entry.text}</span>
      {entry.link ? (
        <Link to={entry.link.to} onClick={() => dismiss(entry.id)}>
          {entry.link.text}
        </Link>
      ) : null}
      <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => dismiss(entry.id)}>
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
