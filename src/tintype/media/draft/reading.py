"""From a prompt's words to the scene they ask for.

The reader walks over them once. A colour belongs to the noun after it, in Spanish and French to the
noun before it; a number likewise. A preposition between two subjects relates them. Words after "no"
or "without", and every word of the negative prompt, name what stays away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tintype.media.draft.scene import GROUPS, Item, Scene
from tintype.media.draft.words import Mention, mentions

ITEMS_MAX = 4
COUNT_MAX = 7

# Two nouns close together that make one figure, in the second one's colour: "a woman in a red
# dress", "a bouquet of pink flowers", "a vase with roses".
_ONE_THING: Mapping[tuple[str, str], str] = {
    ("person", "dress"): "woman",
    ("woman", "dress"): "woman",
    ("child", "dress"): "child",
    ("dancer", "dress"): "dancer",
    ("bouquet", "flower"): "bouquet",
    ("vase", "flower"): "bouquet",
}
_ONE_THING_WORDS = 4
_MOUNTED: Mapping[str, str] = {"mounted": "horse", "wheeled": "bicycle"}
_DANCERS = frozenset(["person", "woman", "child", "couple"])
# What the verb "ride" takes; "rides past a house" seats nobody on the house.
MOUNTS = GROUPS["animals"] | {"bicycle", "rocket"}
# What several things that are named together may all be on.
_SEATS = frozenset(["sofa", "chair", "bed", "table"])
_PEOPLE = GROUPS["people"] | {"robot"}


@dataclass(slots=True)
class _Reader:
    """The state of one walk over a prompt's words."""

    items: list[Item] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    setting_colors: dict[str, str] = field(default_factory=dict)
    times: list[str] = field(default_factory=list)
    weather: set[str] = field(default_factory=set)
    styles: set[str] = field(default_factory=set)
    without: set[str] = field(default_factory=set)
    tint: str | None = None
    close: bool = False
    portrait: bool = False
    dancing: bool = False  # Said before its dancer.
    hat: str = ""  # Likewise, before who wears it.
    clause: int = 0  # The number of the first item since the last punctuation.
    colors: list[str] = field(default_factory=list)  # Waiting for their noun.
    two_tone: bool = False  # They came as "black and white", which may mean the picture.
    count: int = 0
    negated: int = 0  # How many more words a "no" reaches.
    flying: bool = False
    rel: str = ""
    rel_from: int = -1
    noun: str | int | None = None  # The noun that colours go to: a setting or an item's number.
    last: str | int | None = None  # The last noun in this clause, prepositions or not.
    since_noun: int = 99

    def read(self, found: list[Mention]) -> None:
        for mention in found:
            self.since_noun += 1
            if not mention.text[0].isalnum():
                self._flush()
                self.noun, self.last, self.negated, self.rel = None, None, 0, ""
                self.clause = len(self.items)
            elif mention.concepts:
                self._word(mention)
            if self.negated and "negation.no" not in mention.concepts:
                self.negated -= 1
        self._flush()
        if not self.items and (self.portrait or self.dancing):
            self.items.append(Item("dancer" if self.dancing else "person"))

    def _word(self, mention: Mention) -> None:
        if self.negated:
            names = names_of(mention)
            self.without |= names
            if names:
                self.negated = 3 if mention.of("color") else 1
            return
        if mention.of("negation"):
            self.negated = 4
        self._qualities(mention)
        if "style.monochrome" in mention.concepts and " " in mention.text:
            self._two_tone(mention)
        for setting in mention.all_of("setting"):
            if setting not in self.settings:
                self.settings.append(setting)
            if self.colors:
                self.setting_colors[setting] = self.colors[0]
            self._noun(setting)
        if (subject := mention.of("subject")) is not None:
            self._subject(subject, mention)
        elif "wear.hat" in mention.concepts:
            self._hat()
        elif (color := mention.of("color")) is not None:
            self._color(color, mention)
        elif (number := mention.of("number")) is not None:
            self.count = max(1, min(COUNT_MAX, int(number)))
        if (relation := mention.of("relation")) is not None and not mention.of("subject"):
            self._relation(relation, mention)

    def _qualities(self, mention: Mention) -> None:
        for concept in mention.concepts:
            kind, name = concept.split(".", 1)
            match kind:
                case "time":
                    self.times.append(name)
                case "weather":
                    self.weather.add(name)
                case "style":
                    self.styles.add(name)
                case "action" if name == "close":
                    self.close = True
                case "action" if name == "portrait":
                    self.portrait = True
                case "action" if name == "dancing":
                    self._dance()
                case "action" if name in {"riding", "cycling", *_MOUNTED}:
                    self._ride(name, mention)
                case "action" if self.items:
                    self.items[-1] = replace(self.items[-1], flying=True)
                case "action":
                    self.flying = True
                case _:
                    pass

    def _dance(self) -> None:
        """Make the last of the people named a dancer, or the next one."""
        if self.items and self.items[-1].name in _DANCERS:
            last = self.items[-1]
            count = 2 if last.name == "couple" else last.count
            self.items[-1] = replace(last, name="dancer", count=count)
        elif not self.items:
            self.dancing = True

    def _ride(self, name: str, mention: Mention) -> None:
        """Seat the last one named on the mount that follows, or that came just before."""
        rider = len(self.items) - 1
        if name == "cycling" or rider < 0:
            # "骑着马的宇航员": the mount first, then who rides it.
            self.rel, self.rel_from = "ride", rider
        elif rider >= 1 and self.items[rider].name in MOUNTS and not self.items[rider - 1].rel:
            # "Der ein Pferd reitet": the verb stands last.
            self.items[rider - 1] = replace(self.items[rider - 1], rel="on", other=rider)
        elif not self.items[rider].rel:
            self._flush()
            self.noun, self.rel, self.rel_from = None, "ride", rider
        mount = _MOUNTED.get(name)
        if mount is not None and not any(item.name == mount for item in self.items):
            self._subject(mount, mention)

    def _hat(self) -> None:
        color = self.colors[0] if self.colors else "plain"
        if not (self.items and self.items[-1].name in GROUPS["people"]):
            self.colors, self.hat = [], color
            return
        last = len(self.items) - 1
        self.items[last] = replace(self.items[last], hat=color)
        # A colour after the hat's word is the hat's in Spanish and French, and nobody else's.
        self.colors, self.noun, self.last = [], None, last

    def _subject(self, name: str, mention: Mention) -> None:
        if self.dancing and name in _DANCERS | {"man"}:
            name, self.dancing = ("man" if name == "man" else "dancer"), False
        if isinstance(self.last, int) and self.since_noun <= _ONE_THING_WORDS:
            whole = self.items[self.last]
            one = _ONE_THING.get((whole.name, name))
            if one is not None:
                colors = tuple(self.colors[:2]) or whole.colors
                self.items[self.last] = replace(whole, name=one, colors=colors)
                self._noun(self.last)
                return
        count = self.count or (3 if mention.plural else 1)
        item = Item(name, count, tuple(self.colors[:2]), self.flying)
        if self.hat and name in GROUPS["people"]:
            item, self.hat = replace(item, hat=self.hat), ""
        mounting = self.rel == "ride"
        if mounting:
            self.rel = "on" if name in MOUNTS else ""
        if self.rel and self.rel_from >= 0:
            source = self.items[self.rel_from]
            self.items[self.rel_from] = replace(source, rel=self.rel, other=len(self.items))
            self._company(name)
        elif self.rel and self.rel_from < -1 and self.items:
            item = replace(item, rel=self.rel, other=-2 - self.rel_from)
        self.items.append(item)
        self.flying = False
        awaits_rider = mounting and self.rel == "on" and self.rel_from == -1
        self._noun(len(self.items) - 1)
        if awaits_rider:
            self.rel, self.rel_from = "on", -1 - len(self.items)

    def _company(self, seat: str) -> None:
        """Seat what was named along with it too: "an owl reading a book on a table"."""
        if self.rel != "on" or seat not in _SEATS:
            return
        for n in range(self.clause, self.rel_from):
            item = self.items[n]
            if (
                not item.rel
                and item.name not in _SEATS
                and (seat != "table" or item.name not in _PEOPLE)
            ):
                self.items[n] = replace(item, rel="on", other=len(self.items))

    def _noun(self, noun: str | int) -> None:
        if self.two_tone:
            self.styles.discard("monochrome")
        self.colors, self.count, self.rel, self.rel_from = [], 0, "", -1
        self.two_tone = False
        self.noun, self.last, self.since_noun = noun, noun, 0

    def _color(self, color: str, mention: Mention) -> None:
        after = mention.language in {"es", "fr"} and self.noun is not None and self.since_noun <= 2
        if after:
            self._bind(color)
        else:
            self.colors.append(color)

    def _bind(self, color: str) -> None:
        """Give the colour to the last noun if that has none (an item takes two)."""
        if isinstance(self.noun, int) and len(self.items[self.noun].colors) < 2:
            item = self.items[self.noun]
            self.items[self.noun] = replace(item, colors=(*item.colors, color))
        elif isinstance(self.noun, str) and self.noun not in self.setting_colors:
            self.setting_colors[self.noun] = color
        else:
            self.tint = color

    def _two_tone(self, mention: Mention) -> None:
        """Take "black and white" as colours of the noun beside it, else as the picture's style."""
        if mention.language in {"es", "fr"} and isinstance(self.noun, int) and self.since_noun <= 1:
            self.styles.discard("monochrome")
            for color in ("black", "white"):
                self._bind(color)
        else:
            self.colors, self.two_tone = ["black", "white"], True

    def _relation(self, relation: str, mention: Mention) -> None:
        if relation == "beside":
            if not self.colors:
                self.noun = None
            return
        last = self.noun if isinstance(self.noun, int) else -1
        if mention.language == "zh":
            # Written after its noun: "沙发上" is "sofa, on it".
            if last > 0:
                source = self.items[last - 1]
                self.items[last - 1] = replace(source, rel=relation, other=last)
            elif last == 0:
                self.rel, self.rel_from = relation, -2 - last
            return
        self._flush()
        self.noun = None
        if self.rel == "ride" and last < 0:
            return  # "Rides on a horse": the verb has said who.
        self.rel, self.rel_from = relation, last

    def _flush(self) -> None:
        """Colours that found no noun after them go to the one before, else to the palette."""
        for color in () if self.two_tone else self.colors:
            if self.noun is None:
                self.tint = color
            else:
                self._bind(color)
        self.colors, self.count, self.two_tone = [], 0, False


def names_of(mention: Mention) -> frozenset[str]:
    """The names a mention keeps away: what it says and the group that goes with it."""
    names: set[str] = set()
    for concept in mention.concepts:
        kind, name = concept.split(".", 1)
        if kind in {"subject", "setting", "time", "weather", "ambient", "style"}:
            names |= {name} | GROUPS.get(name, frozenset())
        elif kind == "color":
            names.add(concept)
    return frozenset(names)


def read_scene(prompt: str, negative_prompt: str = "") -> Scene:
    """What `prompt` asks for, less what `negative_prompt` names."""
    reader = _Reader()
    reader.read(mentions(prompt))
    without = frozenset(reader.without).union(*map(names_of, mentions(negative_prompt)))
    items = _kept(reader.items, without)
    return Scene(
        items=items,
        settings=tuple(s for s in reader.settings if s not in without),
        setting_colors={
            k: v for k, v in reader.setting_colors.items() if f"color.{v}" not in without
        },
        times=tuple(t for t in reader.times if t not in without),
        weather=frozenset(reader.weather) - without,
        styles=frozenset(reader.styles) - without,
        tint=None if f"color.{reader.tint}" in without else reader.tint,
        without=without,
        close=reader.close,
        portrait=reader.portrait,
    )


def _kept(items: list[Item], without: frozenset[str]) -> tuple[Item, ...]:
    """The items that may stay, said twice counted once, with `other` renumbered."""
    order: dict[str, int] = {}
    moved: dict[int, int] = {}
    kept: list[Item] = []
    for old, item in enumerate(items):
        if item.name in without:
            continue
        if item.name in order:
            moved[old] = order[item.name]
            first = kept[order[item.name]]
            kept[order[item.name]] = replace(
                first,
                colors=first.colors or item.colors,
                count=max(first.count, item.count),
                flying=first.flying or item.flying,
                rel=first.rel or item.rel,
                other=first.other if first.rel else item.other,
            )
        elif len(kept) < ITEMS_MAX:
            order[item.name] = moved[old] = len(kept)
            kept.append(item)
    out = []
    for new, item in enumerate(kept):
        colors = tuple(c for c in item.colors if f"color.{c}" not in without)
        other = moved.get(item.other, -1)
        related = item.rel and other >= 0 and other != new
        out.append(
            replace(item, colors=colors, rel=item.rel if related else "", other=other)
            if related
            else replace(item, colors=colors, rel="", other=-1)
        )
    return tuple(out)
