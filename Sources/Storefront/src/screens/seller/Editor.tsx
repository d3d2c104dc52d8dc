import { useEffect, useState } from "react";
import { ApiError, messageOf } from "../../api/client";
import { Link } from "../../app/Link";
import { navigate } from "../../app/router";
import { Alert } from "../../components/Alert";
import { Button, ButtonLink } from "../../components/Button";
import { focusWrongField, Form, useSubmit } from "../../components/Form";
import { PageHeading } from "../../components/PageHeading";
import { toast } from "../../components/Toasts";
import { attachReady } from "./attach";
import { CoverPanel } from "./CoverPanel";
import { inputOf, readDetails, type DetailsInput } from "./details";
import { DetailsFields } from "./DetailsFields";
import { FilesPanel } from "./FilesPanel";
import { createProduct, deleteProduct, publish, updateProduct, withdraw, type OwnProduct, type ProductDetails } from "./product";
import { StatusBadge } from "./StatusBadge";
import { adoptUploads, uploadsOf, useUploads } from "./uploads";

const pointers = ["/title", "/description", "/price", "/category", "/tags", "/download_limit"];

function problemsAsError(problems: Record<string, string>): ApiError {
  const errors = Object.entries(problems).map(([pointer, detail]) => ({ pointer, code: "invalid", detail }));
  return new ApiError(422, "invalid", "Some details need another look.", { errors });
}

async function update(own: OwnProduct, details: ProductDetails): Promise<OwnProduct> {
  try {
    return await updateProduct(own, details);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 412) throw error;
    throw new ApiError(412, error.code, "It was changed elsewhere meanwhile. Reload the page to see how, then change it again.");
  }
}

export function Editor({ own }: { own: OwnProduct | null }) {
  const product = own?.value ?? null;
  const id = product?.id ?? "new";
  const [input, setInput] = useState<DetailsInput>(() => inputOf(product));
  const [saved, setSaved] = useState<DetailsInput>(() => inputOf(product));
  const [attachError, setAttachError] = useState<string | null>(null);
  const form = useSubmit(pointers);
  const [running, setRunning] = useState<"save" | "publish" | "withdraw" | "delete" | null>(null);
  const tasks = useUploads(id);
  const ready = tasks.filter((task) => task.phase === "ready").length;
  const dirty = JSON.stringify(input) !== JSON.stringify(saved);

  // Whatever became ready belongs to the product at once; before it has an id, with the first save.
  useEffect(() => {
    if (!own || ready === 0) return;
    attachReady(own).then(
      () => setAttachError(null),
      (error: unknown) => setAttachError(messageOf(error)),
    );
  }, [own, ready]);

  // "Publish" stands outside the form.
  useEffect(() => {
    focusWrongField(document.getElementById("product-form"));
  }, [form.fields]);

  useEffect(() => {
    if (!dirty) return;
    const stay = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", stay);
    return () => window.removeEventListener("beforeunload", stay);
  }, [dirty]);

  const save = async (): Promise<OwnProduct> => {
    const read = readDetails(input);
    if ("problems" in read) throw problemsAsError(read.problems);
    if (own && !dirty) return attachReady(own);
    const next = own ? await update(own, read.details) : await createProduct(read.details);
    if (!own) adoptUploads(next.value.id);
    setSaved(input);
    return attachReady(next);
  };

  const act = async (kind: "save" | "publish" | "withdraw" | "delete", action: () => Promise<void>) => {
    setRunning(kind);
    await form.submit(action);
    setRunning(null);
  };
  const open = (next: OwnProduct) => {
    if (!own) navigate(`/sell/products/${next.value.id}`, { replace: true });
  };
  const saveOnly = () =>
    act("save", async () => {
      const next = await save();
      toast(own ? "Saved." : "Saved as a draft.");
      open(next);
    });
  const saveAndPublish = () =>
    act("publish", async () => {
      const next = await save();
      if (next.value.files.length === 0) {
        open(next);
        const coming = uploadsOf(next.value.id).some((task) => task.purpose === "file" && !["failed", "refused"].includes(task.phase));
        throw new Error(
          coming
            ? "The files are still being checked. Publish as soon as they are ready."
            : "Add at least one file first: that is what people buy.",
        );
      }
      if (next.value.status === "published") {
        toast("Saved. It stays on the shelf.");
        return;
      }
      const done = await publish(next.value.id);
      toast(`“${done.value.title}” is on the shelf.`, {
        link: { to: `/product/${done.value.slug}`, text: "See it" },
      });
      open(done);
    });

  const published = product?.status === "published";
  return (
    <>
      <PageHeading
        title={product ? product.title : "New product"}
        documentTitle={product ? `Edit ${product.title}` : "New product"}
        above={
          <nav className="crumbs" aria-label="Breadcrumb">
            <Link to="/sell">Your products</Link>
          </nav>
        }
        actions={
          product ? (
            <>
              <StatusBadge status={product.status} />
              {published ? (
                <ButtonLink to={`/product/${product.slug}`} look="quiet" small icon="external">
                  View
                </ButtonLink>
              ) : null}
            </>
          ) : null
        }
      />
      <div className="with-side editor">
        <div className="stack">
          <FilesPanel product={product} />
          {attachError ? <Alert tone="bad">{attachError}</Alert> : null}
          <section className="panel" aria-labelledby="details">
            <h2 id="details">Details</h2>
            <Form onSubmit={() => void saveOnly()} id="product-form" label="Details">
              <DetailsFields
                input={input}
                problems={form.fields}
                onChange={(part) => setInput((before) => ({ ...before, ...part }))}
              />
            </Form>
          </section>
        </div>
        <div className="side stack">
          <CoverPanel product={product} />
          <section className="panel form" aria-label="Actions">
            {form.error ? (
              <Alert tone="bad">{form.error}</Alert>
            ) : null}
            {Object.keys(form.fields).length ? <Alert tone="bad">Some details need another look.</Alert> : null}
            <Button wide busy={running === "publish"} onClick={() => void saveAndPublish()}>
              {published ? "Save and keep on the shelf" : "Publish"}
            </Button>
            {published ? (
              <Button
                wide
                look="secondary"
                busy={running === "withdraw"}
                onClick={() =>
                  void act("withdraw", async () => {
                    await withdraw(id);
                    toast("Withdrawn. Those who bought it keep it.");
                  })
                }
              >
                Withdraw from sale
              </Button>
            ) : (
              <Button wide look="secondary" type="submit" form="product-form" busy={running === "save"}>
                {product ? "Save" : "Save as a draft"}
              </Button>
            )}
            {product && product.status === "draft" ? (
              <Button
                wide
                look="quiet"
                busy={running === "delete"}
                onClick={() =>
                  void act("delete", async () => {
                    await deleteProduct(id);
                    toast("The draft is deleted.");
                    navigate("/sell", { replace: true });
                  })
                }
              >
                Delete the draft
              </Button>
            ) : null}
            <p className="fine" role="status">
              {dirty ? "There are changes that are not saved." : product ? "Everything is saved." : "Nothing is saved yet."}
            </p>
          </section>
        </div>
      </div>
    </>
  );
}
