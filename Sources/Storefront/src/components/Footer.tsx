import { Link } from "../app/Link";
import { setTheme, theme, type Theme } from "../app/theme";
import { useStore } from "../lib/store";

export function Footer() {
  const chosen = useStore(theme);
  return (
    <footer className="footer">
      <div className="footer-row">
        <p className="footer-note">
          Sunset: digital goods, straight from the people who make them. This shop runs on its owner’s own machine and asks
          nobody else for anything.
        </p>
        <nav aria-label="Footer">
          <ul role="list" className="footer-links">
            <li>
              <Link to="/browse">Browse</Link>
            </li>
            <li>
              <Link to="/sell">Sell</Link>
            </li>
            <li>
              <Link to="/library">Library</Link>
            </li>
            <li>
              <a href="/docs">REST API</a>
            </li>
          </ul>
        </nav>
        <label className="theme">
          Appearance
          <select className="input input-small" value={chosen} onChange={(event) => setTheme(event.target.value as Theme)}>
            <option value="auto">As the system</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
        </label>
      </div>
    </footer>
  );
}
