-- Films that work made, each beside its poster.
CREATE TABLE videos (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ^@ 'vid_'),
    organization_id text COLLATE "C" NOT NULL REFERENCES organizations,
    project_id      text COLLATE "C" REFERENCES projects,
    generation_id   text COLLATE "C" NOT NULL UNIQUE REFERENCES generations,
    livemode        boolean NOT NULL,
    object_key      text COLLATE "C" NOT NULL,
    poster_key      text COLLATE "C" NOT NULL,
    format          text NOT NULL CHECK (format IN ('mp4')),
    width           integer NOT NULL CHECK (width > 0),
    height          integer NOT NULL CHECK (height > 0),
    duration_seconds double precision NOT NULL CHECK (duration_seconds > 0),
    fps             double precision NOT NULL CHECK (fps > 0),
    has_sound       boolean NOT NULL,
    bytes           bigint NOT NULL CHECK (bytes > 0),
    sha256          text COLLATE "C" NOT NULL,
    meta            jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz
);
CREATE INDEX videos_object ON videos (object_key);
CREATE INDEX videos_poster ON videos (poster_key);
