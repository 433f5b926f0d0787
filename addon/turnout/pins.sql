-- Which model a conversation is on. One row a conversation, its agent and the model it asks for.
CREATE TABLE pins (
    id TEXT PRIMARY KEY NOT NULL,             -- session|agent|asked
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC, when it was last used
    session TEXT,                             -- '*' is every session: pinned by hand
    agent TEXT,                               -- '' is the main one
    asked TEXT,                               -- the model its client asks for
    provider TEXT,                            -- where it is pinned
    model TEXT,
    forced INTEGER,                           -- 1: a person pinned it; it never expires
    steps INTEGER,                            -- actions planned on it
    state TEXT                                -- JSON: all that is known, caches in tokens and seconds
);
CREATE INDEX pins_at ON pins (at);
