import { useState } from "react";
import { send } from "../../api/client";
import { Link } from "../../app/Link";
import { href, navigate, useLocation } from "../../app/router";
import { forgetSession } from "../../app/session";
import { Button } from "../../components/Button";
import { CodeField, PasswordField, TextField } from "../../components/Field";
import { Form, useSubmit } from "../../components/Form";
import { toast } from "../../components/Toasts";
import { AuthPage } from "./AuthPage";

export function ForgotPasswordScreen() {
  const { query } = useLocation();
  const [email, setEmail] = useState(query.get("email") ?? "");
  const form = useSubmit(["/email"]);

  const submit = () => {
    if (!/^\S+@\S+$/.test(email.trim())) {
      form.fail(null, { "/email": "Enter the address of your account." });
      return;
    }
    void form.submit(async () => {
      await send("POST", "/auth/forgot-password", { email: email.trim() });
      navigate(href("/reset-password", { email: email.trim() }));
    });
  };
  return (
    <AuthPage
      title="Forgot your password?"
      lead="We mail you a code, and with it you choose a new one."
      foot={<Link to="/sign-in">Back to signing in</Link>}
    >
      <Form onSubmit={submit} error={form.error} label="Forgotten password">
        <TextField
          label="E-mail"
          type="email"
          name="email"
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          error={form.fields["/email"]}
        />
        <Button type="submit" wide busy={form.busy}>
          Mail me a code
        </Button>
      </Form>
    </AuthPage>
  );
}

export function ResetPasswordScreen() {
  const { query } = useLocation();
  const given = query.get("email") ?? "";
  const [email, setEmail] = useState(given);
  const [code, setCode] = useState("");
  const [password, setPassword] = useState("");
  const form = useSubmit(["/email", "/code", "/password"]);

  const submit = () => {
    const digits = code.replace(/[\s-]/g, "");
    const fields: Record<string, string> = {};
    if (!/^\d{6}$/.test(digits)) fields["/code"] = "The code has six digits.";
    if (password.length < 8) fields["/password"] = "Use at least 8 characters.";
    if (Object.keys(fields).length) {
      form.fail(null, fields);
      return;
    }
    void form.submit(async () => {
      await send("POST", "/auth/reset-password", { email: email.trim(), code: digits, password });
      forgetSession();
      toast("Your password is changed, and every session was ended.");
      navigate(href("/sign-in", { email: email.trim() }), { replace: true });
    });
  };
  return (
    <AuthPage
      title="Choose a new password"
      lead={given ? `If ${given} has an account, a six-digit code is on its way there.` : undefined}
      foot={<Link to={href("/forgot-password", { email })}>Send another code</Link>}
    >
      <Form onSubmit={submit} error={form.error} label="New password">
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
        <PasswordField
          label="New password"
          name="new-password"
          autoComplete="new-password"
          hint="At least 8 characters."
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={form.fields["/password"]}
        />
        <Button type="submit" wide busy={form.busy}>
          Set the password
        </Button>
      </Form>
    </AuthPage>
  );
}
