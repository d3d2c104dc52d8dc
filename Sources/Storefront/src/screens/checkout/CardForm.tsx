import { useState } from "react";
import type { Card } from "../../api/types";
import { Alert } from "../../components/Alert";
import { Button } from "../../components/Button";
import { TextField } from "../../components/Field";
import { Form } from "../../components/Form";
import { Icon } from "../../components/Icon";
import { emptyCard, formatExpiry, groupDigits, readCard, testCards, type CardInput } from "./card";

interface CardFormProps {
  label: string;
  busy: boolean;
  declined: string | null;
  error: string | null;
  onPay: (card: Card) => void;
}

export function CardForm({ label, busy, declined, error, onPay }: CardFormProps) {
  const [input, setInput] = useState<CardInput>(emptyCard);
  const [problems, setProblems] = useState<Partial<Record<keyof CardInput, string>>>({});
  const change = (part: Partial<CardInput>) => {
    setInput({ ...input, ...part });
    setProblems({});
  };

  const submit = () => {
    const read = readCard(input);
    if ("problems" in read) setProblems(read.problems);
    else onPay(read.card);
  };

  return (
    <Form onSubmit={submit} error={error} label="Pay by card">
      {declined ? (
        <Alert tone="bad" title="The payment did not go through">
          {declined} Nothing was charged. Try again, or use another card.
        </Alert>
      ) : null}
      <TextField
        label="Card number"
        name="cardnumber"
        inputMode="numeric"
        autoComplete="cc-number"
        placeholder="1234 1234 1234 1234"
        value={input.number}
        onChange={(event) => change({ number: groupDigits(event.target.value) })}
        error={problems.number}
      />
      <div className="field-pair">
        <TextField
          label="Expires"
          name="exp-date"
          inputMode="numeric"
          autoComplete="cc-exp"
          placeholder="MM/YY"
          value={input.expiry}
          onChange={(event) => change({ expiry: formatExpiry(event.target.value, input.expiry) })}
          error={problems.expiry}
        />
        <TextField
          label="Security code"
          name="cvc"
          inputMode="numeric"
          autoComplete="cc-csc"
          placeholder="CVC"
          maxLength={4}
          value={input.cvc}
          onChange={(event) => change({ cvc: event.target.value.replace(/\D/g, "") })}
          error={problems.cvc}
        />
      </div>
      <Button type="submit" wide icon="lock" busy={busy}>
        {label}
      </Button>
      <TestCards onChoose={(number) => change({ number, expiry: "12/34", cvc: "123" })} />
    </Form>
  );
}

function TestCards({ onChoose }: { onChoose: (number: string) => void }) {
  return (
    <details className="test-cards">
      <summary>
        <Icon name="info" size={16} /> This shop takes test cards
      </summary>
      <ul role="list">
        {testCards.map((card) => (
          <li key={card.number}>
            <button type="button" onClick={() => onChoose(card.number)}>
              <code>{card.number}</code>
              <span>{card.text}</span>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
