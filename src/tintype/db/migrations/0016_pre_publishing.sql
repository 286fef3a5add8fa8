-- What a project's public page shows: a revision is made whole by one publish, and never changed.
-- The project points to the one that is shown; `media_ids` are the images and videos in it.
CREATE TABLE publications (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'pub_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    project_id      text COLLATE "C" NOT NULL REFERENCES projects,
    revision        integer NOT NULL CHECK (revision > 0),
    snapshot        json NOT NULL,
    media_ids       text[] COLLATE "C" NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    -- Until when who has the page still gets its media; null while it is shown.
    loads_until     timestamptz,
    UNIQUE (project_id, revision)
);
ALTER TABLE projects
    ADD COLUMN publication_id text COLLATE "C" REFERENCES publications,
    ADD CONSTRAINT projects_published CHECK ((publication_id IS NULL) = (published_at IS NULL));
