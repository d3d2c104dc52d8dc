import type { ReactNode } from "react";
import type { ProductFile } from "../api/types";
import { extensionOf, formatBytes, kindName } from "../lib/format";
import { Icon } from "./Icon";

interface FileListProps {
  files: ProductFile[];
  action?: (file: ProductFile) => ReactNode;
}

export function FileList({ files, action }: FileListProps) {
  return (
    <ul className="files" role="list">
      {files.map((file) => (
        <li className="file" key={file.id}>
          <span className="file-kind">
            <Icon name={file.kind} />
          </span>
          <span className="file-text">
            <span className="file-name">{file.filename}</span>
            <span className="file-about">
              {[kindName(file.kind), extensionOf(file.filename), formatBytes(file.size)].filter(Boolean).join(" · ")}
            </span>
          </span>
          {action?.(file)}
        </li>
      ))}
    </ul>
  );
}
