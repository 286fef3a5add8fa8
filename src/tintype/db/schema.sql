-- The whole schema, for reading. Made by the files in migrations/, in order; held by a test.

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
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- Its own terms, where they differ from its plan's.
    concurrency   integer CHECK (concurrency > 0),
    queue_weight  integer CHECK (queue_weight BETWEEN 1 AND 12),
    -- That of who runs this server: it grants credits to others.
    operator      boolean NOT NULL DEFAULT false,
    -- Its own words on its plan's features: '+bulk' adds one, '-video' takes one.
    features      text[] NOT NULL DEFAULT '{}'
);

CREATE TABLE users (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'usr_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    email           text NOT NULL CHECK (email = lower(email)),
    -- Null for a user of another issuer, who has no password here.
    password_hash   text,
    role            text NOT NULL CHECK (role IN ('administrator', 'member')),
    created_at      timestamptz NOT NULL DEFAULT now(),
    external_issuer text COLLATE "C",
    external_subject text COLLATE "C",
    -- The row stays for what the user made.
    deleted_at      timestamptz,
    CHECK ((external_issuer IS NULL) = (external_subject IS NULL))
);
CREATE INDEX users_organization ON users (organization_id);
CREATE UNIQUE INDEX users_email ON users (email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_external ON users (external_issuer, external_subject)
    WHERE external_issuer IS NOT NULL AND deleted_at IS NULL;
-- Who was shown out is not let in again by another issuer's word.
CREATE INDEX users_deleted ON users (email) WHERE deleted_at IS NOT NULL;
CREATE INDEX users_deleted_external ON users (external_issuer, external_subject)
    WHERE external_issuer IS NOT NULL AND deleted_at IS NOT NULL;

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

CREATE TABLE projects (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'prj_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    name            text NOT NULL,
    meta            jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    -- What work in it takes by default.
    output          text NOT NULL DEFAULT 'picture' CHECK (output IN ('picture', 'video')),
    picture_aspect_ratio text,
    picture_resolution text,
    consistency_image_id text COLLATE "C",   -- of an image: see below, behind images
    branding        jsonb,
    -- Where its page is, once it was published; there is something there while `published_at` is set.
    slug            text COLLATE "C" UNIQUE,
    published_at    timestamptz,
    publication_id  text COLLATE "C",   -- of a publication: see below, behind publications
    CONSTRAINT projects_published_somewhere CHECK (published_at IS NULL OR slug IS NOT NULL),
    CONSTRAINT projects_published CHECK ((publication_id IS NULL) = (published_at IS NULL))
);
CREATE INDEX projects_page ON projects (organization_id, id DESC) WHERE deleted_at IS NULL;

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
ALTER TABLE projects ADD FOREIGN KEY (publication_id) REFERENCES publications;

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
    created_at      timestamptz NOT NULL DEFAULT now(),
    -- What it may spend in a UTC day and month, open holds counted.
    cap_day         bigint CHECK (cap_day >= 0),
    cap_month       bigint CHECK (cap_month >= 0)
);
CREATE INDEX api_keys_organization ON api_keys (organization_id, id DESC);

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

-- What an organization has: derived from the ledger, moved only together with a ledger entry.
CREATE TABLE credit_accounts (
    organization_id text COLLATE "C" PRIMARY KEY REFERENCES organizations,
    balance         bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
    reserved        bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    -- Below so many available credits it is low: a tenth of the balance after the last grant.
    low_at          bigint NOT NULL DEFAULT 0 CHECK (low_at >= 0),
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
    batch_id        text COLLATE "C",   -- of which the work is, that a hold and its end are for
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
CREATE INDEX ledger_batch ON ledger_entries (organization_id, batch_id, position DESC)
    WHERE batch_id IS NOT NULL;

CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger entries are never changed; write an adjustment';
END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();

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
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The address that one request asked its work's end to be told to.
    webhook_url     text
);
CREATE INDEX events_log ON events (xid, position);
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

CREATE TABLE generations (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'gen_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    project_id      text COLLATE "C" REFERENCES projects,
    flow_id         text COLLATE "C" REFERENCES flows ON DELETE SET NULL,
    persona_id      text COLLATE "C",
    batch_id        text COLLATE "C" REFERENCES batches,
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
    -- Work that finishes a given picture has no ratio and resolution, and learns its size from it.
    aspect_ratio    text,
    resolution      text,
    width           integer,
    height          integer,
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
    strength        real CHECK (strength BETWEEN 0 AND 1),
    preset          text,
    -- A start tag of start-time fair queueing: who has the lowest goes first.
    turn            bigint NOT NULL DEFAULT 0,
    parked          boolean NOT NULL DEFAULT false,   -- waits for a place of its organization
    duration_seconds real CHECK (duration_seconds > 0),
    persona_words   text,
    faults          jsonb NOT NULL DEFAULT '[]',   -- variants that failed where others were made
    batch_index     integer,   -- its place in its batch, and what the client calls it there
    custom_id       text,
    -- How work is done, where words and a size don't say it: an enhancement's actions and steps, a
    -- reel's storyboard.
    recipe          jsonb,
    CHECK ((status = 'processing') = (lease IS NOT NULL)),
    CHECK ((strength IS NULL) = (mode IS NULL)),
    CONSTRAINT generations_parked_waits CHECK (NOT parked OR status = 'queued'),
    CONSTRAINT generations_batch_item CHECK ((batch_id IS NULL) = (batch_index IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX generations_page ON generations (organization_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX generations_status ON generations (organization_id, status, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX generations_flow ON generations (organization_id, flow_id, id DESC)
    WHERE flow_id IS NOT NULL AND deleted_at IS NULL;
-- For the foreign key: deleting a flow looks for its generations, the deleted ones too.
CREATE INDEX generations_of_flow ON generations (flow_id) WHERE flow_id IS NOT NULL;
CREATE INDEX generations_open ON generations (status, lease_until)
    WHERE status IN ('queued', 'processing');
CREATE INDEX generations_waiting ON generations (engine, run_after)
    WHERE status = 'queued' AND NOT parked;
CREATE INDEX generations_batch_begun ON generations (batch_id, started_at)
    WHERE batch_id IS NOT NULL AND started_at IS NOT NULL AND status IN ('queued', 'processing');
CREATE INDEX generations_cancel_at ON generations (cancel_at)
    WHERE cancel_at IS NOT NULL AND status IN ('queued', 'processing');
CREATE INDEX generations_head ON generations (engine, turn) WHERE status = 'queued' AND NOT parked;
CREATE INDEX generations_turn ON generations
    (organization_id, engine, ((batch_id IS NULL)::integer), turn DESC) WHERE status = 'queued';
CREATE INDEX generations_rung ON generations (organization_id) WHERE status = 'queued' AND NOT parked;
CREATE INDEX generations_parked ON generations (organization_id, turn, id) WHERE parked;
CREATE INDEX generations_batch ON generations (organization_id, batch_id, id DESC)
    WHERE batch_id IS NOT NULL;

-- A picture is an image of a project. Its row may come before its bytes: while a URL is fetched or
-- an enhancement is at work. Whoever makes a picture from another keeps the line's first, its root.
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
    version         integer NOT NULL DEFAULT 0,
    subversion      integer NOT NULL DEFAULT 0,
    object_key      text COLLATE "C",
    original_key    text COLLATE "C",
    format          text CHECK (format IN ('jpeg', 'png', 'webp', 'avif')),
    has_alpha       boolean,
    width           integer CHECK (width > 0),
    height          integer CHECK (height > 0),
    bytes           bigint CHECK (bytes > 0),
    sha256          text COLLATE "C",
    thumbhash       text,
    prompt          text,
    focal_x         real CHECK (focal_x BETWEEN 0 AND 1),
    focal_y         real CHECK (focal_y BETWEEN 0 AND 1),
    meta            jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    status          text NOT NULL DEFAULT 'completed',
    -- Null for the first of a line; `version` counts what was made of it, 0 is itself.
    root_id         text COLLATE "C" REFERENCES images,
    scene_type      text COLLATE "C",
    scene_location  text COLLATE "C",
    approval        text NOT NULL DEFAULT 'pending',
    feedback        text,
    judged_at       timestamptz,
    judged_by       text COLLATE "C",   -- the key or the user
    selected_id     text COLLATE "C" REFERENCES images,   -- of a line, the published one
    source_instruction json,   -- json, not jsonb: shown as it was given
    error           jsonb,
    webhook_url     text,
    alias_wanted    text COLLATE "C",   -- its name from when its bytes are there
    -- What a worker is to fetch, and its right to write, as a generation's.
    source_url      text,
    lease           uuid,
    lease_until     timestamptz,
    attempts        smallint NOT NULL DEFAULT 0,
    CHECK ((focal_x IS NULL) = (focal_y IS NULL)),
    CONSTRAINT images_states CHECK (status IN ('processing', 'completed', 'failed', 'canceled')),
    CONSTRAINT images_approvals CHECK (approval IN ('pending', 'approved', 'rejected')),
    -- Bytes before rows: a picture is completed when its bytes are stored, and not before.
    CONSTRAINT images_whole CHECK (num_nonnulls(object_key, format, has_alpha, width, height,
        bytes, sha256, thumbhash) = CASE status WHEN 'completed' THEN 8 ELSE 0 END),
    CONSTRAINT images_error CHECK ((status = 'failed') = (error IS NOT NULL)),
    CONSTRAINT images_line CHECK ((root_id IS NULL) = (version = 0)),
    CONSTRAINT images_selected CHECK (selected_id IS NULL OR root_id IS NULL),
    CONSTRAINT images_judged CHECK ((approval = 'pending') = (judged_at IS NULL)
        AND (approval = 'pending' OR status = 'completed')),
    CONSTRAINT images_fetched CHECK (lease IS NULL OR status = 'processing')
);
CREATE INDEX images_page ON images (organization_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX images_flow ON images (organization_id, flow_id, id DESC)
    WHERE flow_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX images_of_flow ON images (flow_id) WHERE flow_id IS NOT NULL;
CREATE UNIQUE INDEX images_of_generation ON images (generation_id, variant)
    WHERE generation_id IS NOT NULL;
CREATE INDEX images_object ON images (object_key);
CREATE INDEX images_original ON images (original_key) WHERE original_key IS NOT NULL;
CREATE INDEX images_project ON images (organization_id, project_id, id DESC)
    WHERE project_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX images_of_root ON images (root_id, id) WHERE root_id IS NOT NULL;
CREATE INDEX images_to_fetch ON images (lease_until NULLS FIRST)
    WHERE status = 'processing' AND source_url IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX images_of_parent ON images (parent_id) WHERE parent_id IS NOT NULL;
-- The published picture of each line of a project, also of those whose original is deleted.
CREATE INDEX images_selected ON images (organization_id, project_id) WHERE selected_id IS NOT NULL;

ALTER TABLE projects ADD FOREIGN KEY (consistency_image_id) REFERENCES images;

-- What an organization's agent may do. Without a row it is off.
CREATE TABLE agent_settings (
    organization_id text COLLATE "C" PRIMARY KEY REFERENCES organizations,
    mode            text NOT NULL CHECK (mode IN ('off', 'suggest', 'auto')),
    minimum_judgements smallint NOT NULL CHECK (minimum_judgements > 0),
    minimum_rate    double precision NOT NULL CHECK (minimum_rate BETWEEN 0 AND 1),
    variants        smallint NOT NULL CHECK (variants BETWEEN 1 AND 8),
    credits_cap_day bigint NOT NULL CHECK (credits_cap_day >= 0),
    -- Where it suggests and enhances; null for everywhere.
    scene_types     text[],
    project_ids     text[] COLLATE "C",
    updated_at      timestamptz NOT NULL DEFAULT now()
);

-- Verdicts as they stand now, one for a picture. All that the agent knows follows from these rows:
-- what is deleted here was never learned.
CREATE TABLE agent_judgements (
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    picture_id      text COLLATE "C" NOT NULL REFERENCES images,
    -- The work that made it, or the picture itself: variants are one choice between them.
    enhancement_id  text COLLATE "C" NOT NULL,
    project_id      text COLLATE "C" NOT NULL REFERENCES projects,
    scene_type      text COLLATE "C",
    scene_location  text COLLATE "C",
    actions         text[] COLLATE "C" NOT NULL,
    strengths       smallint[] NOT NULL,   -- of each action, 100 being the catalogue's
    profile         double precision[],    -- of its tones
    approved        boolean NOT NULL,
    judged_by       text COLLATE "C",      -- the key or the user
    judged_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, picture_id),
    CHECK (cardinality(actions) = cardinality(strengths))
);
-- What it learns from: the newest pictures of each scene type.
CREATE INDEX agent_judgements_newest ON agent_judgements
    (organization_id, coalesce(scene_type, ''), picture_id DESC);

-- A deleted picture teaches nothing any more, whoever deletes it.
CREATE FUNCTION forget_judgement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM agent_judgements
        WHERE organization_id = NEW.organization_id AND picture_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER images_forget_judgement AFTER UPDATE OF deleted_at ON images FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL AND NEW.approval <> 'pending')
    EXECUTE FUNCTION forget_judgement();

-- What the agent did by itself: once for a picture, and counted against the day's cap.
CREATE TABLE agent_works (
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    picture_id      text COLLATE "C" NOT NULL REFERENCES images,
    generation_id   text COLLATE "C" NOT NULL REFERENCES generations,
    credits         bigint NOT NULL CHECK (credits >= 0),
    day             date NOT NULL,
    PRIMARY KEY (organization_id, picture_id)
);
CREATE INDEX agent_works_day ON agent_works (organization_id, day);

-- Films that work made, each beside its poster.
CREATE TABLE videos (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'vid_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    project_id      text COLLATE "C" REFERENCES projects,
    generation_id   text COLLATE "C" NOT NULL UNIQUE REFERENCES generations,
    livemode        boolean NOT NULL,
    -- Null until the work is done. How far it is, and how it ended, says the generation.
    object_key      text COLLATE "C",
    poster_key      text COLLATE "C",
    format          text CHECK (format IN ('mp4')),
    width           integer CHECK (width > 0),
    height          integer CHECK (height > 0),
    duration_seconds double precision CHECK (duration_seconds > 0),
    fps             double precision CHECK (fps > 0),
    has_sound       boolean,
    bytes           bigint CHECK (bytes > 0),
    sha256          text COLLATE "C",
    meta            jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    -- The customer's file that is to be heard in it.
    sound_key       text COLLATE "C",
    -- Bytes before rows: all that is known of a film is known at once.
    CONSTRAINT videos_whole CHECK (num_nonnulls(object_key, poster_key, format, width, height,
        duration_seconds, fps, has_sound, bytes, sha256) IN (0, 10))
);
CREATE INDEX videos_object ON videos (object_key);
CREATE INDEX videos_poster ON videos (poster_key);
CREATE INDEX videos_sound ON videos (sound_key) WHERE sound_key IS NOT NULL;
CREATE INDEX videos_page ON videos (organization_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX videos_project ON videos (organization_id, project_id, id DESC)
    WHERE project_id IS NOT NULL AND deleted_at IS NULL;

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

-- Named people that work can show: what they look like, in words and in pictures.
CREATE TABLE personas (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'per_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    project_id      text COLLATE "C" REFERENCES projects,
    name            text NOT NULL,
    description     text NOT NULL,
    attributes      json NOT NULL,   -- json, not jsonb: the client's order is the order of the words
    reference_images jsonb NOT NULL, -- as a generation's sources: image ids, aliases, URLs
    livemode        boolean NOT NULL,
    meta            jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz
);
CREATE INDEX personas_page ON personas (organization_id, id DESC) WHERE deleted_at IS NULL;

-- Weights that customers trained, for base models of the catalogue. `lease` is held by the run that
-- fetches `source_url`; a row is ready when its bytes are stored and were found to be what they say.
CREATE TABLE custom_models (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'mdl_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    name            text NOT NULL,
    description     text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('lora', 'checkpoint')),
    base_model      text COLLATE "C" NOT NULL,
    engine          text NOT NULL,
    trigger_words   text[] NOT NULL,
    scale           double precision NOT NULL,
    status          text NOT NULL CHECK (status IN ('pending', 'ready', 'failed')),
    error           jsonb,
    source_url      text,
    object_key      text COLLATE "C" UNIQUE,
    bytes           bigint CHECK (bytes > 0),
    sha256          text CHECK (length(sha256) = 64),
    tensors         integer CHECK (tensors > 0),
    file_metadata   json NOT NULL DEFAULT '{}',
    livemode        boolean NOT NULL,
    meta            jsonb NOT NULL DEFAULT '{}',
    lease           uuid,
    lease_until     timestamptz,
    attempts        integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    CHECK ((status = 'ready') = (object_key IS NOT NULL AND bytes IS NOT NULL
        AND sha256 IS NOT NULL AND tensors IS NOT NULL)),
    CHECK (status <> 'pending' OR source_url IS NOT NULL)
);
CREATE INDEX custom_models_page ON custom_models (organization_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX custom_models_pending ON custom_models (lease_until NULLS FIRST)
    WHERE status = 'pending' AND deleted_at IS NULL;

-- The prompt cache: one generation per organization and normalized request.
CREATE TABLE live_entries (
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    digest          bytea NOT NULL CHECK (length(digest) = 32),
    generation_id   text COLLATE "C" NOT NULL REFERENCES generations,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, digest)
);
CREATE INDEX live_entries_generation ON live_entries (generation_id);

CREATE TABLE webhook_endpoints (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'whe_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    url             text NOT NULL,
    events          text[] NOT NULL CHECK (cardinality(events) > 0),   -- '*' for every type
    description     text,
    secret          bytea NOT NULL,   -- sealed, as all secrets here
    previous_secret bytea,
    previous_until  timestamptz,
    disabled_at     timestamptz,
    disabled_reason text CHECK (disabled_reason IN ('request', 'gone', 'failing')),
    failing_since   timestamptz,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);
CREATE INDEX webhook_endpoints_page ON webhook_endpoints (organization_id, id DESC);

-- An organization's own secret signs what goes to addresses that single requests named.
CREATE TABLE webhook_secrets (
    organization_id text COLLATE "C" PRIMARY KEY REFERENCES organizations,
    secret          bytea NOT NULL,
    previous_secret bytea,
    previous_until  timestamptz,
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);

-- One event on its way to one place. `lane` is what is worked through in turn: an endpoint's id, or
-- an organization's id and an origin. A claim puts `next_attempt_at` off to the end of its lease.
-- No key to endpoints: what was sent is told after the endpoint has gone.
CREATE TABLE webhook_deliveries (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'dlv_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    event_id        text COLLATE "C" NOT NULL REFERENCES events,
    type            text NOT NULL,
    endpoint_id     text COLLATE "C",
    url             text NOT NULL,
    lane            text COLLATE "C" NOT NULL,
    status          text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts        integer NOT NULL DEFAULT 0,
    tries           integer NOT NULL DEFAULT 0,   -- of the present series; redelivery begins anew
    claim           uuid,
    next_attempt_at timestamptz DEFAULT now(),
    last_status     smallint,
    last_error      text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    ended_at        timestamptz,
    CHECK ((status = 'pending') = (ended_at IS NULL)),
    CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CHECK (status = 'pending' OR claim IS NULL)
);
CREATE UNIQUE INDEX webhook_deliveries_once ON webhook_deliveries (event_id, lane);
CREATE INDEX webhook_deliveries_page ON webhook_deliveries (organization_id, id DESC);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (lane, next_attempt_at)
    WHERE status = 'pending';
CREATE INDEX webhook_deliveries_retried ON webhook_deliveries (lane)
    WHERE status = 'pending' AND tries > 0;
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at);

CREATE TABLE webhook_attempts (
    delivery_id  text COLLATE "C" NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
    number       integer NOT NULL,
    started_at   timestamptz NOT NULL,
    milliseconds integer NOT NULL,
    status       smallint,
    error        text,
    answer       text NOT NULL,   -- its first 2 kB
    PRIMARY KEY (delivery_id, number)
);

-- How far the log has been read: one row, held by whoever reads on.
CREATE TABLE webhook_cursor (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    xid      xid8 NOT NULL,
    position bigint NOT NULL
);

-- What one worker of all does now and then, and when one last began it.
CREATE TABLE chores (
    name     text COLLATE "C" PRIMARY KEY,
    begun_at timestamptz NOT NULL DEFAULT now()
);

-- Which secret the stored ones are sealed with: a server with another one must not start.
CREATE TABLE vault_mark (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    mark   text NOT NULL
);

CREATE TYPE pgqueuer_status AS ENUM ('queued', 'picked', 'successful', 'exception', 'canceled', 'deleted', 'failed');

CREATE TABLE pgqueuer (
    id bigserial NOT NULL PRIMARY KEY,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    execute_after timestamp with time zone NOT NULL DEFAULT now(),
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer NOT NULL DEFAULT 0,
    slot bigint
);

CREATE TABLE pgqueuer_log (
    id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT now(),
    job_id bigint NOT NULL,
    status pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);

CREATE TABLE pgqueuer_schedules (
    id bigserial NOT NULL PRIMARY KEY,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    next_run timestamp with time zone NOT NULL DEFAULT now(),
    last_run timestamp with time zone,
    status pgqueuer_status DEFAULT 'queued'::pgqueuer_status,
    UNIQUE (expression, entrypoint)
);

CREATE TABLE pgqueuer_statistics (
    id bigserial NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT date_trunc('sec'::text, now()),
    count bigint NOT NULL,
    priority integer NOT NULL,
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);

CREATE INDEX pgqueuer_ep_ea_idx ON pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_ep_prio_id_idx ON pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_log_created ON pgqueuer_log USING btree (created);

CREATE INDEX pgqueuer_log_job_id_status ON pgqueuer_log USING btree (job_id, created DESC);

CREATE INDEX pgqueuer_log_not_aggregated ON pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);

CREATE INDEX pgqueuer_log_status ON pgqueuer_log USING btree (status);

CREATE INDEX pgqueuer_picked_heartbeat_idx ON pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::pgqueuer_status);

CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::pgqueuer_status) AND (slot IS NOT NULL));

CREATE INDEX pgqueuer_priority_id_id1_idx ON pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::pgqueuer_status);

CREATE INDEX pgqueuer_queue_manager_id_idx ON pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);

CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);

CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::pgqueuer_status, 'picked'::pgqueuer_status])) AND (dedupe_key IS NOT NULL));

CREATE INDEX pgqueuer_updated_id_id1_idx ON pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::pgqueuer_status);

CREATE FUNCTION fn_pgqueuer_changed() RETURNS TRIGGER AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER tg_pgqueuer_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pgqueuer
EXECUTE FUNCTION fn_pgqueuer_changed();
