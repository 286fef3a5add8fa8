-- A reel has a video from the request on: its row comes before its bytes. How far the work is, and
-- how it ended, says its generation.
ALTER TABLE videos
    ALTER COLUMN object_key DROP NOT NULL,
    ALTER COLUMN poster_key DROP NOT NULL,
    ALTER COLUMN format DROP NOT NULL,
    ALTER COLUMN width DROP NOT NULL,
    ALTER COLUMN height DROP NOT NULL,
    ALTER COLUMN duration_seconds DROP NOT NULL,
    ALTER COLUMN fps DROP NOT NULL,
    ALTER COLUMN has_sound DROP NOT NULL,
    ALTER COLUMN bytes DROP NOT NULL,
    ALTER COLUMN sha256 DROP NOT NULL,
    -- The customer's file that is to be heard in it.
    ADD COLUMN sound_key text COLLATE "C",
    -- Bytes before rows: all that is known of a film is known at once.
    ADD CONSTRAINT videos_whole CHECK (num_nonnulls(object_key, poster_key, format, width, height,
        duration_seconds, fps, has_sound, bytes, sha256) IN (0, 10));
CREATE INDEX videos_sound ON videos (sound_key) WHERE sound_key IS NOT NULL;
CREATE INDEX videos_page ON videos (organization_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX videos_project ON videos (organization_id, project_id, id DESC)
    WHERE project_id IS NOT NULL AND deleted_at IS NULL;
