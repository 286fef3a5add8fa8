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
CREATE INDEX agent_judgements_scene ON agent_judgements
    (organization_id, scene_type, scene_location, picture_id DESC);

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
