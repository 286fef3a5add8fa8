-- Many pieces of work asked for at once. What ended is counted in the transaction that ends it.
CREATE TABLE batches (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'bat_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    project_id      text COLLATE "C" REFERENCES projects,
    api_key_id      text COLLATE "C" REFERENCES api_keys,
    user_id         text COLLATE "C" REFERENCES users,
    source          text NOT NULL CHECK (source IN ('api', 'ui', 'cli', 'live', 'mcp')),
    livemode        boolean NOT NULL,
    name            text,
    meta            jsonb NOT NULL DEFAULT '{}',
    webhook_url     text,
    total           integer NOT NULL CHECK (total > 0),
    completed       integer NOT NULL DEFAULT 0,
    failed          integer NOT NULL DEFAULT 0,
    canceled        integer NOT NULL DEFAULT 0,
    credits_reserved bigint NOT NULL,
    credits_used    bigint NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    cancel_requested_at timestamptz,
    completed_at    timestamptz,
    CONSTRAINT batches_all_once CHECK (completed + failed + canceled <= total),
    CONSTRAINT batches_end CHECK
        ((completed_at IS NOT NULL) = (completed + failed + canceled = total)),
    CONSTRAINT batches_paid CHECK (credits_used BETWEEN 0 AND credits_reserved)
) WITH (fillfactor = 50);
CREATE INDEX batches_page ON batches (organization_id, id DESC);

-- An item's place in its batch, and what the client calls it there.
ALTER TABLE generations
    ADD COLUMN batch_index integer,
    ADD COLUMN custom_id text,
    ADD FOREIGN KEY (batch_id) REFERENCES batches,
    ADD CONSTRAINT generations_batch_item CHECK ((batch_id IS NULL) = (batch_index IS NULL));
CREATE INDEX generations_batch_begun ON generations (batch_id, started_at)
    WHERE batch_id IS NOT NULL AND started_at IS NOT NULL AND status IN ('queued', 'processing');
