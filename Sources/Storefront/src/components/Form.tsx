import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { ApiError, messageOf } from "../api/client";
import { Alert } from "./Alert";

export interface FormState {
  busy: boolean;
  error: string | null;
  fields: Record<string, string>;
}

/**
 * A form's submission: one at a time, problems sorted to their fields by JSON pointer, the rest shown above the button.
 * `pointers` are those the form has fields for.
 */
export function useSubmit(pointers: string[]) {
  const [state, setState] = useState<FormState>({ busy: false, error: null, fields: {} });
  const running = useRef(false);

  async function submit(action: () => Promise<void>): Promise<void> {
    if (running.current) return;
    running.current = true;
    setState({ busy: true, error: null, fields: {} });
    try {
      await action();
      setState({ busy: false, error: null, fields: {} });
    } catch (error) {
      setState({ busy: false, ...sortProblems(error, pointers) });
    } finally {
      running.current = false;
    }
  }
  const fail = (error: string | null, fields: Record<string, string> = {}) => setState({ busy: false, error, fields });
  return { ...state, submit, fail };
}

function sortProblems(error: unknown, pointers: string[]): Omit<FormState, "busy"> {
  const fields: Record<string, string> = {};
  const rest: string[] = [];
  if (error instanceof ApiError) {
    for (const problem of error.fields) {
      const pointer = pointers.find((known) => problem.pointer === known || problem.pointer.startsWith(`${known}/`));
      if (pointer) fields[pointer] ??= problem.detail;
      else if (problem.detail) rest.push(problem.detail);
    }
  }
  const placed = Object.keys(fields).length > 0;
  return { error: rest.length ? rest.join(" ") : placed ? null : messageOf(error), fields };
}

/** Moves the focus to the first field that is wrong; false when none is. */
export function focusWrongField(form: Element | null): boolean {
  const field = form?.querySelector<HTMLElement>('[aria-invalid="true"]');
  field?.focus();
  return field !== null && field !== undefined;
}

interface FormProps {
  onSubmit: () => void;
  error?: string | null;
  children: ReactNode;
  label?: string;
  id?: string;
}

/** A form that scripts send; after a refusal the first wrong field gets the focus. */
export function Form({ onSubmit, error, children, label, id }: FormProps) {
  const element = useRef<HTMLFormElement>(null);
  const submitted = useRef(false);
  // After every render: the refusal may come at once or with an answer.
  useEffect(() => {
    if (submitted.current && focusWrongField(element.current)) submitted.current = false;
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    submitted.current = true;
    onSubmit();
  };
  return (
    <form ref={element} className="form" onSubmit={submit} noValidate aria-label={label} id={id}>
      {error ? <Alert tone="bad">{error}</Alert> : null}
      {children}
    </form>
  );
}
