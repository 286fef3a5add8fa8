-- What work in a project takes by default, whose project it is, and where it is published.
ALTER TABLE projects
    ADD COLUMN output text NOT NULL DEFAULT 'picture' CHECK (output IN ('picture', 'video')),
    ADD COLUMN picture_aspect_ratio text,
    ADD COLUMN picture_resolution text,
    ADD COLUMN consistency_image_id text COLLATE "C" REFERENCES images,
    ADD COLUMN branding jsonb,
    ADD COLUMN slug text COLLATE "C" UNIQUE,
    ADD COLUMN published_at timestamptz,
    ADD CONSTRAINT projects_published_somewhere CHECK (published_at IS NULL OR slug IS NOT NULL);

-- Prompts and actions under a name, to be used again.
CREATE TABLE quick_actions (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'qa_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    name            text NOT NULL,
    description     text,
    prompt          text,
    actions         text[] NOT NULL,
    variants        smallint CHECK (variants BETWEEN 1 AND 8),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    CONSTRAINT quick_actions_do_something CHECK (prompt IS NOT NULL OR cardinality(actions) > 0)
);
CREATE INDEX quick_actions_page ON quick_actions (organization_id, id DESC) WHERE deleted_at IS NULL;
