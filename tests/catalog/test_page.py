"""docs/actions.md lists exactly what the catalogue has."""

import re
from pathlib import Path

from tintype.catalog.actions import Action, actions
from tintype.catalog.scenes import scenes

PAGE = (Path(__file__).parents[2] / "docs" / "actions.md").read_text()


def test_every_action_is_listed_under_its_group_and_no_other() -> None:
    told = PAGE.partition("\n## The list\n")[2].partition("\n## ")[0]
    found = {}
    for section in told.split("### ")[1:]:
        name, description = section.splitlines()[:2]
        rows = re.findall(r"^\| `(.+)` \| (.+) \| (.+) \| (.+) \|$", section, re.MULTILINE)
        found[name, description] = rows
    assert found == {
        (group.name, group.description): [
            (it.id, it.label, it.fidelity, it.description)
            for it in actions().by_id.values() if it.group == name
        ]
        for name, group in actions().groups.items()
    }  # fmt: skip


def test_every_scene_type_and_location_is_listed() -> None:
    told = PAGE.partition("\n## Scene types\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", told, re.MULTILINE))
    assert {name: re.findall(r"`(\w+)`", text) for name, text in rows.items()} == {
        name: list(scene.locations) for name, scene in scenes().items()
    }


def test_every_field_of_an_own_action_is_told() -> None:
    told = PAGE.partition("\n## Your own actions\n")[2]
    assert [name for name in Action.__struct_fields__ if f"`{name}`" not in told] == []
