// What stands in for a product without a picture: a small sunset that is always the same for the same product.

const skies = [
  ["#f6c667", "#f0913f", "#d9552b", "#9c3128", "#14464f"],
  ["#f9d98c", "#f2a65a", "#cf5f3a", "#6b3a3a", "#1f3d4d"],
  ["#cfe3d4", "#8fbfb0", "#e9a14e", "#c2502b", "#12383f"],
  ["#ffd7a8", "#f4a261", "#e76f51", "#8a2f3b", "#264653"],
  ["#f3e3c2", "#e9b872", "#a63d24", "#6f2a1d", "#2f4a3c"],
  ["#fbe3b5", "#f7b267", "#f25c38", "#b23a2e", "#2b2a3a"],
];

function hash(text: string): number {
  let value = 2166136261;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 16777619);
  return value >>> 0;
}

export function CoverArt({ seed }: { seed: string }) {
  const value = hash(seed);
  const [sky, high, low, far, near] = skies[value % skies.length] ?? skies[0]!;
  const sun = { x: 90 + ((value >>> 4) % 140), y: 96 + ((value >>> 10) % 44), r: 34 + ((value >>> 16) % 22) };
  const tilt = ((value >>> 20) % 40) - 20;
  return (
    <svg className="cover-art" viewBox="0 0 320 240" preserveAspectRatio="xMidYMid slice" aria-hidden="true" focusable="false">
      <rect width="320" height="240" fill={sky} />
      <rect y="64" width="320" height="176" fill={high} />
      <circle cx={sun.x} cy={sun.y} r={sun.r} fill={sky} />
      <rect y="128" width="320" height="112" fill={low} />
      <path d={`M0 ${168 + tilt} Q80 ${120 - tilt} 170 ${160 + tilt / 2} T320 ${150 - tilt} V240 H0z`} fill={far} />
      <path d={`M0 ${204 - tilt / 2} Q100 ${170 + tilt} 200 ${206 - tilt / 2} T320 ${196 + tilt / 2} V240 H0z`} fill={near} />
    </svg>
  );
}
