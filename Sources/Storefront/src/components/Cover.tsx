import { useState } from "react";
import type { Cover as CoverData, Thumbnail } from "../api/types";
import { CoverArt } from "./CoverArt";

interface CoverProps {
  cover: CoverData | null;
  /** Chooses the stand-in when there is no picture. */
  seed: string;
  alt: string;
  /** What `sizes` says: the width that the layout gives the picture. */
  sizes: string;
  /** The first pictures on a screen are fetched at once, the others when they come near. */
  eager?: boolean;
  /** Keep the picture's own proportions instead of the shelf's 4:3. */
  natural?: boolean;
}

function srcset(thumbnails: Thumbnail[], type: string): string {
  return thumbnails
    .filter((thumbnail) => thumbnail.type === type)
    .sort((a, b) => a.width - b.width)
    .map((thumbnail) => `${thumbnail.url} ${thumbnail.width}w`)
    .join(", ");
}

/**
 * A product's picture in a box whose size is known beforehand. Behind it lies its tiny placeholder; pictures near the shelf's
 * proportions fill the box, tall and wide ones stand in it whole.
 */
export function Cover({ cover, seed, alt, sizes, eager, natural }: CoverProps) {
  const [failed, setFailed] = useState(false);
  if (!cover || failed || cover.thumbnails.length === 0) {
    return (
      <span className="cover cover-shelf" role={alt ? "img" : undefined} aria-label={alt || undefined}>
        <CoverArt seed={seed} />
      </span>
    );
  }
  const jpegs = cover.thumbnails.filter((thumbnail) => thumbnail.type === "image/jpeg");
  const fallback = (jpegs.length ? jpegs : cover.thumbnails).reduce((best, next) =>
    Math.abs(next.width - 640) < Math.abs(best.width - 640) ? next : best,
  );
  const webp = srcset(cover.thumbnails, "image/webp");
  const proportions = cover.width / Math.max(1, cover.height);
  const fills = natural || (proportions > 1.1 && proportions < 1.65);
  return (
    <span
      className={`cover ${natural ? "cover-natural" : "cover-shelf"} ${fills ? "cover-fills" : "cover-stands"}`}
      style={
        natural
          ? {
              aspectRatio: `${cover.width} / ${cover.height}`,
              // As large as fits the window with a dialog's edges around it.
              width: `min(100%, calc((100vh - 10rem) * ${proportions}))`,
            }
          : undefined
      }
    >
      {cover.placeholder?.startsWith("data:") ? (
        <img className="cover-placeholder" src={cover.placeholder} alt="" width={cover.width} height={cover.height} />
      ) : null}
      <picture>
        {webp ? <source type="image/webp" srcSet={webp} sizes={sizes} /> : null}
        <img
          className="cover-picture"
          src={fallback.url}
          srcSet={jpegs.length ? srcset(cover.thumbnails, "image/jpeg") : undefined}
          sizes={sizes}
          width={cover.width}
          height={cover.height}
          alt={alt}
          loading={eager ? "eager" : "lazy"}
          decoding="async"
          onError={() => setFailed(true)}
        />
      </picture>
    </span>
  );
}
