"""The small words around a wish: which of them turn it round, weigh it or mean nothing to it.

All in lower case, apostrophes left out and spelled as in Britain.
"""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DENY: Final = _words(
    "not dont doesnt didnt isnt arent wont never cannot cant shouldnt mustnt aint nothing"
)
NO: Final = _words("no without zero avoid avoiding free none")
REMOVE: Final = _words(
    "remove removes removed removing delete deleting erase eliminate rid clear hide kill stop drop"
    " suppress away off out undo strip"
)
LESS: Final = _words(
    "less lower lowering reduce reduced reducing decrease decreasing fewer down minimise minimize"
    " minimal weaken cut lose lessen"
)
MEND: Final = _words("fix fixed correct corrected repair mend adjust clean cleanup improve even")
TOO: Final = _words("too overly excessively excessive")
ARE: Final = _words("is are was were looks seems appears its theres")
LACK: Final = _words("lacks lack lacking needs need missing")
"""Say that there is too little of what follows; so do "not enough" and "too little"."""
BUILD: Final = _words(
    "add adding put place replace change insert paint build move turn swap install hang"
    " plant draw write"
)
"""Verbs with an object: where that is not known, what is said of it counts for nothing."""
SLIGHT: Final = _words(
    "slightly slight little bit subtle subtly gently touch hint somewhat mildly mild tad faint"
    " faintly softly moderately barely carefully"
)
STRONG: Final = _words(
    "much very strongly strong really lot lots heavily heavy extremely considerably far way super"
    " significantly dramatically massively hugely noticeably maximum max totally"
)
PLAIN: Final = _words(
    "a an the id ill im ive it this that these those there i we you me my our us your he she they"
    " them please kindly make makes made making look give gives given giving feel feels have has"
    " having want wants wanted would like could should can will shall let lets be been being to of"
    " in on at for from by as into onto over up so such with which who what where when some any all"
    " every more most extra increase increased increasing boost raise bring get gets"
    " getting take taken apply use using keep enough just only again now here than rather quite"
    " photo photos picture pictures image images shot shots photograph scene home product"
    " room rooms living house kitchen bathroom bedroom hallway food day days"
    " building property apartment flat whole entire overall general interior exterior inside sky"
    " light lights lighting style styled look mood effect tone tones atmosphere vibe feeling"
    " filter horizon colours colour see seen show shows showing need do does did am must go"
    " nice nicely good well maybe perhaps thanks thank try level setting finish ones one"
    " convert wrong everything garment"
)
SPLIT: Final = _words("and but then also plus while though although yet or nor because since")
EITHER: Final = _words("or nor")
SPELLING: Final = {
    "color": "colour", "colors": "colours", "colored": "coloured", "colorful": "colourful",
    "colorless": "colourless", "gray": "grey", "grays": "greys", "center": "centre",
    "vibrancy": "vibrance", "saturate": "saturated", "artifacts": "artefacts",
}  # fmt: skip
