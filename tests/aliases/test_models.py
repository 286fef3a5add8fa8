"""What is an alias, and which names a prompt mentions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.aliases.models import assignable, mentions, normalize
from tintype.core.errors import ValidationFailed

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", fullmatch=True)
LOOKALIKES = (
    "@hеro",
    "@ｈero",
    "@héro",
    "@he\u0301ro",
    "@HERO\u200d",
    "@hero\u202e",
    "@İ",
    "@hero²",
)


@pytest.mark.parametrize("text", ["@Hero", "@hero", "@HERO"])
def test_an_alias_is_kept_in_lower_case(text: str) -> None:
    assert normalize(text) == "@hero"


@given(NAMES)
def test_every_name_of_the_alphabet_up_to_63_characters_is_an_alias(name: str) -> None:
    assert normalize("@" + name) == "@" + name.lower()
    assert mentions(f"see @{name}.") == ["@" + name.lower()]


@pytest.mark.parametrize(
    "text",
    [*LOOKALIKES, "@" + "a" * 64, "@", "@-x", "@_x", "hero", "@@hero", "@he ro", "@hero\n", "@a.b",
     " @hero", "@\u212aelvin"],
)  # fmt: skip
def test_what_is_no_alias_is_refused_by_field(text: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        normalize(text, "somewhere")
    assert refused.value.param == "somewhere"


@pytest.mark.parametrize("text", ["@last", "@First", "@UPLOAD"])
def test_the_technical_names_can_not_be_given(text: str) -> None:
    assert normalize(text) == text.lower()
    with pytest.raises(ValidationFailed, match="reserved"):
        assignable(text)


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("@hero at the sea", ["@hero"]),
        ("(@Hero), \"@sky\"; '@a-b_c'!", ["@hero", "@sky", "@a-b_c"]),
        ("@hero and @HERO", ["@hero"]),
        ("@b then @a then @b", ["@b", "@a"]),
        ("@a/@b, @c:@d", ["@a", "@b", "@c", "@d"]),
        ("@hero.", ["@hero"]),
        ("@hero's hat", ["@hero"]),
        ("@hero.png", ["@hero"]),
        ("line\n@hero\n", ["@hero"]),
        ("write to bob@hero.com", []),
        ("bob.a+b-@hero.com, josé@hero.com, jose\u0301@hero.com", []),
        ("anna_@hero.com", []),
        ("5 apples @ 3 euro, :@ @_@ @-@", []),
        ("@", []),
        ("@@", []),
        ("把@hero放在海边", ["@hero"]),
        ("@hero를 바다에", ["@hero"]),
        ("ヒーロー@heroーと", ["@hero"]),
        ("ضع و@hero هنا", ["@hero"]),
        ("\u2068@hero\u2069\u200f هنا", ["@hero"]),
        ("❤️@hero❤", ["@hero"]),
        ("cat+dog @x", ["@x"]),
    ],
)  # fmt: skip
def test_which_names_a_prompt_mentions(prompt: str, found: list[str]) -> None:
    assert mentions(prompt) == found


@pytest.mark.parametrize(
    "prompt",
    [*LOOKALIKES, "@@hero", "see @@@hero", "@é", "@画面", "@he\u200ero", "@hero\u200cx", "@" + "a" * 64,
     "把@hеro放"],
)  # fmt: skip
def test_a_name_that_could_be_mistaken_is_refused_not_cut_off(prompt: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        mentions(prompt)
    assert refused.value.param == "prompt"


@given(st.text(max_size=200))
def test_any_prompt_gives_aliases_or_a_refusal(prompt: str) -> None:
    try:
        found = mentions(prompt)
    except ValidationFailed:
        return
    assert all(normalize(alias) == alias for alias in found)
    assert len(found) == len(set(found)) <= prompt.count("@")


@given(st.lists(NAMES, max_size=8), st.sampled_from([" ", ", ", "\n", "、", " — ", "（"]))
def test_names_between_separators_are_all_found_in_order(names: list[str], between: str) -> None:
    expected = list(dict.fromkeys("@" + name.lower() for name in names))
    assert mentions(between.join("@" + name for name in names)) == expected
