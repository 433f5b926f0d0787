-- What was asked and said, where store.bodies is "hashed" or "full". One row an action.
CREATE TABLE bodies (
    id TEXT PRIMARY KEY NOT NULL,             -- of the decision
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC, when the request came in
    form TEXT,                                -- hashed: SHA-256 in hex; full: as it was, cut at 1 MiB
    request TEXT,                             -- the client's body, decoded
    answer TEXT                               -- JSON: the parts of the answer
);
CREATE INDEX bodies_at ON bodies (at);
