import { Badge, type Tone } from "../../components/Badge";
import { Icon } from "../../components/Icon";
import { ProgressBar } from "../../components/Progress";
import { formatBytes, kindName } from "../../lib/format";
import { dropUpload, retryUpload, type Phase, type UploadTask } from "./uploads";

const phases: Record<Phase, { text: string; tone: Tone }> = {
  waiting: { text: "Waiting", tone: "plain" },
  sending: { text: "Uploading", tone: "accent" },
  checking: { text: "Checking", tone: "accent" },
  ready: { text: "Ready", tone: "good" },
  refused: { text: "Refused", tone: "bad" },
  failed: { text: "Failed", tone: "bad" },
};

function progressText(task: UploadTask): string {
  const seconds = (Date.now() - task.started) / 1000;
  const rate = seconds > 1 && task.sent > 0 ? ` · ${formatBytes(task.sent / seconds)}/s` : "";
  return `${formatBytes(task.sent)} of ${formatBytes(task.file.size)}${rate}`;
}

function aboutText(task: UploadTask): string {
  switch (task.phase) {
    case "sending":
      return progressText(task);
    case "checking":
      return task.sha256 === null ? "Finishing the checksum…" : "The shop is looking at the file…";
    case "ready":
      return [
        task.upload?.report ? kindName(task.upload.report.kind) : "",
        formatBytes(task.file.size),
        "checksums agree",
        task.upload?.report?.duplicate_of ? "you have uploaded the same before" : "",
      ]
        .filter(Boolean)
        .join(" · ");
    default:
      return formatBytes(task.file.size);
  }
}

/** One upload on its way: how far it is, what the shop found, and the way out. */
export function UploadRow({ task }: { task: UploadTask }) {
  const { text, tone } = phases[task.phase];
  const name = task.file.name;
  const moving = task.phase === "sending" || task.phase === "checking";
  return (
    <li className="file upload-row">
      <span className="file-kind">
        <Icon name={task.upload?.report?.kind ?? (task.purpose === "cover" ? "image" : "other")} />
      </span>
      <span className="file-text">
        <span className="file-name">{name}</span>
        <span className="file-about">{aboutText(task)}</span>
        {task.problem ? (
          <span className="file-problem" role="alert">
            {task.problem}
          </span>
        ) : null}
        {moving ? (
          <ProgressBar
            value={task.phase === "sending" ? task.sent / Math.max(1, task.file.size) : null}
            label={`${text}: ${name}`}
          />
        ) : null}
      </span>
      <span role="status">
        <Badge tone={tone}>{text}</Badge>
      </span>
      <span className="file-actions">
        {task.phase === "failed" && task.file.size > 0 ? (
          <button type="button" className="text-button" onClick={() => retryUpload(task.id)}>
            Try again<span className="visually-hidden">: {name}</span>
          </button>
        ) : null}
        <button
          type="button"
          className="icon-button"
          aria-label={`${moving || task.phase === "waiting" ? "Stop" : "Remove"} ${name}`}
          onClick={() => dropUpload(task.id)}
        >
          <Icon name="close" size={18} />
        </button>
      </span>
    </li>
  );
}
