/** The mark: a sun going down into banded water. The same shape is public/favicon.svg. */
export function LogoMark() {
  return (
    <svg className="logo-mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
      <path className="logo-sun" d="M3 18a13 13 0 0 1 26 0z" />
      <path className="logo-band-1" d="M3 20h26v2.4H3z" />
      <path className="logo-band-2" d="M6 24.2h20v2H6z" />
      <path className="logo-band-3" d="M11 28h10v1.8H11z" />
    </svg>
  );
}
