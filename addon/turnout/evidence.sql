-- What sessions showed of the models they were on, what people said, and what was un-routed for it.

-- One row for each part of a session on one model: until people asked for the next thing, until it
-- was escalated, or until nothing more came.
CREATE TABLE evidence (
    id TEXT PRIMARY KEY NOT NULL,             -- sorts by time
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC, when it was settled
    decision TEXT,                            -- the latest action of it
    session TEXT,
    bundle TEXT,                              -- version of the routing artifact
    cluster INTEGER,                          -- task class, by its number in the bundle
    provider TEXT,
    model TEXT,
    quality REAL,                             -- predicted, 0 to 1
    troubled INTEGER,                         -- 1: it struggled
    score REAL,                               -- log-odds of failure that its signals added up to
    signals TEXT,                             -- JSON: {signal: log-odds}
    steps INTEGER                             -- actions
);
CREATE INDEX evidence_at ON evidence (at);

-- What people said of an action and the session it stands in.
CREATE TABLE feedback (
    id TEXT PRIMARY KEY NOT NULL,             -- sorts by time
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC
    decision TEXT,
    session TEXT,
    bundle TEXT,
    cluster INTEGER,
    model TEXT,
    quality REAL,                             -- predicted, 0 to 1
    good INTEGER                              -- 1 or 0
);
CREATE INDEX feedback_at ON feedback (at);

-- Models that did worse in a class than they promised. They are not chosen there until released.
CREATE TABLE alarms (
    id TEXT PRIMARY KEY NOT NULL,             -- bundle|cluster|model
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC, when it was raised
    bundle TEXT,
    cluster INTEGER,
    model TEXT,
    sessions REAL,                            -- sessions that count; old ones fade
    troubled REAL,                            -- of these
    promise REAL,                             -- share of trouble that was to be expected
    worse REAL,                               -- P(the share is above that and the slack)
    released_at REAL                          -- seconds since 1970-01-01 UTC, NULL while it stands
);
