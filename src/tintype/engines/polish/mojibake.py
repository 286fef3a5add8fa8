"""Letters that were read in the wrong encoding ("cafÃ©"), put right in any language."""

from tintype.engines.polish.differences import compared
from tintype.engines.polish.edits import Edits
from tintype.engines.polish.masks import links


def repaired(text: str) -> Edits:
    """Mojibake between links, tags and placeholders, by ftfy; its matters of taste are off."""
    # Loaded with the first text: a server that never polishes doesn't pay for it.
    import ftfy  # noqa: PLC0415

    config = ftfy.TextFixerConfig(
        unescape_html=False, remove_terminal_escapes=False, replace_lossy_sequences=False,
        fix_latin_ligatures=False, fix_character_width=False, uncurl_quotes=False,
        fix_line_breaks=False, fix_surrogates=False, remove_control_chars=False,
        normalization=None, explain=False,
    )  # fmt: skip
    if text.isascii():
        return Edits(text)
    found = Edits(text)
    at = len(text)
    for start, end in [*reversed(links(text)), (0, 0)]:
        piece = text[end:at]
        fixed = ftfy.fix_text(piece, config)
        if fixed != piece:
            for edit in reversed(compared(piece, fixed, "wrong encoding").items):
                found = found.replaced(
                    end + edit.start, end + edit.end, edit.after, "wrong encoding"
                )
        at = start
    return found
