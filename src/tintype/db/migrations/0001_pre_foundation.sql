-- Tenants, keys, credits, events, images, aliases, flows, generations, live URLs.
-- Ids are text in the C collation: prefix_ + base32 of a UUIDv7, so byte order is age.

CREATE TABLE organizations (
    id            text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'org_'),
    name          text NOT NULL,
    plan          text NOT NULL,
    -- A sandbox twin holds the data of the organization's tt_test_ keys.
    sandbox_of    text COLLATE "C" UNIQUE REFERENCES organizations,
    rate_limit    integer CHECK (rate_limit > 0),
    private_media boolean NOT NULL DEFAULT false,
    signing_secret bytea NOT NULL,
    suspended_at  timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'usr_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    email           text NOT NULL CHECK (email = lower(email)),
    password_hash   text NOT NULL,
    role            text NOT NULL CHECK (role IN ('administrator', 'member')),
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (email)
);
CREATE INDEX users_organization ON users (organization_id);

CREATE TABLE projects (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'prj_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    name            text NOT NULL,
    meta            jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz
);
CREATE INDEX projects_page ON projects (organization_id, id DESC) WHERE deleted_at IS NULL;

CREATE TABLE api_keys (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'key_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    name            text NOT NULL,
    prefix          text NOT NULL,
    secret_sha256   bytea NOT NULL UNIQUE CHECK (length(secret_sha256) = 32),
    scopes          text[] NOT NULL,
    project_id      text COLLATE "C" REFERENCES projects,
    expires_at      timestamptz,
    revoked_at      timestamptz,
    last_used_at    timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_keys_organization ON api_keys (organization_id, id DESC);

-- What an organization has: derived from the ledger, moved only together with a ledger entry.
CREATE TABLE credit_accounts (
    organization_id text COLLATE "C" PRIMARY KEY REFERENCES organizations,
    balance         bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
    reserved        bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    CHECK (reserved <= balance)
) WITH (fillfactor = 50);

-- Append-only. `amount` and `reserved` are the changes the entry makes to balance and holds.
CREATE TABLE ledger_entries (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'led_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES credit_accounts,
    type            text NOT NULL CHECK (type IN ('grant', 'hold', 'settle', 'release', 'adjustment')),
    amount          bigint NOT NULL,
    reserved        bigint NOT NULL,
    balance_after   bigint NOT NULL CHECK (balance_after >= 0),
    available_after bigint NOT NULL CHECK (available_after >= 0),
    hold_id         text COLLATE "C" REFERENCES ledger_entries,
    generation_id   text COLLATE "C",
    api_key_id      text COLLATE "C",
    note            text,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The order in which entries changed the account: ids are made before the account is locked.
    position        bigint GENERATED ALWAYS AS IDENTITY,
    CHECK (CASE type
        WHEN 'grant' THEN amount > 0 AND reserved = 0 AND hold_id IS NULL
        WHEN 'adjustment' THEN amount <> 0 AND reserved = 0 AND hold_id IS NULL
        WHEN 'hold' THEN amount = 0 AND reserved > 0 AND hold_id IS NULL
        -- A settlement takes at most what was held and ends the whole hold.
        WHEN 'settle' THEN amount <= 0 AND amount >= reserved AND reserved < 0 AND hold_id IS NOT NULL
        WHEN 'release' THEN amount = 0 AND reserved < 0 AND hold_id IS NOT NULL
    END)
);
-- One settle or release per hold, whatever code and crashes do.
CREATE UNIQUE INDEX ledger_one_end_per_hold ON ledger_entries (hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX ledger_page ON ledger_entries (organization_id, position DESC);
CREATE INDEX ledger_generation ON ledger_entries (generation_id) WHERE generation_id IS NOT NULL;

CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger entries are never changed; write an adjustment';
END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();

-- Append-only log; `position` orders one object's events, (`xid`, `position`) orders a reader's
-- pages: a reader sees only transactions older than every open one, so no late commit is skipped.
CREATE TABLE events (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'evt_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    position        bigint GENERATED ALWAYS AS IDENTITY,
    xid             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    type            text NOT NULL,
    subject_id      text COLLATE "C" NOT NULL,
    livemode        boolean NOT NULL,
    data            json NOT NULL,   -- json, not jsonb: fields keep the API's order
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX events_page ON events (organization_id, xid, position);
CREATE INDEX events_subject ON events (organization_id, subject_id, position);

CREATE TABLE idempotency_keys (
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    key             text COLLATE "C" NOT NULL,
    fingerprint     bytea NOT NULL,
    status          smallint,
    headers         jsonb,
    body            bytea,
    work_id         text COLLATE "C",
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Sixty-one one-second buckets a subject: the current second and the sixty before it, so that no
-- window of sixty seconds, wherever it starts, holds more than the limit.
CREATE UNLOGGED TABLE rate_windows (
    subject text COLLATE "C" PRIMARY KEY,
    second  bigint NOT NULL,
    counts  integer[] NOT NULL
) WITH (fillfactor = 50);

-- Count one request of p_subject if fewer than p_limit lie in the window. `reset_at` is the epoch
-- second at which the window has room again, `wait_seconds` how long that is, rounded up.
CREATE FUNCTION take_request(p_subject text, p_limit integer,
    OUT allowed boolean, OUT remaining integer, OUT reset_at bigint, OUT wait_seconds integer)
LANGUAGE plpgsql AS $$
DECLARE
    now_second bigint;
    row_second bigint;
    buckets integer[];
    total integer := 0;
    gap bigint;
    need integer;
    passed integer := 0;
BEGIN
    INSERT INTO rate_windows (subject, second, counts)
        VALUES (p_subject, 0, array_fill(0, ARRAY[61]))
        ON CONFLICT (subject) DO NOTHING;
    SELECT second, counts INTO row_second, buckets
        FROM rate_windows WHERE subject = p_subject FOR UPDATE;
    -- Read after the lock: waiting for it may have crossed a second. Never run backwards.
    now_second := greatest(floor(extract(epoch FROM clock_timestamp()))::bigint, row_second);
    gap := now_second - row_second;
    IF gap >= 61 THEN
        buckets := array_fill(0, ARRAY[61]);
    ELSIF gap > 0 THEN
        FOR i IN 1..gap LOOP
            buckets[(row_second + i) % 61 + 1] := 0;
        END LOOP;
    END IF;
    FOR i IN 1..61 LOOP
        total := total + buckets[i];
    END LOOP;
    allowed := total < p_limit;
    IF allowed THEN
        buckets[now_second % 61 + 1] := buckets[now_second % 61 + 1] + 1;
        total := total + 1;
    END IF;
    remaining := greatest(0, p_limit - total);
    -- The second at which enough of the window has aged out for one more request.
    need := greatest(1, total - p_limit + 1);
    reset_at := now_second + 61;
    FOR i IN REVERSE 60..0 LOOP
        passed := passed + buckets[(now_second - i) % 61 + 1];
        IF passed >= need THEN
            reset_at := now_second - i + 61;
            EXIT;
        END IF;
    END LOOP;
    wait_seconds := greatest(0, ceil(reset_at - extract(epoch FROM clock_timestamp())))::integer;
    UPDATE rate_windows SET second = now_second, counts = buckets WHERE subject = p_subject;
END $$;

CREATE TABLE flows (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'flw_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    project_id      text COLLATE "C" REFERENCES projects,
    livemode        boolean NOT NULL,
    meta            jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX flows_page ON flows (organization_id, id DESC);

CREATE TABLE generations (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'gen_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    project_id      text COLLATE "C" REFERENCES projects,
    flow_id         text COLLATE "C" REFERENCES flows ON DELETE SET NULL,
    persona_id      text COLLATE "C",
    batch_id        text COLLATE "C",
    retry_of        text COLLATE "C" REFERENCES generations,
    api_key_id      text COLLATE "C" REFERENCES api_keys,
    user_id         text COLLATE "C" REFERENCES users,
    source          text NOT NULL CHECK (source IN ('api', 'ui', 'cli', 'live', 'mcp')),
    livemode        boolean NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('text_to_image', 'edit', 'clean', 'realistic',
                        'sketch_to_photo', 'enhancement', 'video')),
    status          text NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'canceled')),
    progress        real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    mode            text,
    prompt          text NOT NULL,
    enhanced_prompt text,
    negative_prompt text,
    auto_enhance    boolean NOT NULL DEFAULT false,
    model           text NOT NULL,
    engine          text NOT NULL,
    fidelity        text NOT NULL,
    aspect_ratio    text NOT NULL,
    resolution      text NOT NULL,
    width           integer NOT NULL,
    height          integer NOT NULL,
    seed            bigint NOT NULL CHECK (seed >= 0),
    variants        smallint NOT NULL CHECK (variants BETWEEN 1 AND 8),
    sources         jsonb NOT NULL DEFAULT '[]',   -- references: image ids, aliases, URLs
    alias           text COLLATE "C",
    flow_alias      text COLLATE "C",
    meta            jsonb NOT NULL DEFAULT '{}',
    webhook_url     text,
    credits_reserved bigint NOT NULL,
    credits_used    bigint NOT NULL DEFAULT 0,
    -- Deferred, so that the hold can be the transaction's last statement: it locks the account.
    hold_id         text COLLATE "C" REFERENCES ledger_entries DEFERRABLE INITIALLY DEFERRED,
    error           jsonb,
    attempts        smallint NOT NULL DEFAULT 0,
    -- A run's right to write: every write of a run says AND lease = its own.
    lease           uuid,
    lease_until     timestamptz,
    run_after       timestamptz NOT NULL DEFAULT now(),
    cancel_requested_at timestamptz,
    cancel_at       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    completed_at    timestamptz,
    deleted_at      timestamptz,
    timings         json NOT NULL DEFAULT '{}',
    CHECK ((status = 'processing') = (lease IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX generations_page ON generations (organization_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX generations_status ON generations (organization_id, status, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX generations_flow ON generations (organization_id, flow_id, id DESC)
    WHERE flow_id IS NOT NULL AND deleted_at IS NULL;
-- For the foreign key: deleting a flow looks for its generations, the deleted ones too.
CREATE INDEX generations_of_flow ON generations (flow_id) WHERE flow_id IS NOT NULL;
CREATE INDEX generations_open ON generations (status, lease_until)
    WHERE status IN ('queued', 'processing');
CREATE INDEX generations_waiting ON generations (run_after) WHERE status = 'queued';
CREATE INDEX generations_cancel_at ON generations (cancel_at)
    WHERE cancel_at IS NOT NULL AND status IN ('queued', 'processing');

CREATE TABLE images (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'img_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    project_id      text COLLATE "C" REFERENCES projects,
    flow_id         text COLLATE "C" REFERENCES flows ON DELETE SET NULL,
    generation_id   text COLLATE "C" REFERENCES generations,
    variant         smallint NOT NULL DEFAULT 0,
    parent_id       text COLLATE "C" REFERENCES images,
    source          text NOT NULL CHECK (source IN ('generated', 'uploaded')),
    livemode        boolean NOT NULL,
    version         integer NOT NULL DEFAULT 1,
    subversion      integer NOT NULL DEFAULT 0,
    object_key      text COLLATE "C" NOT NULL,
    original_key    text COLLATE "C",
    format          text NOT NULL CHECK (format IN ('jpeg', 'png', 'webp', 'avif')),
    has_alpha       boolean NOT NULL,
    width           integer NOT NULL CHECK (width > 0),
    height          integer NOT NULL CHECK (height > 0),
    bytes           bigint NOT NULL CHECK (bytes > 0),
    sha256          text COLLATE "C" NOT NULL,
    thumbhash       text NOT NULL,
    prompt          text,
    focal_x         real CHECK (focal_x BETWEEN 0 AND 1),
    focal_y         real CHECK (focal_y BETWEEN 0 AND 1),
    meta            jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    CHECK ((focal_x IS NULL) = (focal_y IS NULL))
);
CREATE INDEX images_page ON images (organization_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX images_flow ON images (organization_id, flow_id, id DESC)
    WHERE flow_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX images_of_flow ON images (flow_id) WHERE flow_id IS NOT NULL;
CREATE UNIQUE INDEX images_of_generation ON images (generation_id, variant)
    WHERE generation_id IS NOT NULL;
CREATE INDEX images_object ON images (object_key);
CREATE INDEX images_original ON images (original_key) WHERE original_key IS NOT NULL;

-- An alias names one image per scope: '' is the organization's default project.
CREATE TABLE image_aliases (
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    scope_id        text COLLATE "C" NOT NULL CHECK (scope_id = '' OR scope_id ^@ 'prj_' OR scope_id ^@ 'flw_'),
    alias           text COLLATE "C" NOT NULL CHECK (alias ~ '^@[a-z0-9][a-z0-9_-]{0,62}$'
                        AND alias NOT IN ('@last', '@first', '@upload')),
    image_id        text COLLATE "C" NOT NULL REFERENCES images,
    assigned_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, scope_id, alias)
);
-- In a project an image has one name; in a flow it may have several.
CREATE UNIQUE INDEX image_aliases_one_per_project ON image_aliases
    (organization_id, scope_id, image_id) WHERE NOT scope_id ^@ 'flw_';
CREATE INDEX image_aliases_image ON image_aliases (image_id);

-- The prompt cache: one generation per organization and normalized request.
CREATE TABLE live_entries (
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    digest          bytea NOT NULL CHECK (length(digest) = 32),
    generation_id   text COLLATE "C" NOT NULL REFERENCES generations,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, digest)
);
CREATE INDEX live_entries_generation ON live_entries (generation_id);

-- What one worker of all does now and then, and when one last began it.
CREATE TABLE chores (
    name     text COLLATE "C" PRIMARY KEY,
    begun_at timestamptz NOT NULL DEFAULT now()
);
