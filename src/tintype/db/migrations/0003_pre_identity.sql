-- A user may come from another issuer, has then no password here, and may be deleted: the row
-- stays for what it made.
ALTER TABLE users
    ALTER COLUMN password_hash DROP NOT NULL,
    ADD COLUMN external_issuer text COLLATE "C",
    ADD COLUMN external_subject text COLLATE "C",
    ADD COLUMN deleted_at timestamptz,
    ADD CHECK ((external_issuer IS NULL) = (external_subject IS NULL)),
    DROP CONSTRAINT users_email_key;
CREATE UNIQUE INDEX users_email ON users (email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_external ON users (external_issuer, external_subject)
    WHERE external_issuer IS NOT NULL AND deleted_at IS NULL;
-- Who was shown out is not let in again by another issuer's word.
CREATE INDEX users_deleted ON users (email) WHERE deleted_at IS NOT NULL;
CREATE INDEX users_deleted_external ON users (external_issuer, external_subject)
    WHERE external_issuer IS NOT NULL AND deleted_at IS NOT NULL;

-- What a key may spend in a UTC day and month, open holds counted.
ALTER TABLE api_keys
    ADD COLUMN cap_day bigint CHECK (cap_day >= 0),
    ADD COLUMN cap_month bigint CHECK (cap_month >= 0);

-- A signed-in user; the token names the row, so that signing out ends every copy of it.
CREATE TABLE sessions (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'ses_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    user_id         text COLLATE "C" NOT NULL REFERENCES users,
    address         text NOT NULL,
    user_agent      text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    last_seen_at    timestamptz,
    expires_at      timestamptz NOT NULL,
    revoked_at      timestamptz
);
CREATE INDEX sessions_user ON sessions (user_id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_age ON sessions (expires_at);

-- Who did what to keys and members, when and from where; append-only.
CREATE TABLE audit_entries (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'aud_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    actor_type      text NOT NULL CHECK (actor_type IN ('user', 'api_key', 'operator')),
    actor_id        text COLLATE "C",
    action          text COLLATE "C" NOT NULL,
    subject_id      text COLLATE "C",
    address         text,
    user_agent      text CHECK (length(user_agent) <= 200),
    request_id      text COLLATE "C",
    details         jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX audit_page ON audit_entries (organization_id, id DESC);
CREATE INDEX audit_subject ON audit_entries (organization_id, subject_id, id DESC);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are never changed';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- Below so many available credits an account is low: a tenth of its balance after the last grant.
ALTER TABLE credit_accounts ADD COLUMN low_at bigint NOT NULL DEFAULT 0 CHECK (low_at >= 0);
UPDATE credit_accounts a SET low_at = balance_after / 10 FROM (
    SELECT DISTINCT ON (organization_id) organization_id, balance_after FROM ledger_entries
    WHERE type = 'grant' ORDER BY organization_id, position DESC) g
WHERE g.organization_id = a.organization_id;

-- What each key used in each UTC day, moved with the ledger: credits settled and held of the holds
-- that were placed on that day.
CREATE TABLE key_usage (
    api_key_id      text COLLATE "C" NOT NULL,
    day             date NOT NULL,
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    credits         bigint NOT NULL DEFAULT 0 CHECK (credits >= 0),
    reserved        bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    image_jobs      bigint NOT NULL DEFAULT 0,
    text_requests   bigint NOT NULL DEFAULT 0,
    requests        bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (api_key_id, day)
) WITH (fillfactor = 50);
INSERT INTO key_usage (api_key_id, day, organization_id, credits, reserved)
    SELECT h.api_key_id, (h.created_at AT TIME ZONE 'UTC')::date, min(h.organization_id),
        coalesce(sum(-e.amount), 0), coalesce(sum(h.reserved) FILTER (WHERE e.id IS NULL), 0)
    FROM ledger_entries h LEFT JOIN ledger_entries e ON e.hold_id = h.id
    WHERE h.type = 'hold' AND h.api_key_id IS NOT NULL GROUP BY 1, 2;
INSERT INTO key_usage (api_key_id, day, organization_id, image_jobs)
    SELECT api_key_id, (created_at AT TIME ZONE 'UTC')::date, min(organization_id), count(*)
    FROM generations WHERE api_key_id IS NOT NULL GROUP BY 1, 2
    ON CONFLICT (api_key_id, day) DO UPDATE SET image_jobs = excluded.image_jobs;

-- Take back the last counted request of p_subject: it turned out to be none that counts.
CREATE FUNCTION return_request(p_subject text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    row_second bigint;
    buckets integer[];
    slot integer;
BEGIN
    SELECT second, counts INTO row_second, buckets
        FROM rate_windows WHERE subject = p_subject FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    FOR i IN 0..60 LOOP
        slot := (row_second - i) % 61 + 1;
        IF buckets[slot] > 0 THEN
            buckets[slot] := buckets[slot] - 1;
            UPDATE rate_windows SET counts = buckets WHERE subject = p_subject;
            RETURN;
        END IF;
    END LOOP;
END $$;
