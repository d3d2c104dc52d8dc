import { useEffect, useState } from "react";
import { ApiError } from "../../api/client";
import { Link } from "../../app/Link";
import { href, navigate, safeNext, useLocation } from "../../app/router";
import { signIn, useSession } from "../../app/session";
import { Button } from "../../components/Button";
import { PasswordField, TextField } from "../../components/Field";
import { Form, useSubmit } from "../../components/Form";
import { AuthPage } from "./AuthPage";
import { rememberPassword } from "./pending";

export function SignInScreen() {
  const { query } = useLocation();
  const { status } = useSession();
  const next = safeNext(query.get("next"));
  const [email, setEmail] = useState(query.get("email") ?? "");
  const [password, setPassword] = useState("");
  const form = useSubmit(["/email", "/password"]);

  useEffect(() => {
    if (status === "signed-in") navigate(next, { replace: true });
  }, [status, next]);

  const submit = () => {
    if (!email.trim() || !password) {
      form.fail(null, {
        ...(email.trim() ? {} : { "/email": "Enter your e-mail address." }),
        ...(password ? {} : { "/password": "Enter your password." }),
      });
      return;
    }
    void form.submit(async () => {
      try {
        await signIn(email.trim(), password);
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "not_confirmed") throw error;
        rememberPassword(email.trim(), password);
        navigate(href("/confirm", { email: email.trim(), next: query.get("next"), resend: "1" }));
      }
    });
  };

  return (
    <AuthPage
      title="Welcome back"
      lead={next === "/checkout" ? "Sign in to check out. Your cart comes along." : undefined}
      foot={
        <>
          New here? <Link to={href("/sign-up", { next: query.get("next") })}>Create an account</Link>
        </>
      }
    >
      <Form onSubmit={submit} error={form.error} label="Sign in">
        <TextField
          label="E-mail"
          type="email"
          name="email"
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          error={form.fields["/email"]}
          required
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={form.fields["/password"]}
          required
        />
        <Button type="submit" wide busy={form.busy}>
          Sign in
        </Button>
        <p className="fine">
          <Link to={href("/forgot-password", { email })}>Forgot your password?</Link>
        </p>
      </Form>
    </AuthPage>
  );
}
