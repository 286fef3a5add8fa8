"""Aliases against a plain model of them, over flows, a project, the default project and deletions."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from support.machines import on_database, run
from tintype.accounts import operations as accounts
from tintype.aliases import operations as aliases
from tintype.core.caller import SCOPES, Caller
from tintype.core.errors import AliasTaken, NotFound, ValidationFailed
from tintype.db.pool import Database
from tintype.flows import operations as flows
from tintype.images import operations as images
from tintype.images.intake import StoredPicture
from tintype.images.links import Links
from tintype.projects import operations as projects
from tintype.projects.models import CreateProject

ALIASES = st.sampled_from(["@a", "@B", "@b", "@hero", "@HERO"])
TECHNICAL = st.sampled_from(["@last", "@First", "@upload"])
PICTURE = StoredPicture("masters/x", None, "png", False, 8, 8, 99, "0" * 64, "hash")
LINKS = Links("http://localhost", None)


class Names(RuleBasedStateMachine):
    loop: asyncio.AbstractEventLoop
    database: Database

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def once(self, operation: Any, *arguments: Any, **more: Any) -> Any:
        async with self.database.transaction() as tx:
            return await operation(tx, *arguments, **more)

    @initialize()
    def open(self) -> None:
        self.owner = self.do(self.once(accounts.create_organization, name="M", plan="pro")).id
        self.caller = Caller(self.owner, "pro", frozenset(SCOPES), livemode=True, source="api")
        made = self.do(self.once(projects.create, self.caller, "", CreateProject(name="P")))
        self.projects = ["", made.id]
        self.flows: dict[str, str] = {}
        # id -> (project or '', flow or '', source), in the order of making; living ones only.
        self.images: dict[str, tuple[str, str, str]] = {}
        self.held: dict[tuple[str, str], str] = {}
        self.dead: list[str] = []
        for project in self.projects:
            flow = self.do(self.once(flows.start, self.caller, project_id=project or None, meta={}))
            self.flows[flow] = project

    def pick(self, data: st.DataObject, among: Any, label: str) -> Any:
        return data.draw(st.sampled_from(sorted(among)), label=label)

    @rule(data=st.data(), source=st.sampled_from(["generated", "uploaded"]))
    def add_image(self, data: st.DataObject, source: str) -> None:
        flow = self.pick(data, ["", *self.flows], "flow")
        project = self.flows[flow] if flow else self.pick(data, self.projects, "project")
        fields = {
            "source": source, "livemode": True, "project_id": project or None,
            "flow_id": flow or None, "generation_id": None, "variant": 0, "prompt": None, "meta": {},
        }  # fmt: skip
        row = self.do(self.once(images.add_generated, self.owner, PICTURE, fields))
        self.images[row["id"]] = (project, flow, source)

    @precondition(lambda self: self.images)
    @rule(data=st.data(), alias=ALIASES, only_if_free=st.booleans())
    def assign(self, data: st.DataObject, alias: str, only_if_free: bool) -> None:
        image = self.pick(data, self.images, "image")
        scope = self.pick(data, [*self.flows, *self.projects], "scope")
        if scope in self.projects:
            scope = self.images[image][0]
            work = self.once(
                aliases.set_project_alias, self.owner, scope or None, image, alias,
                only_if_free=only_if_free,
            )  # fmt: skip
        else:
            work = self.once(
                aliases.assign, self.owner, scope, alias, image, only_if_free=only_if_free
            )
        before = self.held.get((scope, alias.lower()))
        if only_if_free and before not in {None, image}:
            with pytest.raises(AliasTaken):
                self.do(work)
            return
        assert self.do(work) == (None if before == image else before)
        if scope in self.projects:
            self.clear_name(scope, image)
        self.held[scope, alias.lower()] = image

    @precondition(lambda self: self.images)
    @rule(data=st.data())
    def clear(self, data: st.DataObject) -> None:
        image = self.pick(data, self.images, "image")
        scope = self.images[image][0]
        work = self.once(aliases.set_project_alias, self.owner, scope or None, image, None)
        assert self.do(work) is None
        self.clear_name(scope, image)

    def clear_name(self, scope: str, image: str) -> None:
        for key, holder in list(self.held.items()):
            if key[0] == scope and holder == image:
                del self.held[key]

    @precondition(lambda self: self.flows)
    @rule(data=st.data(), alias=ALIASES)
    def remove(self, data: st.DataObject, alias: str) -> None:
        flow = self.pick(data, self.flows, "flow")
        work = self.once(flows.remove_alias, self.caller, flow, alias)
        if (flow, alias.lower()) in self.held:
            self.do(work)
            del self.held[flow, alias.lower()]
        else:
            with pytest.raises(NotFound):
                self.do(work)

    @precondition(lambda self: self.images)
    @rule(data=st.data())
    def delete_image(self, data: st.DataObject) -> None:
        image = self.pick(data, self.images, "image")
        self.do(self.once(images.delete, self.caller, LINKS, image))
        del self.images[image]
        self.dead.append(image)
        self.held = {key: holder for key, holder in self.held.items() if holder != image}

    @precondition(lambda self: self.dead)
    @rule(data=st.data(), alias=ALIASES)
    def name_a_deleted_image(self, data: st.DataObject, alias: str) -> None:
        image = self.pick(data, self.dead, "image")
        with pytest.raises(NotFound):
            self.do(self.once(aliases.assign, self.owner, "", alias, image))

    @precondition(lambda self: len(self.flows) > 1)
    @rule(data=st.data())
    def delete_flow(self, data: st.DataObject) -> None:
        flow = self.pick(data, self.flows, "flow")
        self.do(self.once(flows.delete, self.caller, flow))
        del self.flows[flow]
        self.held = {key: image for key, image in self.held.items() if key[0] != flow}
        self.images = {
            image: (project, "" if of == flow else of, source)
            for image, (project, of, source) in self.images.items()
        }

    @rule(data=st.data(), alias=ALIASES)
    def resolve(self, data: st.DataObject, alias: str) -> None:
        flow = self.pick(data, ["", *self.flows], "flow")
        project = self.flows[flow] if flow else self.pick(data, self.projects, "project")
        expected = None
        if (flow, alias.lower()) in self.held and flow:
            expected = (self.held[flow, alias.lower()], "flow")
        elif (project, alias.lower()) in self.held:
            expected = (self.held[project, alias.lower()], "project")
        self.check_resolved(alias, flow, project, expected)

    @rule(data=st.data(), alias=TECHNICAL)
    def resolve_technical(self, data: st.DataObject, alias: str) -> None:
        flow = self.pick(data, self.flows, "flow")
        name = alias.lower()
        inside = [
            image for image, (_, of, source) in self.images.items()
            if of == flow and (name != "@upload" or source == "uploaded")
        ]  # fmt: skip
        chosen = sorted(inside)[0 if name == "@first" else -1] if inside else None
        self.check_resolved(alias, flow, "", (chosen, "technical") if chosen else None)

    def check_resolved(
        self, alias: str, flow: str, project: str, expected: tuple[str, str] | None
    ) -> None:
        work = self.once(
            images.resolve, self.caller, LINKS, alias,
            flow_id=flow or None, project_id=project or None,
        )  # fmt: skip
        if expected is None:
            with pytest.raises(NotFound):
                self.do(work)
            return
        found = self.do(work)
        assert (found.id, found.resolved_from) == expected

    @rule(alias=TECHNICAL)
    def technical_names_are_never_given(self, alias: str) -> None:
        with pytest.raises(ValidationFailed):
            self.do(self.once(aliases.assign, self.owner, "", alias, "img_x"))
        with pytest.raises(ValidationFailed):
            self.do(
                self.once(images.resolve, self.caller, LINKS, alias, flow_id=None, project_id=None)
            )

    @invariant()
    def the_tables_agree(self) -> None:
        self.do(self.audit())

    async def audit(self) -> None:
        async with self.database.reading() as tx:
            rows = await tx.fetch(
                "SELECT scope_id, alias, image_id FROM image_aliases WHERE organization_id = $1",
                self.owner,
            )
            shown = {
                image: (await images.get(tx, self.caller, LINKS, image)).alias
                for image in list(self.images)[-3:]
            }
        assert {(row["scope_id"], row["alias"]): row["image_id"] for row in rows} == self.held
        in_projects = [(s, image) for (s, _), image in self.held.items() if s in self.projects]
        assert len(in_projects) == len(set(in_projects))
        for image, alias in shown.items():
            names = [
                name for (scope, name), holder in self.held.items()
                if holder == image and scope == self.images[image][0]
            ]  # fmt: skip
            assert names == ([alias] if alias else [])


@pytest.fixture
def names(cluster: str) -> Iterator[type[Names]]:
    """The machine with a database of its own; each run of it opens a new organization."""
    with on_database(cluster, "alias_machine", Names) as machine:
        yield machine


def test_no_sequence_of_changes_parts_the_names_from_the_model(names: type[Names]) -> None:
    run(names, examples=50)
