-- What the agent learns from: the newest pictures of each scene type.
CREATE INDEX agent_judgements_newest ON agent_judgements
    (organization_id, coalesce(scene_type, ''), picture_id DESC);
DROP INDEX agent_judgements_scene;
