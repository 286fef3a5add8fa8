"""Polishing: what it mends, what it leaves alone, and that what it tells is what it did."""

import functools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tintype.engines.polish.checker import Checker
from tintype.engines.polish.differences import compared
from tintype.engines.polish.edits import Edits
from tintype.engines.polish.locale import canonical, dialect_of
from tintype.engines.polish.proofread import proofread
from tintype.engines.polish.shorten import TooShort, shortened
from tintype.engines.polish.tone import TONES

# Things that no one may touch, of every kind.
THINGS = (
    "https://tintype.example/a?b=c&d=e#recieve", "www.exmaple.com", "hello@exmaple.co.uk",
    "@recieve_this", "#definately", "#ÜberCool", "<b>", "</b>", '<a href="x y" title="teh">',
    "<br/>", "&nbsp;", "&#8217;", "{name}", "{{name}}", "{{ user.name }}", "${VAR}", "$VAR", "%s",
    "%(count)d", "%1$s", "%NAME%", "[[link]]", "[FIRST NAME]", "`teh code`", "{% if x %}",
    "recieve.txt", "exmaple.com", "C:\\teh\\path", "/usr/lib/teh", "./teh/readme.md", "AB-1234-teh", "SKU00123",
    "$19.99", "€5", "19,90", "v2.4.1-beta", "1.2.3", "iPhone", "camelCase", "snake_case", "H&M",
    ":teh_emoji:", "10mm", "3x", "50%", "\\n", "node.js", "1/2", "5€/m²",
    '<a\n  href="x"\n  title="teh recieve"\n>', "<img alt='dont\r\nalot'>", ":recieve", ":user_adress",
    ":Teh", "::dont", "(:alot)", '":teh"', "/orders/:teh/recieve",
)  # fmt: skip
FAULTS = (
    "the the", "recieve", "dont", "an bag", "its a", "could of", "alot", "you're", "then", "i am",
    " ,", "  ", "SHOUTING VERY LOUD NOW", "!!!", "do not", "it's", "gonna", "cafÃ©", "donâ€™t",
)  # fmt: skip
OTHERS = (
    "a", "bag", "of", "is", "we", "for", "your", "better", "The", "order", "with", "Gdańsk", "über",
    "👩‍👩‍👧‍👦", "🇵🇱", "👍🏽", "1️⃣", "مرحبا بالعالم", "שלום", "你好世界", "ありがとう", "한국어", "नमस्ते",
    "e\u0301", "\u202eabc\u202c", "\u200b", "\ufeff", "\n", "\r\n", "\t", ".", "? ", "...", "—", "'", '"',
    "“", "”", "(", ")", "\u2028",
)  # fmt: skip

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60),
    st.lists(st.sampled_from(THINGS + FAULTS * 3 + OTHERS * 2), max_size=14).map(" ".join),
    st.lists(st.sampled_from(FAULTS + OTHERS * 2), max_size=14).map("".join),
)


@functools.cache
def checker():
    return Checker()


def proof(text, tone="neutral", dialect="American", *, variants=False):
    return proofread(
        text, checker(), dialect, tone, variants=variants, stopped=lambda: False
    )  # fmt: skip


def polished(text, tone="neutral", **more):
    return proof(text, tone, **more).edits.text


def redone(edits):
    """The changes made by hand in the text that was sent, as a client would."""
    text = edits.original
    for edit in reversed(edits.items):
        text = text[: edit.start] + edit.after + text[edit.end :]
    return text


def assert_well_told(edits):
    assert redone(edits) == edits.text
    end = 0
    for edit in edits.items:
        assert end <= edit.start <= edit.end <= len(edits.original)
        assert edits.original[edit.start : edit.end] != edit.after
        assert all(edit.reasons)
        end = edit.end


@given(texts, st.sampled_from(TONES), st.sampled_from([None, "American", "British"]))
@settings(max_examples=90, deadline=None)
@example("the the the the", "professional", "American")
@example("cafÃ© {name} cafÃ©", "neutral", None)
@example("donâ€™t https://x.example/donâ€™t", "friendly", "American")
def test_the_changes_give_the_text_exactly(text, tone, dialect):
    found = proof(text, tone, dialect)
    assert_well_told(found.edits)
    for item in found.suggestions:
        assert 0 <= item.start < item.end <= len(text)
        assert item.options
        assert item.reason
        assert not any(e.start < item.end and item.start < e.end for e in found.edits.items)


@given(
    st.lists(
        st.tuples(st.sampled_from(THINGS), st.lists(st.sampled_from(FAULTS + OTHERS), max_size=4)),
        min_size=1, max_size=6,
    ),
    st.sampled_from(TONES),
)  # fmt: skip
@settings(max_examples=90, deadline=None)
def test_links_tags_placeholders_and_the_like_come_back_untouched(parts, tone):
    text = "".join(f"{thing} {' '.join(words)} " for thing, words in parts)
    places, at = [], 0
    for thing, words in parts:
        places.append((at, at + len(thing)))
        at += len(f"{thing} {' '.join(words)} ")
    edits = proof(text, tone).edits
    for start, end in places:
        assert not any(edit.start < end and start < edit.end for edit in edits.items), text[
            start:end
        ]


@given(texts, st.integers(1, 80))
@settings(max_examples=90, deadline=None)
@example("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 12)
@example("see https://tintype.example/a/very/long/link now", 20)
def test_no_text_is_longer_than_asked_and_nothing_is_cut_in_two(text, length):
    edits = proof(text).edits
    whole = edits.text
    try:
        cut = shortened(edits, length)
    except TooShort:
        assert len(whole) > length
        return
    assert_well_told(cut)
    assert len(cut.text) <= length
    kept = cut.text.removesuffix("…") if cut is not edits else cut.text
    assert whole.startswith(kept)
    if len(whole) > len(kept):
        rest = whole[len(kept) :]
        assert rest[0] not in "\u200d\ufe0f\u20e3\u0301\U0001f3fd"
        assert not kept.endswith("\u200d")


def test_a_cut_comes_after_a_sentence_or_a_word():
    text = "The mug holds a lot. It keeps coffee warm for hours on the desk."
    assert shortened(Edits(text), 30).text == "The mug holds a lot."
    assert shortened(Edits(text), 64).text == text
    assert (
        shortened(Edits(text), 60).text
        == "The mug holds a lot. It keeps coffee warm for hours on the…"
    )
    assert shortened(Edits("Unbelievable"), 6).text == "Unbel…"
    (edit,) = shortened(Edits(text), 30).items
    assert edit.reasons == ("shortened to max_length",)


@pytest.mark.parametrize(
    "thing", ["https://tintype.example/abcdef", "{{customer_name}}", "<b title='x'>"]
)
def test_a_thing_longer_than_the_length_is_not_cut(thing):
    with pytest.raises(TooShort):
        shortened(Edits(f"{thing} and more"), 8)
    assert shortened(Edits(f"Look at {thing}"), 10).text == "Look at…"


@pytest.mark.parametrize("emoji", ["👩‍👩‍👧‍👦", "🇵🇱", "👍🏽", "1️⃣", "e\u0301", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "नि"])
def test_characters_of_several_code_points_are_not_cut(emoji):
    for length in range(2, 2 * len(emoji) + 2):
        try:
            cut = shortened(Edits(emoji * 3), length).text
        except TooShort:
            continue
        assert cut.removesuffix("…") in {emoji, emoji * 2}, length


MENDED = {
    "We recieve alot of mail.": "We receive a lot of mail.",
    "Dont worry, its a easy fix": "Don't worry, it's an easy fix",
    "The the lamp": "The lamp",
    "I love it , really": "I love it, really",
    "Better then ever": "Better than ever",
    "You could of asked": "You could have asked",
    "Thanks for you're order": "Thanks for your order",
    "Your welcome!": "You're welcome!",
    "The cat lost it's tail.": "The cat lost its tail.",
    "We was late": "We were late",
    "I know that you was late": "I know that you were late",
    "New: this are lamps.\nThese is red": "New: these are lamps.\nThis is red",
    "The bags they was in": "The bags they were in",
    "Check you're email for it": "Check your email for it",
    "Visit our cafÃ© in MÃ¼nchen": "Visit our café in München",
}


@pytest.mark.parametrize("text", MENDED)
def test_common_faults_are_mended(text):
    assert polished(text) == MENDED[text]
    assert polished(MENDED[text]) == MENDED[text], "and once is enough"


FOREIGN = (
    "Nowa kolekcja już dostępna we wszystkich sklepach.", "Dziekujemy za zamowienie, paczka jest w drodze.",
    "Ny kollektion er landet i butikken i dag.", "Husk at tjekke din mail for koden",
    "Neue Kollektion jetzt online und in allen Filialen erhältlich.", "Nur heute: kostenloser Versand",
    "La nouvelle collection est arrivée !", "Merci pour votre commande : elle part demain",
    "Nueva colección disponible en todas las tiendas.", "Envio gratis en pedidos superiores a 50 euros",
    "Nova coleção já disponível em todas as lojas.", "La nuova collezione è arrivata in negozio",
    "Nieuwe collectie nu verkrijgbaar in de winkel", "Nya kollektionen finns nu i butik",
    "Uusi mallisto on nyt myymälöissä", "Yeni koleksiyon simdi magazalarda", "Kolekce je nyni v prodeji",
    "新しいコレクションが登場しました。", "新系列现已上市,欢迎选购。", "새로운 컬렉션이 출시되었습니다.",
    "Новая коллекция уже в продаже , успейте", "مجموعة جديدة متوفرة الآن", "קולקציה חדשה זמינה עכשיו",
    "नया संग्रह अब उपलब्ध है", "คอลเลกชันใหม่พร้อมจำหน่ายแล้ว", "lorem ipsum dolor sit amet consectetur",
)  # fmt: skip


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("text", FOREIGN)
def test_other_languages_are_left_alone_under_an_english_locale(text, tone):
    assert polished(text, tone) == text


MIXED = {
    "Try our żurek and pierogi ruskie, we recieve them fresh daily.": "Try our żurek and pierogi ruskie,"
    " we receive them fresh daily.",
    "Das ist nicht alles. Dont miss the sale.": "Das ist nicht alles. Don't miss the sale.",
    "Our hygge sæson starts , come by!": "Our hygge sæson starts, come by!",
    "新系列 is definately here.": "新系列 is definitely here.",
}


@pytest.mark.parametrize("text", MIXED)
def test_of_a_mixed_text_only_the_english_is_mended(text):
    assert polished(text) == MIXED[text]


def test_names_and_trade_words_are_left_alone():
    for text in (
        "Boto, Grindr and Pygments are names", "a moodboard for the flatlay", "the giclee print",
        "Yoko's kintsugi bowl", "a boucle armchair", "the Thier family", "subtests and maillists",
    ):  # fmt: skip
        assert polished(text) == text


def test_another_english_is_only_changed_when_the_locale_was_asked_for():
    text = "The colour of our centre"
    assert polished(text) == text
    assert {s.options[0] for s in proof(text).suggestions} == {"color", "center"}
    assert polished(text, variants=True) == "The color of our center"
    assert polished(text, dialect="British", variants=True) == text


def test_professional_writes_out_and_calms_down():
    assert polished("We can't wait!!! Thx, it's here", "professional") == (
        "We cannot wait! Thanks, it is here"
    )
    assert polished("SHOP NOW AND SAVE BIG", "professional") == "Shop now and save big"
    assert polished("Don't you love it? It's been long.", "professional") == (
        "Don't you love it? It's been long."
    ), "a question and a perfect tense are no contractions to write out word for word"
    assert polished("Sarah's and today's bags", "professional") == "Sarah's and today's bags"


def test_friendly_contracts_where_speech_does():
    assert polished("We do not ship on Sundays. That is who I am.", "friendly") == (
        "We don't ship on Sundays. That's who I am."
    )


def test_a_tone_tells_its_changes():
    reasons = [
        r for edit in proof("We can't wait!!!", "professional").edits.items for r in edit.reasons
    ]
    assert reasons
    assert all(reason.startswith("tone: ") for reason in reasons)


def test_neutral_changes_no_style():
    text = "OMG we can't WAIT!!! gonna be sooo good :)"
    assert polished(text) == text


def test_differences_replace_whole_words():
    edits = compared("The quick fox, jumps", "A quick dog jumps!", "rewritten")
    assert redone(edits) == edits.text == "A quick dog jumps!"
    assert [(e.start, e.end, e.after) for e in edits.items] == [
        (0, 3, "A"), (10, 14, "dog"), (20, 20, "!"),
    ]  # fmt: skip


def test_texts_too_different_to_compare_are_one_change():
    edits = compared(
        "start " + "a b " * 2_400 + "end", "start " + "b a " * 4_900 + "end", "rewritten"
    )
    assert redone(edits) == edits.text
    assert len(edits.items) == 1
    assert edits.items[0].start == len("start ")


@given(texts, texts)
@settings(max_examples=30, deadline=None)
def test_differences_of_any_two_texts_give_the_second(before, after):
    edits = compared(before, after, "rewritten")
    assert_well_told(edits)
    assert edits.text == after


@pytest.mark.parametrize(
    ("tag", "usual", "dialect"),
    [("en-us", "en-US", "American"), ("EN-gb", "en-GB", "British"), ("en", "en", "American"),
     ("en-AU", "en-AU", "Australian"), ("en-Latn-ca", "en-Latn-CA", "Canadian"),
     ("en-IN", "en-IN", "Indian"), ("en-NZ", "en-NZ", "British"), ("pl-pl", "pl-PL", None),
     ("zh-hans-cn", "zh-Hans-CN", None), ("de-CH-1996", "de-CH-1996", None), ("fil", "fil", None)],
)  # fmt: skip
def test_locales_have_a_usual_case_and_an_english(tag, usual, dialect):
    assert canonical(tag) == usual
    assert dialect_of(tag) == dialect


@pytest.mark.parametrize(
    "tag", ["", "e", "english", "en_US", "en-", "-en", "en US", "en-USA1", "12", "ø", "en-" * 20]
)
def test_what_is_no_locale_is_refused(tag):
    with pytest.raises(ValueError, match="language tag"):
        canonical(tag)


@given(st.text("ab c", max_size=12), st.data())
def test_edits_of_edits_stay_places_of_the_original(original, data):
    edits, text = Edits(original), original
    for step in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 4)))
        after = data.draw(st.text("xyz", max_size=3))
        first, last, clean = edits.reach(start, end)
        assert 0 <= first <= last <= len(original)
        assert not clean or original[first:last] == text[start:end]
        edits = edits.replaced(start, end, after, str(step))
        text = text[:start] + after + text[end:]
        assert edits.text == redone(edits) == text


@pytest.mark.parametrize(
    "text",
    ["Press ? for help", "Type ! to run a command, or # to comment.", "Log in in seconds.",
     "One of these is not like the others.", "Copies of this are available on request.",
     "The might of the Roman Empire, in 400 bricks", "As is her wont, she sketched first.",
     "Let loose your inner child.", "We reduced its time to market by half.", "Red,white,blue",
     "Thanks for your welcome.", "Your invited guests can view the album.", "Mon  Tue  Wed",
     "There is many a slip twixt cup and lip.", "If this were a song, it would be jazz.",
     "Please confirm you're over 18.", "Save the change you're making first.",
     "Track the order you're waiting for.", "The place you're in is lovely.",
     "The view you're seeing is old.", "If you're email marketing, read on.",
     "The team that helped you was great.", "The parcel we sent you was returned.",
     "The talk between me and you was fun.", "Everyone but you was invited.",
     "Customers who bought this are also looking at…", "All but these is on sale.",
     "Whoever made these is a genius.", "They are wont to sing", "Its a la carte menu is new.",
     "Its a cappella version is free."],
)  # fmt: skip
def test_right_wordings_that_look_like_faults_are_left_alone(text):
    assert polished(text) == text


def test_friendly_leaves_clauses_that_can_not_be_contracted():
    text = "This is who we are as a brand. Let us know. It does not only look good."
    assert polished(text, "friendly") == text
