"""What polishing does to lines that it was not made with.

Rules, lists and guards were tuned on other lines and on published prose. These were written after
that, 40 with faults as people make them and 40 without, of the kinds that clients send: captions,
posts, words of programs, headlines with names of brands and places, article numbers. Nothing was
tuned to them: when a line here fails after a change, mend the mechanism and write fresh lines.

`CLAUSES` came later, beside a change of the rules for agreement and for "you're": 40 clean lines
with relative clauses, stranded prepositions and the imperatives of programs. They were written
before they were ever run, and run once.

Better is a smaller edit distance to the corrected line beside it; a clean line is damaged by any
change at all.
"""

import pytest

from tintype.engines.polish.checker import Checker
from tintype.engines.polish.proofread import proofread

BETTER_MIN = 24  # 60 % of 40.

FAULTY = (
    ("Our new colection is availible now in all stores.",
     "Our new collection is available now in all stores."),
    ("Dont forget to check you're email for the code.",
     "Don't forget to check your email for the code."),
    ("This lamp has it's own dimmer switch.", "This lamp has its own dimmer switch."),
    ("We ship to more then 40 countrys.", "We ship to more than 40 countries."),
    ("Made from recycled matirials and and built to last.",
     "Made from recycled materials and built to last."),
    ("The blanket is realy soft and definately worth it.",
     "The blanket is really soft and definitely worth it."),
    ("Its been a long week, treat yourself.", "It's been a long week, treat yourself."),
    ("An beautiful rug for any room.", "A beautiful rug for any room."),
    ("You wont beleive how light these shoes are.",
     "You won't believe how light these shoes are."),
    ("Pleese enter your pasword again.", "Please enter your password again."),
    ("They was sold out within a hour.", "They were sold out within an hour."),
    ("We should of ordered two of them.", "We should have ordered two of them."),
    ("The table seats upto eight people.", "The table seats up to eight people."),
    ("Thanks for you're patience while we upgrade.",
     "Thanks for your patience while we upgrade."),
    ("Your going to need a bigger bag.", "You're going to need a bigger bag."),
    ("Handmade jewelery for every ocasion.", "Handmade jewelry for every occasion."),
    ("There prices are better than last year.", "Their prices are better than last year."),
    ("i love the packaging, its so cute", "I love the packaging, it's so cute"),
    ("Free deliverey on orders over 50 euros.", "Free delivery on orders over 50 euros."),
    ("The image was uploaded succesfuly.", "The image was uploaded successfully."),
    ("Somebody have left a comment on your photo.",
     "Somebody has left a comment on your photo."),
    ("Our coffee is roasted in small baches every tuesday.",
     "Our coffee is roasted in small batches every Tuesday."),
    ("Choose from six colours , all machine washable.",
     "Choose from six colours, all machine washable."),
    ("The film was shot in a abandoned warehouse.",
     "The film was shot in an abandoned warehouse."),
    ("We are exited to announce our newest member.",
     "We are excited to announce our newest member."),
    ("Limited stock, order untill midnight.", "Limited stock, order until midnight."),
    ("The ceremic glaze is aplied by hand.", "The ceramic glaze is applied by hand."),
    ("Whos ready for summer?", "Who's ready for summer?"),
    ("Its not to late to join the waitlist.", "It's not too late to join the waitlist."),
    ("A must have for begginers and profesionals alike.",
     "A must-have for beginners and professionals alike."),
    ("She don't like the new logo.", "She doesn't like the new logo."),
    ("Keep the receit for your guarrantee.", "Keep the receipt for your guarantee."),
    ("This settings can not be changed later.", "These settings cannot be changed later."),
    ("Perfect for camping, hiking and and travelling.",
     "Perfect for camping, hiking and travelling."),
    ("Your account has been temporarly suspended.",
     "Your account has been temporarily suspended."),
    ("The hotel is definitly worth it's price.", "The hotel is definitely worth its price."),
    ("Everyone are invited to the opening.", "Everyone is invited to the opening."),
    ("Sorry, we couldnt find what your looking for.",
     "Sorry, we couldn't find what you're looking for."),
    ("New arivals every thursday, dont miss out!",
     "New arrivals every Thursday, don't miss out!"),
    ("The wether was perfect for the shoot.", "The weather was perfect for the shoot."),
)  # fmt: skip

CLEAN = (
    "Slow mornings start with the Fellow Stagg kettle.",
    "Cable-knit cardigan in undyed alpaca, one size.",
    "Order #TT-20481 is on its way to Aarhus.",
    "Meet us at Salone del Mobile, hall 22, stand B14.",
    "Ceramic pour-over set: dripper, carafe and 40 filters",
    "Couldn't connect. Check your network and try again.",
    "Zara and Mango report record spring sales",
    "Łódź opens a museum of animation in the old EC1 power plant",
    "Golden hour in Reykjavík never gets old 🌅",
    "Buy 2, get 1 free with code SPRING24",
    "The Eames lounge chair turns seventy.",
    "Tap and hold to reorder layers",
    "v2.4.1 fixes a crash when exporting .psd files",
    "Who's in?",
    "A little bit Bauhaus, a little bit rock 'n' roll.",
    "Sourdough, cultured butter, anchovies. That's lunch.",
    "Nothing to see here yet. Create your first picture.",
    "Waxed-canvas apron with cross-back straps, SKU APR-0047-OLV",
    "Drag & drop up to 20 files here, or browse.",
    "Our linen comes from Normandy, our patience from our grandmothers.",
    "Nothing beats a cold Club-Mate after a rave at Berghain.",
    "40 mm automatic, sapphire crystal, water-resistant to 100 m",
    "cozy season essentials, now 30% off 🍂",
    "Anna's favourite: the Skagerrak bench in teak",
    "Hey {first_name}, your trial ends in {days} days",
    "Wie geht's? Our Berlin store turns five this Saturday.",
    "Vote for us at the Webby Awards!",
    "What if your closet could talk?",
    "Photographed by Nguyễn Thị Mai for Kinfolk",
    "Now brewing: Ethiopia Guji, washed, notes of bergamot and peach",
    "Don't panic, we saved a draft.",
    "100% merino. 0% itch.",
    "Press Esc to close, or ⌘K to search.",
    "The Row, Khaite and Toteme lead the quiet-luxury pack",
    "Sun's out. So are we. Terrace open till ten.",
    "Half price today only; no code needed.",
    "You have no unread messages.",
    "IKEA, LEGO and Bang & Olufsen share one thing: Scandinavia",
    "Hand-poured soy candle, fig + vetiver, 220 g / 45 h",
    "Choose whichever size you'd normally wear; it runs true.",
)

CLAUSES = (
    "Delete the photos you're done with.",
    "Rename the layer you're working on, then press Enter.",
    "Only people you've invited can see what you're drawing.",
    "Check whether you're signed in on another device.",
    "Choose a plan that fits the way you're selling.",
    "Undo the step that brought you here.",
    "The courier who called you was waiting outside.",
    "The link that we mailed you was valid for an hour.",
    "Nobody but you was charged.",
    "What surprised you was the weight, not the color.",
    "The friend who recommended you was right.",
    "People who loved this were also fond of the walnut one.",
    "Colors that go with this are listed below.",
    "All the parts you need for this are in the box.",
    "The shop that sold us these is closed on Mondays.",
    "Anyone who has worn these was amazed.",
    "The reason we stopped making these was the price of cork.",
    "Everything we print on this is tested for two years.",
    "Pick up where you left off.",
    "Turn on notifications to hear when it's back.",
    "Sign in with the address your invitation was sent to.",
    "Show me items I've hidden",
    "Allow others to edit what they're sent",
    "Log out of every browser you're not using.",
    "Manage who you're following",
    "Upload the scan you're proudest of.",
    "Confirm you're not a robot.",
    "Update the card you're paying with before Friday.",
    "If you're new here, start with the tour.",
    "The glaze, which is ours alone, takes nine days to dry.",
    "Those who know, know.",
    "The room it was made for had no windows.",
    "Here's what the potters we work with are up to.",
    "Its an-hour-a-day rule made the course famous.",
    "Its not-quite-white walls calm the room.",
    "Whatever they sent you is still in the drafts.",
    "Drag the handle until it looks the way you want it to.",
    "We're as wont to nap as the cat is.",
    "Select the ones that are too dark, then choose Brighten.",
    "Skip this if you're happy with how it looks.",
)


def distance(a: str, b: str) -> int:
    """Levenshtein's."""
    before = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        now = [i]
        for j, y in enumerate(b, 1):
            now.append(min(before[j] + 1, now[-1] + 1, before[j - 1] + (x != y)))
        before = now
    return before[-1]


@pytest.fixture(scope="module")
def polished():
    checker = Checker()

    def polish(text: str) -> str:
        proof = proofread(
            text, checker, "American", "neutral", variants=False, stopped=lambda: False
        )
        return proof.edits.text

    return polish


def test_no_clean_line_is_damaged(polished) -> None:
    assert len(set(CLEAN)) == 40
    assert len(set(CLAUSES)) == 40
    lines = CLEAN + CLAUSES
    assert {line: polished(line) for line in lines if polished(line) != line} == {}


def test_most_faulty_lines_get_better_and_none_gets_worse(polished) -> None:
    assert len({faulty for faulty, _ in FAULTY}) == 40
    before = {faulty: distance(faulty, right) for faulty, right in FAULTY}
    after = {faulty: distance(polished(faulty), right) for faulty, right in FAULTY}
    assert [line for line in before if after[line] > before[line]] == []
    assert sum(after[line] < before[line] for line in before) >= BETTER_MIN
