"""Says how the scaler did and draws it: plot.py SAMPLES.csv OUTPUT.svg --goal S --within S --reversals N"""

import argparse
import csv
import sys
from dataclasses import dataclass

START = 20  # LoadShape.start: the load changes here
WIDTH, PANEL, GAP, LEFT, RIGHT, TOP = 960, 132, 50, 58, 58, 44
OFFERED, PROCESSES, READY, WAIT = "#8a94a6", "#1f6feb", "#9ec5ff", "#d1495b"


@dataclass
class Verdict:
    """What is to be said of one shape."""

    shape: str
    over: float  # seconds with the wait over its goal, from the change of the load to the last such moment
    longest: float  # the longest wait
    most: int  # the most processes
    reversals: int
    left: int  # jobs that were not done at the end


def read(path):
    """The samples by shape, each a list of dicts of numbers."""
    shapes = {}
    with open(path, newline="", encoding="utf-8") as file:
        names = None
        for row in csv.reader(file):
            if row[0] == "shape":
                names = row
                continue
            values = dict(zip(names[1:], map(float, row[1:])))
            shapes.setdefault(row[0], []).append(values)
    return shapes


def judge(shape, samples, goal):
    """Measures one shape."""
    late = [s["second"] for s in samples if s["latency_s"] > goal and s["second"] >= START]
    # A ramp goes over the goal again each time that it has outgrown the pool: the longest spell counts, not the last.
    spell = longest_spell = 0
    for sample in samples:
        spell = spell + 1 if sample["latency_s"] > goal else 0
        longest_spell = max(longest_spell, spell)
    over = longest_spell if shape == "ramp" else (late[-1] + 1 - START if late else 0)
    changes = [b["wanted"] - a["wanted"] for a, b in zip(samples, samples[1:]) if a["wanted"] != b["wanted"]]
    return Verdict(
        shape, over, max(s["latency_s"] for s in samples), int(max(s["wanted"] for s in samples)),
        sum((a > 0) != (b > 0) for a, b in zip(changes, changes[1:])),
        int(samples[-1]["waiting"]))


def polyline(points, colour, width, dash=""):
    """A line through points; each holds until the next."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    extra = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{extra}/>'


def stairs(points):
    """Points of a value that holds until it changes."""
    result = []
    for x, y in points:
        if result:
            result.append((x, result[-1][1]))
        result.append((x, y))
    return result


def text(x, y, content, size=12, anchor="start", colour="#3b4252", weight="normal"):
    """A line of text."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
        f'font-weight="{weight}">{content}</text>')


def panel(shape, samples, verdict, top, goal):
    """One shape: jobs a second and processes against the left scale's own maximum, the wait against the right one."""
    seconds = max(s["second"] for s in samples)
    x = lambda second: LEFT + second / seconds * (WIDTH - LEFT - RIGHT)
    most_rate = max(48, max(s["rate"] for s in samples))
    most_wait = max(2 * goal, max(s["latency_s"] for s in samples)) * 1.08
    rate = lambda value: top + PANEL - value / (most_rate * 1.08) * PANEL
    processes = lambda value: top + PANEL - value / 8.64 * PANEL
    wait = lambda value: top + PANEL - value / most_wait * PANEL
    parts = [
        f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{PANEL}" fill="#f7f8fa"/>',
        text(
            LEFT, top - 9,
            f"{shape}: back under the goal in {verdict.over:.0f} s, longest wait {verdict.longest:.1f} s, "
            f"reversals {verdict.reversals}", 13, weight="bold"),
    ]
    for count in (0, 2, 4, 6, 8):
        y = processes(count)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e3e6ec"/>')
        parts.append(text(LEFT - 8, y + 4, count, 11, "end", PROCESSES))
    for second in range(0, int(seconds) + 1, 30):
        parts.append(text(x(second), top + PANEL + 15, second, 11, "middle", "#6b7280"))
    for value in (0, goal, most_wait / 1.08):
        parts.append(text(WIDTH - RIGHT + 8, wait(value) + 4, f"{value:.3g} s", 11, "start", WAIT))
    parts.append(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{wait(goal):.1f}" y2="{wait(goal):.1f}" stroke="{WAIT}" '
        f'stroke-dasharray="2 4"/>')
    parts.append(polyline(stairs((x(s["second"]), rate(s["rate"])) for s in samples), OFFERED, 1.5, "6 3"))
    parts.append(polyline(stairs((x(s["second"]), processes(s["ready"])) for s in samples), READY, 4))
    parts.append(polyline(stairs((x(s["second"]), processes(s["wanted"])) for s in samples), PROCESSES, 1.8))
    parts.append(polyline(((x(s["second"]), wait(s["latency_s"])) for s in samples), WAIT, 1.5))
    return "\n".join(parts)


def draw(shapes, verdicts, goal):
    """The whole picture."""
    height = TOP + len(shapes) * (PANEL + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="system-ui, sans-serif">',
        "<title>The scaler under a step, a ramp and a burst</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    legend = [
        (PROCESSES, "processes wanted"), (READY, "processes ready"), (WAIT, "wait of the oldest job (right; dotted: goal)"),
        (OFFERED, "jobs a second (own scale)"),
    ]
    left = LEFT
    for colour, label in legend:
        parts.append(f'<rect x="{left}" y="8" width="14" height="6" fill="{colour}"/>' + text(left + 19, 15, label, 11))
        left += 42 + 6.1 * len(label)
    for index, (shape, samples) in enumerate(shapes.items()):
        parts.append(panel(shape, samples, verdicts[index], TOP + index * (PANEL + GAP), goal))
    return "\n".join([*parts, "</svg>", ""])


def main():
    """Prints a line a shape; the exit code says whether all hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples")
    parser.add_argument("output")
    parser.add_argument("--goal", type=float, required=True)
    parser.add_argument("--within", type=float, required=True)
    parser.add_argument("--reversals", type=int, required=True)
    options = parser.parse_args()
    shapes = read(options.samples)
    verdicts = [judge(shape, samples, options.goal) for shape, samples in shapes.items()]
    good = True
    for verdict in verdicts:
        holds = verdict.over <= options.within and verdict.reversals <= options.reversals and verdict.left == 0
        good = good and holds
        print(
            f"{verdict.shape}: wait back under {options.goal:g} s within {verdict.over:.0f} s, longest wait "
            f"{verdict.longest:.1f} s, up to {verdict.most} processes, {verdict.reversals} reversals, "
            f"{verdict.left} jobs left: {'holds' if holds else 'DOES NOT HOLD'}")
    with open(options.output, "w", encoding="utf-8") as file:
        file.write(draw(shapes, verdicts, options.goal))
    print(f"drawn: {options.output}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
