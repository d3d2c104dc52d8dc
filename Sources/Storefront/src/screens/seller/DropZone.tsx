import { useRef, useState, type DragEvent } from "react";
import { Icon, type IconName } from "../../components/Icon";

interface DropZoneProps {
  label: string;
  hint: string;
  icon: IconName;
  accept?: string;
  multiple?: boolean;
  onFiles: (files: File[]) => void;
}

/** A file field with a large target: files can be dropped on it, and the keyboard opens it like any button. */
export function DropZone({ label, hint, icon, accept, multiple, onFiles }: DropZoneProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);

  const give = (list: FileList | null) => {
    const files = Array.from(list ?? []);
    if (files.length) onFiles(multiple ? files : files.slice(0, 1));
  };
  const drag = (event: DragEvent, inside: boolean) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setOver(inside);
  };
  return (
    <label
      className={over ? "drop drop-over" : "drop"}
      onDragEnter={(event) => drag(event, true)}
      onDragOver={(event) => drag(event, true)}
      onDragLeave={(event) => drag(event, false)}
      onDrop={(event) => {
        drag(event, false);
        give(event.dataTransfer.files);
      }}
    >
      <input
        ref={input}
        type="file"
        className="visually-hidden"
        accept={accept}
        multiple={multiple}
        onChange={(event) => {
          give(event.target.files);
          // The same file may be chosen again, after a failure.
          event.target.value = "";
        }}
      />
      <Icon name={icon} size={28} />
      <span className="drop-label">{label}</span>
      <span className="drop-hint">{hint}</span>
    </label>
  );
}
