-- Which secret the stored ones are sealed with: a server with another one must not start.
CREATE TABLE vault_mark (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    mark   text NOT NULL
);
