/** A bar from 0 to 1, or one that only says that something goes on. */
export function ProgressBar({ value, label }: { value: number | null; label: string }) {
  return (
    <progress className="progress" aria-label={label} max={1} {...(value === null ? {} : { value })} />
  );
}

interface Step {
  title: string;
  state: "done" | "now" | "next" | "failed";
  detail?: string | undefined;
}

export function Steps({ steps, label }: { steps: Step[]; label: string }) {
  return (
    <ol className="steps" aria-label={label}>
      {steps.map((step) => (
        <li className={`step step-${step.state}`} key={step.title} aria-current={step.state === "now" ? "step" : undefined}>
          <span className="step-dot" aria-hidden="true" />
          <span className="step-title">
            {step.title}
            <span className="visually-hidden">
              {step.state === "done" ? " (done)" : step.state === "failed" ? " (failed)" : ""}
            </span>
          </span>
          {step.detail ? <span className="step-detail">{step.detail}</span> : null}
        </li>
      ))}
    </ol>
  );
}
