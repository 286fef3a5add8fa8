-- A picture is an image of a project. Its row may come before its bytes: while a URL is fetched or
-- an enhancement is at work. Whoever makes a picture from another keeps the line's first, its root.
ALTER TABLE images
    ALTER COLUMN object_key DROP NOT NULL,
    ALTER COLUMN format DROP NOT NULL,
    ALTER COLUMN has_alpha DROP NOT NULL,
    ALTER COLUMN width DROP NOT NULL,
    ALTER COLUMN height DROP NOT NULL,
    ALTER COLUMN bytes DROP NOT NULL,
    ALTER COLUMN sha256 DROP NOT NULL,
    ALTER COLUMN thumbhash DROP NOT NULL,
    ALTER COLUMN version SET DEFAULT 0,
    ADD COLUMN status text NOT NULL DEFAULT 'completed',
    -- Null for the first of a line; `version` counts what was made of it, 0 is itself.
    ADD COLUMN root_id text COLLATE "C" REFERENCES images,
    ADD COLUMN scene_type text COLLATE "C",
    ADD COLUMN scene_location text COLLATE "C",
    ADD COLUMN approval text NOT NULL DEFAULT 'pending',
    ADD COLUMN feedback text,
    ADD COLUMN judged_at timestamptz,
    ADD COLUMN judged_by text COLLATE "C",   -- the key or the user
    ADD COLUMN selected_id text COLLATE "C" REFERENCES images,   -- of a line, the published one
    ADD COLUMN source_instruction json,   -- json, not jsonb: shown as it was given
    ADD COLUMN error jsonb,
    ADD COLUMN webhook_url text,
    ADD COLUMN alias_wanted text COLLATE "C",   -- its name from when its bytes are there
    -- What a worker is to fetch, and its right to write, as a generation's.
    ADD COLUMN source_url text,
    ADD COLUMN lease uuid,
    ADD COLUMN lease_until timestamptz,
    ADD COLUMN attempts smallint NOT NULL DEFAULT 0;

-- What was made of another image of the same project belongs to that one's line.
UPDATE images SET version = 0;
WITH RECURSIVE line AS (
    SELECT i.id, i.id AS root_id, i.project_id FROM images i
    LEFT JOIN images p ON p.id = i.parent_id
    WHERE p.id IS NULL OR p.project_id IS DISTINCT FROM i.project_id
    UNION ALL
    SELECT i.id, l.root_id, i.project_id FROM images i
    JOIN line l ON i.parent_id = l.id AND i.project_id IS NOT DISTINCT FROM l.project_id
), numbered AS (
    SELECT id, root_id, row_number() OVER (PARTITION BY root_id ORDER BY id) AS version
    FROM line WHERE id <> root_id
)
UPDATE images i SET root_id = n.root_id, version = n.version FROM numbered n WHERE n.id = i.id;

ALTER TABLE images
    ADD CONSTRAINT images_states CHECK
        (status IN ('processing', 'completed', 'failed', 'canceled')),
    ADD CONSTRAINT images_approvals CHECK (approval IN ('pending', 'approved', 'rejected')),
    -- Bytes before rows: a picture is completed when its bytes are stored, and not before.
    ADD CONSTRAINT images_whole CHECK (num_nonnulls(object_key, format, has_alpha, width, height,
        bytes, sha256, thumbhash) = CASE status WHEN 'completed' THEN 8 ELSE 0 END),
    ADD CONSTRAINT images_error CHECK ((status = 'failed') = (error IS NOT NULL)),
    ADD CONSTRAINT images_line CHECK ((root_id IS NULL) = (version = 0)),
    ADD CONSTRAINT images_selected CHECK (selected_id IS NULL OR root_id IS NULL),
    ADD CONSTRAINT images_judged CHECK ((approval = 'pending') = (judged_at IS NULL)
        AND (approval = 'pending' OR status = 'completed')),
    ADD CONSTRAINT images_fetched CHECK (lease IS NULL OR status = 'processing');

CREATE INDEX images_project ON images (organization_id, project_id, id DESC)
    WHERE project_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX images_of_root ON images (root_id, id) WHERE root_id IS NOT NULL;
CREATE INDEX images_to_fetch ON images (lease_until NULLS FIRST)
    WHERE status = 'processing' AND source_url IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX images_of_parent ON images (parent_id) WHERE parent_id IS NOT NULL;
-- The published picture of each line of a project, also of those whose original is deleted.
CREATE INDEX images_selected ON images (organization_id, project_id) WHERE selected_id IS NOT NULL;

-- How work is done, where words and a size don't say it: an enhancement's actions and steps, a
-- reel's storyboard.
ALTER TABLE generations ADD COLUMN recipe jsonb;
