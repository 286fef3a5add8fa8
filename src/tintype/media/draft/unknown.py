"""A scene for prompts whose words are all unknown: chosen by the words themselves.

The same words always give the same kind of place, while the seed still varies the drawing.
"""

from dataclasses import replace

from tintype.media.draft.reading import read_scene
from tintype.media.draft.scene import Item, Scene, seeded

_SCENES: tuple[tuple[tuple[str, ...], tuple[Item, ...]], ...] = (
    (("mountains", "lake"), ()),
    (("hills", "field"), (Item("balloon"),)),
    (("sea",), (Item("sailboat"),)),
    (("studio",), (Item("vase"),)),
    (("desert",), (Item("cactus"),)),
    (("forest",), ()),
    (("mountains", "road"), ()),
    (("beach",), (Item("palm"),)),
    (("mountains", "snowland"), (Item("house"),)),
    (("city",), ()),
)


def says_nothing(prompt: str, negative_prompt: str = "") -> bool:
    """Whether no thing and no place in the prompt is known: then the scene is an invented one."""
    scene = read_scene(prompt, negative_prompt)
    return not (scene.items or scene.settings)


def invented(scene: Scene, words: str) -> Scene:
    """`scene` with a place and perhaps a thing in it."""
    choices = [
        (settings, items)
        for settings, items in _SCENES
        if not scene.without & ({*settings} | {i.name for i in items})
    ] or [(("field",), ())]
    settings, items = seeded("unknown", words).choice(choices)
    return replace(scene, settings=settings, items=items)


def furnished(scene: Scene) -> Scene:
    """`scene` with something to see in a place that is nothing without: a room, a studio."""
    wanted = {"room": ("sofa", "lamp"), "studio": ("vase",)}.get(scene.settings[0], ())
    items = tuple(Item(name) for name in wanted if name not in scene.without)
    return replace(scene, items=items)
