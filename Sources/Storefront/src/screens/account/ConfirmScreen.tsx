import { useEffect, useState } from "react";
import { messageOf, send } from "../../api/client";
import { Link } from "../../app/Link";
import { href, navigate, safeNext, useLocation } from "../../app/router";
import { signIn } from "../../app/session";
import { Button } from "../../components/Button";
import { CodeField, TextField } from "../../components/Field";
import { Form, useSubmit } from "../../components/Form";
import { toast } from "../../components/Toasts";
import { AuthPage } from "./AuthPage";
import { takePassword } from "./pending";

export function ConfirmScreen() {
  const { query } = useLocation();
  const given = query.get("email") ?? "";
  const [email, setEmail] = useState(given);
  const [code, setCode] = useState("");
  const [resending, setResending] = useState(false);
  const form = useSubmit(["/email", "/code"]);

  const resend = async () => {
    setResending(true);
    try {
      await send("POST", "/auth/resend-code", { email: email.trim() });
      toast(`A new code is on its way to ${email.trim()}.`);
    } catch (error) {
      toast(messageOf(error), { tone: "bad" });
    } finally {
      setResending(false);
    }
  };
  // Sent here by sign-in: the code mailed at sign-up has most likely lapsed.
  useEffect(() => {
    if (query.has("resend") && given) void resend();
  }, []);

  const submit = () => {
    const digits = code.replace(/[\s-]/g, "");
    if (!/^\d{6}$/.test(digits)) {
      form.fail(null, { "/code": "The code has six digits." });
      return;
    }
    void form.submit(async () => {
      const address = email.trim();
      await send("POST", "/auth/confirm", { email: address, code: digits });
      const next = query.get("next");
      const password = takePassword(address);
      if (password === null) {
        toast("Your address is confirmed. Sign in to go on.");
        navigate(href("/sign-in", { email: address, next }), { replace: true });
        return;
      }
      await signIn(address, password);
      toast("Your address is confirmed. Welcome to Sunset.");
      navigate(safeNext(next), { replace: true });
    });
  };

  return (
    <AuthPage
      title="Check your mail"
      lead={given ? `A six-digit code is on its way to ${given}.` : "Enter the six-digit code from our mail."}
      foot={
        <>
          Wrong address? <Link to="/sign-up">Start again</Link>
        </>
      }
    >
      <Form onSubmit={submit} error={form.error} label="Confirm your address">
        {given ? null : (
          <TextField
            label="E-mail"
            type="email"
            autoComplete="username"
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            error={form.fields["/email"]}
          />
        )}
        <CodeField label="Code" value={code} onChange={(event) => setCode(event.target.value)} error={form.fields["/code"]} />
        <Button type="submit" wide busy={form.busy}>
          Confirm
        </Button>
        <Button look="quiet" busy={resending} onClick={() => void resend()}>
          Send a new code
        </Button>
      </Form>
    </AuthPage>
  );
}
