-- Webhooks: where events are sent, what was sent, and what was answered.

-- The address that one request asked its work's end to be told to.
ALTER TABLE events ADD COLUMN webhook_url text;
CREATE INDEX events_log ON events (xid, position);

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
INSERT INTO webhook_cursor (xid, position)
    SELECT pg_snapshot_xmin(pg_current_snapshot()), 0;
