-- Who runs this server may grant credits to any organization: the first one here is theirs.
-- `features` are an organization's own words on its plan's: '+bulk' adds one, '-video' takes one.
ALTER TABLE organizations
    ADD COLUMN operator boolean NOT NULL DEFAULT false,
    ADD COLUMN features text[] NOT NULL DEFAULT '{}';
UPDATE organizations SET operator = true
WHERE id = (SELECT min(id) FROM organizations WHERE sandbox_of IS NULL);

-- The batch that a hold and its end are of.
ALTER TABLE ledger_entries ADD COLUMN batch_id text COLLATE "C";
CREATE INDEX ledger_batch ON ledger_entries (organization_id, batch_id, position DESC)
    WHERE batch_id IS NOT NULL;

-- A price given before the work. `digest` tells whether later work is the same.
CREATE TABLE quotes (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'quo_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    digest          bytea NOT NULL CHECK (length(digest) = 32),
    credits         bigint NOT NULL CHECK (credits >= 0),
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz
);
CREATE INDEX quotes_age ON quotes (expires_at);
