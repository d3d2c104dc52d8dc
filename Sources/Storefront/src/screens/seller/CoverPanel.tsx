import type { Product } from "../../api/types";
import { Cover } from "../../components/Cover";
import { DropZone } from "./DropZone";
import { UploadRow } from "./UploadRow";
import { startUploads, useUploads } from "./uploads";

export function CoverPanel({ product }: { product: Product | null }) {
  const id = product?.id ?? "new";
  const tasks = useUploads(id).filter((task) => task.purpose === "cover");
  return (
    <section className="panel" aria-labelledby="cover">
      <h2 id="cover">Cover</h2>
      <div className="cover-preview">
        <Cover
          cover={product?.cover ?? null}
          seed={id}
          alt={product?.cover ? `Present cover of ${product.title}` : "The picture that stands in while there is no cover"}
          sizes="320px"
          eager
        />
      </div>
      {tasks.length ? (
        <ul className="files" role="list" aria-label="Cover uploads">
          {tasks.map((task) => (
            <UploadRow key={task.id} task={task} />
          ))}
        </ul>
      ) : null}
      <DropZone
        label={product?.cover ? "Replace the cover" : "Add a cover"}
        hint="PNG, JPEG or WebP, 1280 px wide or more looks best."
        icon="image"
        accept="image/png,image/jpeg,image/webp,image/avif,image/gif"
        onFiles={(list) => startUploads(list, "cover", id)}
      />
    </section>
  );
}
