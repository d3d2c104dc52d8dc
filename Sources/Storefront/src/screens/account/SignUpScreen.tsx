import { useState } from "react";
import { send } from "../../api/client";
import { Link } from "../../app/Link";
import { href, navigate, useLocation } from "../../app/router";
import { isSeller, useSession } from "../../app/session";
import { Button, ButtonLink } from "../../components/Button";
import { Checkbox, PasswordField, TextField } from "../../components/Field";
import { Form, useSubmit } from "../../components/Form";
import { AuthPage } from "./AuthPage";
import { rememberPassword } from "./pending";

export function SignUpScreen() {
  const { query } = useLocation();
  const { user } = useSession();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [seller, setSeller] = useState(query.has("sell"));
  const form = useSubmit(["/name", "/email", "/password"]);

  if (user) {
    return (
      <AuthPage title={`You are ${user.name}`} lead="You are signed in already.">
        <div className="actions">
          {query.has("sell") && isSeller(user) ? <ButtonLink to="/sell">Your products</ButtonLink> : null}
          <ButtonLink to="/browse" look="secondary">
            Browse the shelves
          </ButtonLink>
        </div>
        {query.has("sell") && !isSeller(user) ? (
          <p className="fine">This account only buys. To sell, sign out and create an account that sells.</p>
        ) : null}
      </AuthPage>
    );
  }

  const submit = () => {
    const fields: Record<string, string> = {};
    if (!name.trim()) fields["/name"] = "Enter the name that others will see.";
    if (!/^\S+@\S+$/.test(email.trim())) fields["/email"] = "Enter an e-mail address, like ada@example.org.";
    if (password.length < 8) fields["/password"] = "Use at least 8 characters.";
    if (Object.keys(fields).length) {
      form.fail(null, fields);
      return;
    }
    void form.submit(async () => {
      const address = email.trim();
      const groups = seller ? ["buyer", "seller"] : ["buyer"];
      await send("POST", "/auth/sign-up", { email: address, password, name: name.trim(), groups });
      rememberPassword(address, password);
      navigate(href("/confirm", { email: address, next: query.get("next") ?? (seller ? "/sell" : null) }));
    });
  };

  return (
    <AuthPage
      title={query.has("sell") ? "Sell your work" : "Create an account"}
      lead={query.has("sell") ? "Upload your files, set a price, and it is on the shelf." : "To buy, and to have what you bought in a library of your own."}
      foot={
        <>
          Have an account? <Link to={href("/sign-in", { next: query.get("next") })}>Sign in</Link>
        </>
      }
    >
      <Form onSubmit={submit} error={form.error} label="Create an account">
        <TextField
          label="Name"
          name="name"
          autoComplete="name"
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={form.fields["/name"]}
          required
        />
        <TextField
          label="E-mail"
          type="email"
          name="email"
          autoComplete="username"
          maxLength={254}
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          error={form.fields["/email"]}
          required
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="new-password"
          hint="At least 8 characters. A few words in a row are good."
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={form.fields["/password"]}
          required
        />
        <Checkbox
          label="I also want to sell"
          hint="Adds the tools to upload and publish."
          checked={seller}
          onChange={(event) => setSeller(event.target.checked)}
        />
        <Button type="submit" wide busy={form.busy}>
          Create account
        </Button>
      </Form>
    </AuthPage>
  );
}
