-- Opaque reasoning in clients' histories that another than the model they asked for made.
CREATE TABLE minted (
    id TEXT PRIMARY KEY NOT NULL,             -- digest of it; nothing of it can be read
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC, when it was made
    session TEXT,                             -- in which conversation
    provider TEXT,                            -- who made it and takes it back; '' is nobody
    model TEXT
);
CREATE INDEX minted_at ON minted (at);
