"""Progress while it works, the table and the JSON line at the end."""

import contextlib
import json
import sys
import time

from .errors import DemoError


class Step:
    """One row of the table."""

    def __init__(self, name):
        self.name, self.count, self.seconds, self.verified, self.note = name, 0, 0.0, False, ""


class Report:
    """Collects the steps and the facts that the JSON line states."""

    def __init__(self, out=sys.stdout):
        self.out, self.steps, self.started = out, [], time.monotonic()
        self.facts = {
            "files": 0, "bytes": 0, "ingested": 0, "orders": 0, "downloads_verified": 0,
            "declined_refused": False, "confirmation_completed": False,
            "worker_killed_recovered": False, "redis_killed_recovered": False, "tokens_refused": 0,
        }

    def say(self, text):
        """Prints one line of progress with the seconds since the start."""
        self.out.write(f"{time.monotonic() - self.started:7.1f} s  {text}\n")
        self.out.flush()

    def meter(self, text):
        """Overwrites a progress line, on a terminal only."""
        if self.out.isatty():
            self.out.write(f"\r{text}\x1b[K")
            self.out.flush()

    @contextlib.contextmanager
    def step(self, name, fatal=True):
        """Runs a step; its failure ends the demo if what follows cannot do without it."""
        step = Step(name)
        self.steps.append(step)
        self.say(f"── {name}")
        started = time.monotonic()
        try:
            yield step
            step.verified = True
        except Exception as error:  # An answer of another shape than promised is the step's failure, not the demo's.
            step.note = str(error) if isinstance(error, DemoError) else f"{error.__class__.__name__}: {error}"
            self.say(f"   FAILED: {step.note}")
            if fatal:
                raise DemoError(f"{name}: {step.note}") from error
        finally:
            step.seconds = time.monotonic() - started

    def summary(self, complete):
        """Returns the facts with the verdict: all steps held, and the whole of the demo ran."""
        facts = self.facts
        held = (
            complete and all(step.verified for step in self.steps)
            and facts["ingested"] == facts["files"] > 0 and facts["orders"] > 0
            and facts["downloads_verified"] >= facts["files"] and facts["tokens_refused"] == 4
            and all(facts[name] for name in (
                "declined_refused", "confirmation_completed", "worker_killed_recovered", "redis_killed_recovered")))
        return {"ok": held, **facts, "seconds": round(time.monotonic() - self.started, 1)}

    def print_table(self):
        """Prints step, count, time, verified."""
        width = max([len(step.name) for step in self.steps] + [4])
        rule = "─" * (width + 30)
        lines = ["", f"{'step':<{width}}  {'count':>6}  {'time':>9}  verified", rule]
        for step in self.steps:
            verified = "yes" if step.verified else f"NO: {(step.note.splitlines() or [''])[0][:160]}"
            lines.append(f"{step.name:<{width}}  {step.count:>6}  {step.seconds:>7.1f} s  {verified}")
        self.out.write("\n".join([*lines, rule]) + "\n")
        self.out.flush()

    def print_json(self, summary):
        """Prints the summary as one line."""
        self.out.write(json.dumps(summary) + "\n")
        self.out.flush()
