import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { formatMoney } from "../../lib/format";
import type { Money } from "../../api/types";

interface ChallengeProps {
  amount: Money;
  answering: "succeed" | "fail" | null;
  onAnswer: (answer: "succeed" | "fail") => void;
}

/** Stands for the bank's page. It can't be waved away: the payment waits for one of the two answers. */
export function Challenge({ amount, answering, onAnswer }: ChallengeProps) {
  return (
    <Dialog title="Your bank asks you to confirm" onClose={() => undefined} closable={false}>
      <div className="challenge">
        <span className="challenge-mark">
          <Icon name="bank" size={30} />
        </span>
        <p>
          A payment of <strong>{formatMoney(amount)}</strong> to <strong>Sunset</strong> is waiting. Is it yours?
        </p>
      </div>
      <div className="actions actions-even">
        <Button busy={answering === "succeed"} onClick={() => answering ?? onAnswer("succeed")}>
          Approve
        </Button>
        <Button look="secondary" busy={answering === "fail"} onClick={() => answering ?? onAnswer("fail")}>
          Decline
        </Button>
      </div>
    </Dialog>
  );
}
