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
