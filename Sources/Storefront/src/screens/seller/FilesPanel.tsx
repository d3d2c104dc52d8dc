import { useState } from "react";
import { messageOf } from "../../api/client";
import type { Product, ProductFile } from "../../api/types";
import { Alert } from "../../components/Alert";
import { FileList } from "../../components/FileList";
import { Icon } from "../../components/Icon";
import { DropZone } from "./DropZone";
import { setFiles } from "./product";
import { UploadRow } from "./UploadRow";
import { startUploads, useUploads } from "./uploads";

/** The files that a buyer gets: those attached, in order, and those on their way. */
export function FilesPanel({ product }: { product: Product | null }) {
  const id = product?.id ?? "new";
  const tasks = useUploads(id).filter((task) => task.purpose === "file");
  const files = product?.files ?? [];
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const put = async (list: ProductFile[]) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await setFiles(id, list.map((file) => file.id));
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  const raise = (file: ProductFile) => {
    const at = files.indexOf(file);
    const list = files.filter((other) => other !== file);
    list.splice(at - 1, 0, file);
    void put(list);
  };

  return (
    <section className="panel" aria-labelledby="files">
      <h2 id="files">Files</h2>
      <DropZone
        label="Drop files here, or choose them"
        hint="Several at once are fine. Each is checked before it can be sold."
        icon="upload"
        multiple
        onFiles={(list) => startUploads(list, "file", id)}
      />
      {problem ? <Alert tone="bad">{problem}</Alert> : null}
      {tasks.length ? (
        <ul className="files" role="list" aria-label="Uploads">
          {tasks.map((task) => (
            <UploadRow key={task.id} task={task} />
          ))}
        </ul>
      ) : null}
      {files.length ? (
        <FileList
          files={files}
          action={(file) => (
            <span className="file-actions">
              {files.indexOf(file) > 0 ? (
                <button
                  type="button"
                  className="icon-button"
                  aria-label={`Move ${file.filename} up`}
                  disabled={busy}
                  onClick={() => raise(file)}
                >
                  <Icon name="up" size={18} />
                </button>
              ) : null}
              <button
                type="button"
                className="icon-button"
                aria-label={`Remove ${file.filename}`}
                disabled={busy}
                onClick={() => void put(files.filter((other) => other !== file))}
              >
                <Icon name="trash" size={18} />
              </button>
            </span>
          )}
        />
      ) : null}
    </section>
  );
}
