import { useState } from "react";
import { ApiError, send } from "../../api/client";
import { href, navigate } from "../../app/router";
import { forgetSession, useSession } from "../../app/session";
import { Badge } from "../../components/Badge";
import { Button, ButtonLink } from "../../components/Button";
import { PasswordField } from "../../components/Field";
import { Form, useSubmit } from "../../components/Form";
import { PageHeading } from "../../components/PageHeading";
import { toast } from "../../components/Toasts";
import { formatDate } from "../../lib/format";

export function AccountScreen() {
  const { user } = useSession();
  if (!user) return null;
  return (
    <div className="narrow">
      <PageHeading title="Account" />
      <section className="panel" aria-labelledby="who">
        <h2 id="who">{user.name}</h2>
        <dl className="facts">
          <div>
            <dt>E-mail</dt>
            <dd>{user.email}</dd>
          </div>
          <div>
            <dt>Here since</dt>
            <dd>{formatDate(user.created_at)}</dd>
          </div>
          <div>
            <dt>Groups</dt>
            <dd className="chips">
              {user.groups.map((group) => (
                <Badge key={group}>{group}</Badge>
              ))}
            </dd>
          </div>
        </dl>
        <div className="actions">
          <ButtonLink to="/library" look="secondary" icon="shelf">
            Library
          </ButtonLink>
          <ButtonLink to="/orders" look="secondary" icon="bag">
            Orders
          </ButtonLink>
        </div>
      </section>
      <ChangePassword email={user.email} />
    </div>
  );
}

function ChangePassword({ email }: { email: string }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const form = useSubmit(["/current_password", "/new_password"]);

  const submit = () => {
    const fields: Record<string, string> = {};
    if (!current) fields["/current_password"] = "Enter your present password.";
    if (next.length < 8) fields["/new_password"] = "Use at least 8 characters.";
    if (Object.keys(fields).length) {
      form.fail(null, fields);
      return;
    }
    void form.submit(async () => {
      try {
        await send("POST", "/auth/change-password", { current_password: current, new_password: next });
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "wrong_password") throw error;
        throw new ApiError(422, error.code, error.message, {
          errors: [{ pointer: "/current_password", code: error.code, detail: "That is not your present password." }],
        });
      }
      forgetSession();
      toast("Your password is changed. Sign in with the new one.");
      navigate(href("/sign-in", { email, next: "/account" }));
    });
  };
  return (
    <section className="panel" aria-labelledby="password">
      <h2 id="password">Change your password</h2>
      <p className="fine">This signs you out everywhere, here too.</p>
      <Form onSubmit={submit} error={form.error} label="Change your password">
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <PasswordField
          label="Present password"
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
          error={form.fields["/current_password"]}
        />
        <PasswordField
          label="New password"
          autoComplete="new-password"
          value={next}
          onChange={(event) => setNext(event.target.value)}
          error={form.fields["/new_password"]}
        />
        <Button type="submit" busy={form.busy}>
          Change password
        </Button>
      </Form>
    </section>
  );
}
