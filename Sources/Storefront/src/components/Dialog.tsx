import { useId, useLayoutEffect, useRef, type ReactNode } from "react";
import { Icon } from "./Icon";

interface DialogProps {
  title: string;
  onClose: () => void;
  /** False while closing would lose something: Escape and the backdrop then do nothing. */
  closable?: boolean;
  wide?: boolean;
  children: ReactNode;
}

/** A modal dialog on the platform's own: focus is trapped inside and returns to where it was. */
export function Dialog({ title, onClose, closable = true, wide, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();

  // A layout effect ends while the element is still in the document, so that close() can give the focus back.
  useLayoutEffect(() => {
    const dialog = element.current;
    if (!dialog) return;
    dialog.showModal();
    return () => dialog.close();
  }, []);

  return (
    <dialog
      ref={element}
      className={wide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        if (closable) onClose();
      }}
      onClick={(event) => {
        if (closable && event.target === element.current) onClose();
      }}
    >
      <div className="dialog-body">
        <div className="dialog-head">
          <h2 id={id}>{title}</h2>
          {closable ? (
            <button type="button" className="icon-button" onClick={onClose} aria-label="Close">
              <Icon name="close" />
            </button>
          ) : null}
        </div>
        {children}
      </div>
    </dialog>
  );
}
