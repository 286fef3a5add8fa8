-- Work that finishes a given picture has no ratio and resolution, and learns its size from it.
ALTER TABLE generations
    ADD COLUMN strength real CHECK (strength BETWEEN 0 AND 1),
    ADD COLUMN preset text,
    ALTER COLUMN aspect_ratio DROP NOT NULL,
    ALTER COLUMN resolution DROP NOT NULL,
    ALTER COLUMN width DROP NOT NULL,
    ALTER COLUMN height DROP NOT NULL;
ALTER TABLE generations ADD CHECK ((strength IS NULL) = (mode IS NULL));
