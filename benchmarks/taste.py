"""What the agent learns from 40 verdicts: from raters with a taste, and from such as have none.

Run `python benchmarks/taste.py`. A rater with a taste likes half of eight actions, approves what
has none but those, and errs in every tenth verdict; more than 90 % can't be agreed with. Seeds are
others than those that the settings were chosen with. Printed besides is how long the mathematics
of one suggestion take.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence

from stand import BUILD, Target, told

ROOT = BUILD.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.tastes import (  # noqa: E402
    FACADE,
    KITCHEN,
    LIVING_ROOM,
    Tasteless,
    by_scene,
    said,
    tasteful,
)
from tintype.agent.choosing import (  # noqa: E402
    Scene,
    choose,
    known_of,
    known_of_all,
    standing_of,
)
from tintype.agent.models import Settings  # noqa: E402

FIRST_SEED = 800_000
ASKED_AGAIN = 10
OWN = Settings(mode="auto")
TASTES: Sequence[tuple[str, tuple[Scene, ...], int]] = (
    ("one room, 1 or 2 actions", (LIVING_ROOM,), 2),
    ("one room, 1 to 3 actions", (LIVING_ROOM,), 3),
    ("two rooms, 1 or 2 actions", (LIVING_ROOM, KITCHEN), 2),
)
RANDOM = (0.3, 0.5)


def approved(scenes: tuple[Scene, ...], most: int, seeds: range) -> tuple[float, float]:
    """The share of approvals of what is chosen, and how often anything is."""
    asked = chosen = judged = good = 0
    for seed in seeds:
        rater = tasteful(seed)
        trials = by_scene(said(rater, rater.dice, scenes, most=most))
        for scene in scenes:
            asked += 1
            choice = choose(known_of(trials, scene), OWN)
            if choice is not None:
                chosen += 1
                names = [action.id for action in choice.actions]
                judged += ASKED_AGAIN
                good += sum(rater.approves(names) for _ in range(ASKED_AGAIN))
    return good / judged, chosen / asked


def taught(rate: float, scenes: tuple[Scene, ...], seeds: range) -> float:
    """The share of random raters of whom anything is thought to be sure."""
    count = 0
    for seed in seeds:
        dice = random.Random(seed)
        trials = by_scene(said(Tasteless(dice, rate), dice, scenes))
        known = known_of_all(trials, trials)
        count += any(standing_of(it, name, OWN) == "sure" for it in known for name in it.counts)
    return count / len(seeds)


def milliseconds(verdicts: int) -> float:
    """Of working out what to do in one of nine scenes, without the database."""
    rater = tasteful(1)
    scenes = [(kind, f"place-{number}") for kind in ("interior", "exterior") for number in range(9)]
    trials = by_scene(said(rater, rater.dice, scenes, count=verdicts, most=3))
    begun = time.perf_counter()
    choose(known_of(trials, scenes[0]), OWN)
    return (time.perf_counter() - begun) * 1000


def main(raters: int) -> int:
    seeds = range(FIRST_SEED, FIRST_SEED + raters)
    targets = []
    for words, scenes, most in TASTES:
        share, often = approved(scenes, most, seeds)
        targets.append(Target(
            f"agent, a taste after 40 verdicts ({words}): at least 80% of its choices approved",
            f"{share:.1%} of those of {raters} raters; it chose in {often:.0%}", share >= 0.8,
        ))  # fmt: skip
    for rate in RANDOM:
        shares = [
            taught(rate, it, seeds) for it in ((LIVING_ROOM,), (LIVING_ROOM, KITCHEN, FACADE))
        ]
        targets.append(Target(
            f"agent, a rater who approves {rate:.0%} at random: at most 5% taught it anything",
            f"{max(shares):.1%} of {raters}, in one scene and in three", max(shares) <= 0.05,
        ))  # fmt: skip
    few, many = milliseconds(100), milliseconds(10_000)
    print(f"a suggestion of 100 verdicts {few:.1f} ms, of 10,000 {many:.1f} ms")
    return told(targets)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raters", type=int, default=400)
    sys.exit(main(parser.parse_args().raters))
