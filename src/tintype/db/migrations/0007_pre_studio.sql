-- Fair queue: `turn` is a start tag of start-time fair queueing; work that waits for one of its
-- organization's places is parked.
ALTER TABLE generations
    ADD COLUMN turn bigint NOT NULL DEFAULT 0,
    ADD COLUMN parked boolean NOT NULL DEFAULT false,
    ADD COLUMN duration_seconds real CHECK (duration_seconds > 0),
    ADD COLUMN persona_words text,
    ADD COLUMN faults jsonb NOT NULL DEFAULT '[]',
    ADD CONSTRAINT generations_parked_waits CHECK (NOT parked OR status = 'queued');
DROP INDEX generations_waiting;
CREATE INDEX generations_waiting ON generations (engine, run_after)
    WHERE status = 'queued' AND NOT parked;
CREATE INDEX generations_head ON generations (engine, turn) WHERE status = 'queued' AND NOT parked;
CREATE INDEX generations_turn ON generations
    (organization_id, engine, ((batch_id IS NULL)::integer), turn DESC) WHERE status = 'queued';
CREATE INDEX generations_rung ON generations (organization_id) WHERE status = 'queued' AND NOT parked;
CREATE INDEX generations_parked ON generations (organization_id, turn, id) WHERE parked;
CREATE INDEX generations_batch ON generations (organization_id, batch_id, id DESC)
    WHERE batch_id IS NOT NULL;

-- An organization's own terms, where they differ from its plan's.
ALTER TABLE organizations
    ADD COLUMN concurrency integer CHECK (concurrency > 0),
    ADD COLUMN queue_weight integer CHECK (queue_weight BETWEEN 1 AND 12);

-- Rings are of one engine's kind from now on; the reaper rings anew for what waits.
DELETE FROM pgqueuer WHERE entrypoint = 'generation';
